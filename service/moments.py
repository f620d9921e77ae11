"""Moments as they are written everywhere: `2021-02-05T15:18:13.000Z`, whose text order is time order."""

import time
from functools import lru_cache


def moment_of(milliseconds: int) -> str:
    """The moment so many milliseconds after the beginning of 1970."""
    seconds, rest = divmod(milliseconds, 1000)
    return f"{_second(seconds)}.{rest:03}Z"


@lru_cache(64)  # the same second is asked for again and again
def _second(seconds: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds))
