"""Shared Signals that are fetched (RFC 8936): a transmitter that does not push is asked once in a while."""

import asyncio
import logging
from typing import Final, NoReturn

from providers.contract import ProviderError, Untrusted
from service.api.house import Door, House
from service.api.signals import take
from service.database import Unavailable
from service.users.model import Caller

EVERY: Final = 30.0  # seconds between two questions
_ROUNDS: Final = 100  # questions in a row; what is left waits for the next time
_log = logging.getLogger(__name__)


async def keep_polling(house: House, every: float = EVERY) -> NoReturn:
    """Ask each transmitter that is to be asked, again and again, until cancelled; replicas may all do it."""
    doors = [
        door for door in house.doors.values() if door.transmitter and door.transmitter.settings.ssf_poll_url
    ]
    while True:
        for door in doors:
            try:
                await fetch(house, door)
            except (ProviderError, Unavailable) as problem:
                cause = problem.cause if isinstance(problem, ProviderError) else "the database is away"
                _log.warning("events wait", extra={"provider": door.provider.name, "cause": cause})
            except Exception:  # the others', and its next ones, may be as they should
                _log.exception("events cannot be fetched", extra={"provider": door.provider.name})
        await asyncio.sleep(every)


async def fetch(house: House, door: Door) -> int:
    """Take what waits, and say so once it is done: what was not said comes again. Gives their number."""
    transmitter, number = door.transmitter, 0
    if transmitter is None:
        return 0
    done: list[str] = []
    refused: dict[str, dict[str, str]] = {}
    for _ in range(_ROUNDS):
        polled = await transmitter.poll(done, refused)
        if not polled.sets:
            break
        done, refused = [], {}
        for key, token in polled.sets.items():
            try:
                await take(house.database, Caller(door.policy.project), door, transmitter, token)
                done.append(key)
            except Untrusted as problem:
                refused[key] = {"err": problem.code or "invalid_request", "description": problem.cause}
        number += len(polled.sets)
    return number
