"""Passwords: the rules for choosing one, and argon2id on threads of its own."""

import asyncio
import os
import unicodedata
from base64 import b64encode
from collections.abc import Callable
from functools import cache
from typing import Final, TypeVar

from argon2 import PasswordHasher, extract_parameters
from argon2.exceptions import InvalidHashError, VerificationError

from service.users.checks import check
from service.users.problems import Invalid, TooMany
from service.users.threads import Patient

SHORTEST: Final = 8  # characters; RFC 9700 says nothing, ASVS 5.0 6.2.1 says 8
LONGEST: Final = 128  # characters, so that a sentence in any script fits (ASVS 5.0 6.2.9 asks for 64)
WAITING: Final = 64  # about one second of hashing for each core; more people than that are told to come again
IDLERS: Final = 16  # who may wait for a hash that is nobody's password here

_MEMORY: Final = 19_456  # KiB
_PASSES: Final = 2
# What a hash from elsewhere may cost: four times that of the documented server (m=64 MiB, t=3, p=4), in no
# more memory.
_MOST_LANES: Final = 4  # each is a thread
_MOST_MEMORY: Final = 65_536
_MOST_WORK: Final = 4 * 3 * _MOST_MEMORY

T = TypeVar("T")


def check_password(password: object, *, chosen: bool) -> str:
    """The password, if it may be one; `chosen` by the person who will use it, it may not be a common one.

    Raises Invalid: an administrator's choice has only its length to keep.
    """
    text = check("password", password)
    if not isinstance(text, str) or len(text) < SHORTEST:
        raise Invalid("password", "min_length", limit=SHORTEST)
    if chosen and text.casefold() in _common():
        raise Invalid("password", "common")
    return text


@cache
def _common() -> frozenset[str]:
    from zxcvbn.frequency_lists import FREQUENCY_LISTS  # 14 MB: only where somebody chooses a password

    return frozenset(word for word in FREQUENCY_LISTS["passwords"] if len(word) >= SHORTEST)


class Hasher:
    """argon2id with the parameters of OWASP's first choice (t=2, m=19 MiB, p=1): about 20 ms each.

    Hashing has its own threads, one core is left to everybody else, and what waits is bounded (TooMany).
    """

    def __init__(self, *, threads: int | None = None, waiting: int = WAITING) -> None:
        threads = threads or max(1, len(os.sched_getaffinity(0)) - 1)
        self._argon2 = PasswordHasher(time_cost=_PASSES, memory_cost=_MEMORY, parallelism=1)
        self._threads = Patient(threads, "argon2", waiting=waiting)
        self._idlers = 0
        self._turn = asyncio.Lock()
        self._dummy = _nobodys()

    async def hash(self, password: str) -> str:
        """The hash to keep. Raises TooMany."""
        return await self._run(self._argon2.hash, _bytes(password))

    async def verify(self, kept: str | None, password: str) -> bool:
        """Whether the password made this hash; None (nobody, or nobody with a password) costs the same."""
        good = await self._run(self._compare, kept or self._dummy, _bytes(password[: LONGEST + 1]))
        return good and kept is not None and len(password) <= LONGEST

    async def hash_idly(self, text: str) -> str:
        """The hash of a text that is nobody's password here. Raises TooMany."""
        return await self._run_idly(self._argon2.hash, text.encode())

    async def verify_idly(self, kept: str, text: str) -> bool:
        """Whether a text made a hash of argon2 that may come from elsewhere; of other hashes, and of those
        that cost more than an application would spend, no text did. Raises TooMany.
        """
        return _is_bearable(kept) and await self._run_idly(self._compare, kept, text.encode())

    def is_outdated(self, kept: str) -> bool:
        """Whether the hash was made with other parameters than today's."""
        return self._argon2.check_needs_rehash(kept)

    def close(self) -> None:
        """End the threads; what waits is dropped."""
        self._threads.close()

    def _compare(self, kept: str, password: bytes) -> bool:
        try:
            return self._argon2.verify(kept, password)
        except (VerificationError, InvalidHashError):
            return False

    async def _run(self, work: Callable[..., T], *values: object) -> T:
        return await asyncio.shield(self._threads.begin(work, *values))

    async def _run_idly(self, work: Callable[..., T], *values: object) -> T:
        """One piece of such work at a time, so that nobody's signing in waits for more than that."""
        if self._idlers >= IDLERS:
            raise TooMany(1)
        self._idlers += 1
        try:
            await self._turn.acquire()
            try:
                running = self._threads.begin(work, *values)
            except TooMany:
                self._turn.release()
                raise
            running.add_done_callback(lambda _: self._turn.release())
            return await asyncio.shield(running)
        finally:
            self._idlers -= 1


def _nobodys() -> str:
    """A hash that nobody's password made: to look whether one did costs what it always costs."""
    salt, made = (b64encode(os.urandom(size)).rstrip(b"=").decode() for size in (16, 32))
    return f"$argon2id$v=19$m={_MEMORY},t={_PASSES},p=1${salt}${made}"


def _is_bearable(kept: str) -> bool:
    try:
        cost = extract_parameters(kept)
    except InvalidHashError:
        return False
    within = cost.memory_cost <= _MOST_MEMORY and cost.parallelism <= _MOST_LANES
    return within and cost.memory_cost * cost.time_cost <= _MOST_WORK


def _bytes(password: str) -> bytes:
    # The same key strokes give different code points on different systems (RFC 8265 section 4.2).
    return unicodedata.normalize("NFC", password).encode("utf-8", "surrogatepass")
