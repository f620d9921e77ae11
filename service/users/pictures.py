"""Pictures: what somebody sent becomes a picture of ours, or is refused. One thread decodes, one at a time.

What is kept is what we encoded ourselves, so nothing that hid in the file (scripts, places, other formats)
comes out again. A file is bounded before it is decoded: bytes, pixels, and how often a JPEG goes over them.
"""

import asyncio
import warnings
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from typing import Any, Final, Literal, TypeVar

import msgspec
from PIL import Image, ImageOps, UnidentifiedImageError

from service.users.problems import BadPayload, Problem, TooLarge, TooMany, WrongMedia

MOST_BYTES: Final = 2 * 1024 * 1024  # of a picture as it is kept
MOST_PIXELS: Final = 25_000_000
MOST_SCANS: Final = 64  # of a progressive JPEG; each goes over all pixels once more, and is a few bytes long
LONGEST_SIDE: Final = 2048  # pixels, of a picture as it is kept
WAITING: Final = 8
SECONDS: Final = 20.0
WANTED: Final = "a picture: image/jpeg, image/png, image/gif or image/webp"
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
# What callers may say that a file is: the same, or nothing of it.
_SAID: Final = frozenset({"", "application/octet-stream"})
_MODES: Final[Mapping[str, tuple[str, ...]]] = {
    "JPEG": ("RGB", "L"),
    "PNG": ("RGB", "RGBA", "L", "LA", "P", "1"),
    "GIF": ("P", "L"),
    "WEBP": ("RGB", "RGBA"),
}
_OPTIONS: Final[Mapping[str, Mapping[str, Any]]] = {
    "JPEG": {"quality": 88, "optimize": True},
    "PNG": {"compress_level": 6},
    "GIF": {},
    "WEBP": {"quality": 88, "method": 4},
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
    this size.
    """

    width: int | None
    height: int | None
    fit: Fit = "cover"


class Pictures:
    """Decodes and encodes; one per process."""

    def __init__(self, *, waiting: int = WAITING, seconds: float = SECONDS) -> None:
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="pictures")
        self._free = 1 + waiting
        self._seconds = seconds

    async def take(self, given: bytes, said: str) -> Picture:
        """The picture in these bytes, of which somebody said that they are of the media type `said`.

        Raises WrongMedia (no picture, or not of that type), BadPayload (broken, or too much to decode),
        TooLarge (even as we encode it), TooMany.
        """
        return await self._run(taken, given, said)

    async def fit(self, kept: bytes, box: Box) -> bytes:
        """A kept picture in another size. Raises TooMany."""
        return await self._run(fitted, kept, box)

    def close(self) -> None:
        """End the thread; what waits is dropped."""
        self._thread.shutdown(wait=True, cancel_futures=True)

    async def _run(self, work: Callable[..., T], *values: object) -> T:
        if self._free <= 0:
            raise TooMany(1)
        self._free -= 1
        running = asyncio.get_running_loop().run_in_executor(self._thread, work, *values)
        running.add_done_callback(self._done)  # counted until the thread is done, whoever goes away
        try:
            return await asyncio.wait_for(asyncio.shield(running), self._seconds)
        except TimeoutError:
            raise BadPayload("The picture takes too long to be read") from None

    def _done(self, running: "asyncio.Future[Any]") -> None:
        self._free += 1
        if not running.cancelled():
            running.exception()  # of one that nobody waits for any more


def taken(given: bytes, said: str) -> Picture:
    """`Pictures.take`, on the thread."""
    try:
        with warnings.catch_warnings(action="ignore"):  # what Pillow thinks odd is decided on here
            return _taken(given, said)
    except UnidentifiedImageError:
        raise WrongMedia(said[:64], WANTED) from None
    except Problem:
        raise
    except Image.DecompressionBombError:
        raise _too_many_pixels() from None
    except Exception:  # Pillow raises whatever a broken file makes it stumble over
        raise BadPayload("The picture is broken") from None


def _taken(given: bytes, said: str) -> Picture:
    with Image.open(BytesIO(given), formats=tuple(TYPES)) as image:
        kind = str(image.format)
        if said not in (*_SAID, TYPES[kind]):
            raise WrongMedia(said[:64], f"what it is, {TYPES[kind]}")
        if image.width * image.height > MOST_PIXELS:
            raise _too_many_pixels()
        if kind == "JPEG" and given.count(b"\xff\xda") > MOST_SCANS:
            raise BadPayload("The picture takes too long to be read")
        image.draft(None, (LONGEST_SIDE, LONGEST_SIDE))
        shown = ImageOps.exif_transpose(image)
        shown.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
        return _encoded(shown, kind)


def _too_many_pixels() -> Problem:
    return BadPayload(f"A picture has at most {MOST_PIXELS} pixels")


def _encoded(image: Image.Image, kind: str) -> Picture:
    fitting = image if image.mode in _MODES[kind] else image.convert(_plain(image, kind))
    target = BytesIO()
    bare = fitting.copy()
    bare.info = {name: value for name, value in fitting.info.items() if name == "transparency"}
    bare.save(target, kind, **_OPTIONS[kind])
    if target.tell() > MOST_BYTES:
        raise TooLarge(MOST_BYTES)
    return Picture(target.getvalue(), TYPES[kind], bare.width, bare.height)


def _plain(image: Image.Image, kind: str) -> str:
    """The mode that keeps the most of it."""
    if kind == "GIF":
        return "P"
    return "RGBA" if kind != "JPEG" and image.has_transparency_data else "RGB"


def fitted(kept: bytes, box: Box) -> bytes:
    """`Pictures.fit`, on the thread."""
    with Image.open(BytesIO(kept), formats=tuple(TYPES)) as image:
        kind = str(image.format)
        # A palette has no colours between its own ones.
        whole = image.convert(_plain(image, "PNG")) if image.mode in ("P", "1") else image
        shown = _resized(whole, box)
        return _encoded(shown, kind).bytes


def _resized(image: Image.Image, box: Box) -> Image.Image:
    width, height = image.size
    wide = box.width or max(1, round((box.height or height) * width / height))
    high = box.height or max(1, round((box.width or width) * height / width))
    if box.fit == "cover":
        return ImageOps.fit(image, (wide, high))
    if box.fit == "contain":
        return ImageOps.pad(image, (wide, high))
    scales = wide / width, high / height
    scale = min(scales) if box.fit == "inside" else max(scales)
    scale = min(scale, LONGEST_SIDE / max(width, height))
    return image.resize((max(1, round(width * scale)), max(1, round(height * scale))))
