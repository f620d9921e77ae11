"""Arithmetic on moments, which are texts whose order is the order of time."""

from datetime import datetime, timedelta
from typing import Final

from service.database import moment

EPOCH: Final = "1970-01-01T00:00:00.000Z"


def span(begun: str, ended: str) -> float:
    """The seconds from one moment to another."""
    return (datetime.fromisoformat(ended) - datetime.fromisoformat(begun)).total_seconds()


def later(at: str, seconds: float) -> str:
    """The moment so many seconds after `at`; before it for a negative number."""
    return moment(datetime.fromisoformat(at) + timedelta(seconds=seconds))
