"""From where somebody may call, and how many times a second a connection may.

The rate is a bucket of tokens in each process, filled at `rate` a second up to one second's worth: with n
processes or replicas a provider gets n times as much. It keeps one provider from taking the service from the
others, and needs to be no more exact than that to do it without a write for every request.
"""

import time
from collections.abc import Callable
from math import ceil
from typing import Final

from service.users import networks
from service.users.problems import TooMany, WrongAddress

_MOST: Final = 10_000  # buckets


def check_address(allowed: tuple[str, ...], ip: str | None) -> None:
    """Raises WrongAddress for an address outside of the networks; none at all let everybody in."""
    if not networks.hold(allowed, ip):
        raise WrongAddress(ip or "an unknown address")


class Rates:
    """The buckets of this process, by connection."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._buckets: dict[str, tuple[float, float]] = {}  # what is left, and when that was so

    def take(self, connection: str, rate: int) -> None:
        """One request. Raises TooMany with the seconds until there is room for another."""
        at = self._clock()
        left, since = self._buckets.get(connection, (float(rate), at))
        left = min(float(rate), left + (at - since) * rate)
        if len(self._buckets) >= _MOST:
            self._buckets.clear()
        if left < 1:
            self._buckets[connection] = left, at
            raise TooMany(max(1, ceil((1 - left) / rate)), limit=rate)
        self._buckets[connection] = left - 1, at
