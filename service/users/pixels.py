"""What is done to the pixels of pictures, on the thread of `pictures`; nobody else imports Pillow."""

import warnings
from collections.abc import Mapping
from io import BytesIO
from typing import Any, Final

from PIL import Image, ImageOps, UnidentifiedImageError

from service.users.pictures import LONGEST_SIDE, TYPES, Box, Picture, Wanted
from service.users.problems import BadPayload, Problem, TooLarge, WrongMedia

WANTED: Final = "a picture: image/jpeg, image/png, image/gif or image/webp"
MOST_SCANS: Final = 64  # of a progressive JPEG; each goes over all pixels once more, and is a few bytes long
MOST_PIXELS: Final = 25_000_000
MOST_BYTES: Final = 2 * 1024 * 1024  # of a picture as it is kept
# What callers may say that a file is: the same, or nothing of it.
_SAID: Final = frozenset({"", "application/octet-stream"})
_KINDS: Final[Mapping[str, str]] = {media: kind for kind, media in TYPES.items()}
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
        upright = ImageOps.exif_transpose(image)
        upright.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
        picture = _encoded(upright, kind)
        if len(picture.bytes) > MOST_BYTES:
            raise TooLarge(MOST_BYTES)
        return picture


def _too_many_pixels() -> Problem:
    return BadPayload(f"A picture has at most {MOST_PIXELS} pixels")


def _encoded(image: Image.Image, kind: str, quality: int | None = None) -> Picture:
    fitting = image if image.mode in _MODES[kind] else image.convert(_plain(image, kind))
    target = BytesIO()
    bare = fitting.copy()
    bare.info = {name: value for name, value in fitting.info.items() if name == "transparency"}
    options = _OPTIONS[kind]
    bare.save(
        target, kind, **{**options, "quality": quality} if quality and "quality" in options else options
    )
    return Picture(target.getvalue(), TYPES[kind], bare.width, bare.height)


def _plain(image: Image.Image, kind: str) -> str:
    """The mode that keeps the most of it."""
    if kind == "GIF":
        return "P"
    return "RGBA" if kind != "JPEG" and image.has_transparency_data else "RGB"


def shown(kept: bytes, wanted: Wanted) -> bytes:
    """`Pictures.show`, on the thread."""
    with Image.open(BytesIO(kept), formats=tuple(TYPES)) as image:
        kind = _KINDS[wanted.type] if wanted.type else str(image.format)
        if wanted.box is None:
            return _encoded(image, kind, wanted.quality).bytes
        # A palette has no colours between its own ones.
        whole = image.convert(_plain(image, "PNG")) if image.mode in ("P", "1") else image
        return _encoded(_resized(whole, wanted.box), kind, wanted.quality).bytes


def _resized(image: Image.Image, box: Box) -> Image.Image:
    width, height = image.size
    if not box.enlarge and width <= (box.width or width) and height <= (box.height or height):
        return image
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
