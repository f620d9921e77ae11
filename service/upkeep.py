"""What is due by itself: sessions whose time is over are cleared away, once in an hour."""

import asyncio
import logging
from typing import Final, NoReturn

from service.database import Database, Unavailable
from service.users import sessions

HOUR: Final = 3600.0
_log = logging.getLogger(__name__)


async def keep_up(database: Database, every: float = HOUR) -> NoReturn:
    """Clear away what has expired, again and again, until cancelled; replicas may all do it."""
    while True:
        try:
            await database.write(sessions.prune)
        except Unavailable:
            _log.warning("expired sessions wait for the database")
        await asyncio.sleep(every)
