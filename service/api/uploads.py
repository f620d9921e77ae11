"""Files on their way in: `multipart/form-data` (RFC 7578), read piece by piece and bounded in everything."""

from collections.abc import Iterator
from typing import Final

import msgspec
from multipart import (
    MultipartError,
    MultipartSegment,
    ParserLimitReached,
    PushMultipartParser,
    parse_options_header,
)

from service.api.calls import FILES_BODY, KIB, Call
from service.users.problems import BadPayload, TooLarge, WrongMedia

MEDIA: Final = "multipart/form-data"
_MOST_PARTS: Final = 64
_MOST_TEXT: Final = 64 * KIB  # of a field beside the files


class Sent(msgspec.Struct, frozen=True):
    """One file as it came: what it is called and said to be, its bytes, and the fields before it."""

    name: str
    media: str
    data: bytes
    fields: dict[str, str]


def is_multipart(call: Call) -> bool:
    """Whether the body says of itself that it holds files."""
    return _media(call)[0] == MEDIA


async def read(call: Call) -> list[Sent]:
    """The files of a request. Raises WrongMedia, BadPayload, TooLarge before more than its limit is read."""
    media, options = _media(call)
    if media != MEDIA:
        raise WrongMedia(media[:64], MEDIA)
    reading = _Reading()
    try:
        boundary = options.get("boundary", "")
        parser = PushMultipartParser(boundary, max_segment_count=_MOST_PARTS, strict=True)
        async for chunk in call.chunks(FILES_BODY):
            if chunk:
                reading.take(parser.parse(chunk))
        parser.close()
    except ParserLimitReached:
        raise TooLarge(FILES_BODY) from None
    except (MultipartError, UnicodeDecodeError):
        raise BadPayload("The multipart body is malformed") from None
    return reading.sent()


def _media(call: Call) -> tuple[str, dict[str, str]]:
    media, options = parse_options_header(call.header(b"content-type") or "")
    return media, options


class _Reading:
    """Gathers the parts; a field belongs to the next file."""

    def __init__(self) -> None:
        self._sent: list[Sent] = []
        self._fields: dict[str, str] = {}
        self._part: MultipartSegment | None = None
        self._chunks: list[bytes] = []

    def take(self, events: Iterator[MultipartSegment | bytearray | bytes | None]) -> None:
        """What the parser found in a piece."""
        for event in events:
            if isinstance(event, MultipartSegment):
                self._part, self._chunks = event, []
            elif event is not None:
                self._chunks.append(bytes(event))
                self._check_text()
            elif self._part is not None:
                self._end(self._part)

    def _check_text(self) -> None:
        part = self._part
        if part is not None and part.filename is None and part.bytes_received > _MOST_TEXT:
            raise BadPayload(f'"{(part.name or "")[:64]}" is too long')

    def _end(self, part: MultipartSegment) -> None:
        name, data = part.name or "", b"".join(self._chunks)
        if part.filename is not None:
            media = (part.content_type or "").lower()
            self._sent.append(Sent(part.filename, media, data, self._fields))
            self._fields = {}
        elif name in self._fields:
            raise BadPayload(f'"{name[:64]}" came twice')
        else:
            self._fields[name] = data.decode()

    def sent(self) -> list[Sent]:
        """All files; BadPayload when there is none, or a field that belongs to none."""
        if not self._sent:
            raise BadPayload('A "file" is required')
        for name in self._fields:
            raise BadPayload(f'"{name[:64]}" has to come before its file')
        return self._sent
