"""A request within a request: one of the REST rooms is asked by another language, without a second way in."""

from typing import Any

from litestar.handlers.http_handlers import HTTPRouteHandler

from service.api.answers import Answer
from service.api.calls import JSON_BODY, Call
from service.api.query_string import Tree


class Within(Call):
    """Speaks for whoever sent the outer call, in the outer call's language; query and body are given."""

    __slots__ = ("_body", "_outer")

    def __init__(self, outer: Call, method: str, path: str, query: Tree, body: object) -> None:
        scope: Any = {**outer.scope, "method": method, "path": path}
        scope["state"] = {**outer.scope["state"], "call": self}
        super().__init__(
            outer.house, outer.generation, outer.project, scope, outer.receive,
            identity=outer.id, ip=outer.ip,
        )  # fmt: skip
        # The one parameter of the outer address that says who is asking.
        token = outer.query.get("access_token")
        self._query = query if token is None else {**query, "access_token": token}
        self._body = body
        self._outer = outer

    @property
    def query_text(self) -> None:
        """The query was never a text."""

    def count(self, conditions: int) -> None:
        """All that the outer call asks counts together."""
        self._outer.count(conditions)

    async def json(self, limit: int = JSON_BODY) -> object:
        """The body that was given; the outer call has bounded it."""
        return self._body


async def ask(
    outer: Call,
    handler: HTTPRouteHandler,
    path: str,
    *keys: str,
    query: Tree | None = None,
    body: object = None,
) -> Answer:
    """What a room answers. `keys` fill the path's parameters; raises what the room raises."""
    method = next(iter(handler.http_methods))
    call = Within(outer, method, path, query or {}, body)
    try:
        answer: Answer = await handler.fn(call.scope, *keys)
    finally:
        del call.scope["state"]["call"]  # a circle of scope and call, as at the gate
    return answer
