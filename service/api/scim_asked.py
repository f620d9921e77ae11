"""A SCIM request as it is kept until it is done: made of the call that brought it, and made a call again."""

from collections.abc import Sequence
from typing import Any, Final, NoReturn

import msgspec

from providers.scim import bulk
from providers.scim.bulk import Operation
from service.api.calls import Call
from service.api.generations import GENERATION_10
from service.api.house import House
from service.api.scim_requests import BASE, Request

_KEPT: Final = (b"if-match", b"if-none-match", b"user-agent", b"origin")


class Asked(msgspec.Struct, frozen=True):
    """A request as it is kept. `endpoint` is `/Users` and the like or `/Bulk`, `key` the id of what it is
    about, or is to make."""

    method: str
    endpoint: str
    key: str
    prefix: str
    query: str
    headers: list[tuple[str, str]]
    ip: str | None
    request_id: str
    body: str

    @property
    def path(self) -> str:
        """The address at which it came."""
        below = "" if self.method == "POST" else f"/{self.key}"
        return f"{self.prefix}{BASE}{self.endpoint}{below}"


def of_request(request: Request, endpoint: str, key: str) -> Asked:
    """What is kept of a request."""
    call = request.call
    return Asked(
        call.method,
        endpoint,
        key,
        call.prefix,
        call.scope["query_string"].decode("latin-1"),
        [
            (name.decode("latin-1"), value.decode("latin-1"))
            for name, value in call.scope["headers"]
            if name in _KEPT
        ],
        call.ip,
        call.id,
        call.body.decode(),
    )


def call_of(house: House, project: str, txn: str, asked: Asked) -> Call:
    """The call as it came, without whoever waited for its answer."""
    headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in asked.headers]
    scope: Any = {
        "type": "http",
        "method": asked.method,
        "path": asked.path,
        "query_string": asked.query.encode("latin-1"),
        "headers": headers,
    }
    call = Call(house, GENERATION_10, project, scope, _nothing, identity=asked.request_id, ip=asked.ip)
    call.prefix, call.body, call.txn = asked.prefix, asked.body.encode(), txn
    return call


async def _nothing() -> NoReturn:
    raise AssertionError("the body was read when the request was accepted")


def operations(asked: Asked) -> tuple[Sequence[Operation], int | None]:
    """The operations, and how many errors the client accepts."""
    body = msgspec.json.decode(asked.body) if asked.body.strip() else None
    if asked.endpoint == bulk.ENDPOINT:
        read = bulk.read(body)  # which was done when it was accepted
        return read.operations, read.accepted
    key = None if asked.method == "POST" else asked.key
    data = body if isinstance(body, dict) else None
    return [Operation(0, asked.method, asked.endpoint, key, data=data)], None
