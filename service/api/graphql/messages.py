"""The messages of graphql-transport-ws, the GraphQL over WebSocket protocol: read, bounded, and written."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Final

import msgspec
from msgspec import UNSET, Meta, UnsetType

PROTOCOL: Final = "graphql-transport-ws"
INVALID, UNAUTHORIZED, FORBIDDEN, UNACCEPTABLE = 4400, 4401, 4403, 4406
SLOW_START, TWICE, STARTED_TWICE, BROKEN = 4408, 4409, 4429, 4500
LATER: Final = 1013  # RFC 6455's registry: try again later
_Id = Annotated[str, Meta(min_length=1, max_length=128)]


class Closing(Exception):
    """The socket ends, with a code and at most 123 bytes of reason, which the client may be shown."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code, self.reason = code, reason


class Init(msgspec.Struct, tag="connection_init", frozen=True):
    """The first message: whose the socket is."""

    payload: dict[str, Any] | None = None


class Ping(msgspec.Struct, tag="ping", frozen=True):
    """Are you there?"""


class Pong(msgspec.Struct, tag="pong", frozen=True):
    """Yes."""


class Document(msgspec.Struct, frozen=True, rename="camel"):
    """What a client asks."""

    query: str
    operation_name: str | None = None
    variables: dict[str, Any] | None = None


class Subscribe(msgspec.Struct, tag="subscribe", frozen=True):
    """An operation begins, under a name of the client's choice."""

    id: _Id
    payload: Document


class Complete(msgspec.Struct, tag="complete", frozen=True):
    """The client wants no more of an operation."""

    id: _Id


Message = Init | Ping | Pong | Subscribe | Complete
_DECODER: Final = msgspec.json.Decoder(Message)


def read(text: object) -> Message:
    """A message of the client. Raises Closing."""
    try:
        message: Message = _DECODER.decode(text if isinstance(text, str) else b"")
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        raise Closing(INVALID, "Invalid message received") from None
    return message


class _Sent(msgspec.Struct, omit_defaults=True):
    type: str
    id: str | UnsetType = UNSET
    payload: object | UnsetType = UNSET


def _sent(type_: str, id_: str | UnsetType = UNSET, payload: object = UNSET) -> str:
    return msgspec.json.encode(_Sent(type_, id_, payload)).decode()


ACKNOWLEDGED: Final = _sent("connection_ack")
PONG: Final = _sent("pong")


def following(id_: str, result: Mapping[str, object]) -> str:
    """One result of an operation."""
    return _sent("next", id_, result)


def failed(id_: str, errors: Sequence[Mapping[str, object]]) -> str:
    """The operation is over, or never began."""
    return _sent("error", id_, errors)
