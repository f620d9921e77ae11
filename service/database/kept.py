"""What is made of questions is kept, by the question: many small things, and a few large ones.

Callers invent questions, and what a long one is made into takes megabytes: to keep a thousand of those would
let anybody who may ask fill the memory.
"""

from collections.abc import Callable, Hashable
from functools import lru_cache, wraps
from threading import Lock
from typing import Any, ParamSpec, Protocol, TypeVar, cast

P = ParamSpec("P")
T = TypeVar("T")
LARGE = 4096  # characters of a statement, which then takes a fourth of a megabyte at most
ROOM = 64  # large things have that of as many that are hardly so


class _Large(Exception):
    """Carries out what is not to be remembered with the small, as nothing is that is raised."""


class Remembering(Protocol):
    """Has a function remember; its arguments are hashable, and given by their places."""

    def __call__(self, make: Callable[P, T], /) -> Callable[P, T]: ...


def kept(most: int, weigh: Callable[[Any], int], large: int = LARGE) -> Remembering:
    """Have a function remember the last `most` things that weigh at most `large`, and ROOM for others."""

    def remembering(make: Callable[P, T]) -> Callable[P, T]:
        few: dict[Hashable, T] = {}
        lock = Lock()  # the writer of SQLite is a thread of its own

        def keep(key: Hashable, made: T) -> None:
            with lock:
                few[key] = made
                while sum(map(weigh, few.values())) > ROOM * large:
                    del few[next(iter(few))]

        @lru_cache(most)
        def small(*key: Hashable) -> T:
            made = cast(Callable[..., T], make)(*key)
            if weigh(made) <= large:
                return made
            keep(key, made)
            raise _Large(made)

        def known(*key: Hashable) -> T:
            if few and (found := few.get(key)) is not None:
                return found
            try:
                return small(*key)
            except _Large as one:
                return cast(T, one.args[0])

        return cast(Callable[P, T], wraps(make)(known))

    return remembering
