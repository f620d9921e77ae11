"""Pictures: what somebody sent becomes a picture of ours, or is refused. One thread decodes, one at a time.

What is kept is what we encoded ourselves, so nothing that hid in the file (scripts, places, other formats)
comes out again. A file is bounded before it is decoded: bytes, pixels, and how often a JPEG goes over them.
"""

import asyncio
from collections.abc import Callable, Mapping
from typing import Final, Literal, TypeVar

import msgspec

from service.users.problems import BadPayload
from service.users.threads import Patient

LONGEST_SIDE: Final = 2048  # pixels, of a picture as it is kept
WAITING: Final = 8
SECONDS: Final = 20.0
TYPES: Final[Mapping[str, str]] = {
    "JPEG": "image/jpeg",
    "PNG": "image/png",
    "GIF": "image/gif",
    "WEBP": "image/webp",
}
SUFFIXES: Final[Mapping[str, str]] = {
    "image/jpeg": "jpg",
    "image/png": "png",
    "image/gif": "gif",
    "image/webp": "webp",
}
Fit = Literal["cover", "contain", "inside", "outside"]
T = TypeVar("T")


class Picture(msgspec.Struct, frozen=True):
    """A picture as it is kept: `type` is one of TYPES, sizes are in pixels."""

    bytes: bytes
    type: str
    width: int
    height: int


class Box(msgspec.Struct, frozen=True):
    """The size that a picture is shown in, in pixels; a side that is None follows from the other.

    `cover` fills it and cuts off the rest, `contain` leaves a margin, `inside` is at most, `outside` at least
    this size. Without `enlarge` a picture that is smaller stays as it is.
    """

    width: int | None
    height: int | None
    fit: Fit = "cover"
    enlarge: bool = True


class Wanted(msgspec.Struct, frozen=True):
    """How a picture is shown: its size, the type of its file, and of 100 how much of it may be seen again.

    What is None is as it is kept.
    """

    box: Box | None = None
    type: str | None = None
    quality: int | None = None


class Pictures:
    """Decodes and encodes; one per process."""

    def __init__(self, *, waiting: int = WAITING, seconds: float = SECONDS) -> None:
        self._thread = Patient(1, "pictures", waiting=waiting)
        self._seconds = seconds

    async def take(self, given: bytes, said: str) -> Picture:
        """The picture in these bytes, of which somebody said that they are of the media type `said`.

        Raises WrongMedia (no picture, or not of that type), BadPayload (broken, or too much to decode),
        TooLarge (even as we encode it), TooMany.
        """
        return await self._run(_taken, given, said)

    async def show(self, kept: bytes, wanted: Wanted) -> bytes:
        """A kept picture as somebody wants it. Raises TooMany."""
        return await self._run(_shown, kept, wanted)

    def close(self) -> None:
        """End the thread; what waits is dropped."""
        self._thread.close()

    async def _run(self, work: Callable[..., T], *values: object) -> T:
        running = self._thread.begin(work, *values)
        try:
            return await asyncio.wait_for(asyncio.shield(running), self._seconds)
        except TimeoutError:
            raise BadPayload("The picture takes too long to be read") from None


# Pillow is imported on the thread, by the first picture that comes.


def _taken(given: bytes, said: str) -> Picture:
    from service.users import pixels

    return pixels.taken(given, said)


def _shown(kept: bytes, wanted: Wanted) -> bytes:
    from service.users import pixels

    return pixels.shown(kept, wanted)
