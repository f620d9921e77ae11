"""Arithmetic on moments, which are texts whose order is the order of time."""

from datetime import datetime, timedelta

from service.database import moment


def later(at: str, seconds: float) -> str:
    """The moment so many seconds after `at`; before it for a negative number."""
    return moment(datetime.fromisoformat(at) + timedelta(seconds=seconds))
