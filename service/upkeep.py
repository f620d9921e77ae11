"""What is due by itself: what is over is cleared away, once in an hour."""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from typing import Any, Final, NoReturn

from service.database import Database, Transaction, Unavailable
from service.users import (
    client_credentials,
    connection_tokens,
    correspondence,
    event_keys,
    event_tokens,
    feed,
    registrations,
    sessions,
    sync_log,
    throttle,
)

_HOUR: Final = 3600.0  # seconds
CLEARING: Final[tuple[Callable[[Transaction], Coroutine[Any, Any, object]], ...]] = (
    sessions.prune,
    throttle.prune,
    registrations.prune,
    correspondence.prune,
    connection_tokens.prune,
    client_credentials.prune,
    sync_log.prune,
    feed.prune,
    event_keys.prune,
    event_tokens.prune,
)
_log = logging.getLogger(__name__)


async def keep_up(database: Database) -> NoReturn:
    """Clear away what has expired, again and again, until cancelled; replicas may all do it."""
    while True:
        await clear(database)
        await asyncio.sleep(_HOUR)


async def clear(database: Database) -> None:
    """Clear away what has expired, each kind by itself: one that takes too long holds up no other."""
    for prune in CLEARING:
        try:
            await database.write(prune)
        except Unavailable:
            _log.warning("what has expired waits for the database", extra={"what": prune.__module__})
        except Exception:  # nobody foresaw it, and the other kinds need not stay
            _log.exception("what has expired cannot be cleared away", extra={"what": prune.__module__})
