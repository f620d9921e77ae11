"""What is due by itself: sessions and windows whose time is over are cleared away, once in an hour."""

import asyncio
import logging
from typing import Final, NoReturn

from service.database import Database, Unavailable
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

HOUR: Final = 3600.0
_log = logging.getLogger(__name__)


async def keep_up(database: Database, every: float = HOUR) -> NoReturn:
    """Clear away what has expired, again and again, until cancelled; replicas may all do it."""
    while True:
        try:
            await database.write(sessions.prune)
            await database.write(throttle.prune)
            await database.write(registrations.prune)
            await database.write(correspondence.prune)
            await database.write(connection_tokens.prune)
            await database.write(client_credentials.prune)
            await database.write(sync_log.prune)
            await database.write(feed.prune)
            await database.write(event_keys.prune)
            await database.write(event_tokens.prune)
        except Unavailable:
            _log.warning("what has expired waits for the database")
        await asyncio.sleep(every)
