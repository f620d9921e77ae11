"""The short way to a handler, for addresses that are fixed, or are so but for their last piece.

For each request Litestar makes an object, a stack of contexts and a model of the parameters. Our handlers
take the scope and at most one piece of the path: they need none of that, which is a fourth of the cost of a
small answer. Whatever is not found here goes through the router, to the same handlers and refusals.
"""

import re
from collections.abc import Awaitable, Callable, Mapping
from inspect import isclass
from typing import Any, Final

from litestar import Litestar
from litestar.enums import HttpMethod
from litestar.handlers import HTTPRouteHandler
from litestar.response.base import ASGIResponse
from litestar.routes import HTTPRoute
from litestar.types import Send

from service.api import answers
from service.api.calls import Call
from service.users.problems import RouteUnknown

_Handler = Callable[..., Awaitable[ASGIResponse]]
_LONGEST: Final = 2048  # characters of a path for the router, which remembers a thousand as they were written
_HOST: Final = re.compile(r"[A-Za-z0-9.:\[\]_-]*\Z")  # the router judges any other


class _Below:
    """Addresses that differ in their last piece only: handlers by method, and what that piece is called."""

    def __init__(self) -> None:
        self.handlers: dict[str, tuple[_Handler, str]] = {}
        self.fixed: set[str] = set()  # last pieces that have an address of their own, or begin one


class Dispatch:
    """The handlers of an application; one for all requests."""

    def __init__(self, app: Litestar) -> None:
        self._router = app
        self._fixed: dict[str, dict[str, _Handler]] = {}
        self._below: dict[str, _Below] = {}
        for route in app.routes:
            if isinstance(route, HTTPRoute):
                self._add(route)
        for path in [route.path for route in app.routes]:
            self._set_apart(path)

    def _add(self, route: HTTPRoute) -> None:
        *first, last = route.path_components or [""]
        if not all(isinstance(piece, str) for piece in first):
            return
        for method, (handler, _) in route.route_handler_map.items():
            if isinstance(last, str) and _is_plain(handler, set()):
                self._fixed.setdefault(route.path, {})[method] = handler.fn
            elif not isinstance(last, str) and last.type is str and _is_plain(handler, {last.name}):
                below = self._below.setdefault(f"/{'/'.join(map(str, first))}", _Below())
                below.handlers[method] = handler.fn, last.name

    def _set_apart(self, path: str) -> None:
        """The router prefers what is fixed, and does not come back from where that leads."""
        pieces = path.split("/")
        for place in range(1, len(pieces)):
            below = self._below.get("/".join(pieces[:place]))
            if below is not None:
                below.fixed.add(pieces[place])

    async def answer(self, call: Call, send: Send) -> None:
        """Answer a request, on the short way where there is one."""
        scope: Any = call.scope
        host = call.header(b"host")
        is_odd = host is not None and _HOST.match(host) is None
        handler, values = (None, _NONE) if is_odd else self.find(scope["method"], scope["path"])
        if handler is None and len(scope["path"]) <= _LONGEST:
            if scope["method"] == HttpMethod.OPTIONS:
                # No address takes the other: refusing it, the router says which ones an address does take.
                scope["state"]["options"], scope["method"] = True, HttpMethod.TRACE
            await self._router(scope, call.receive, send)
            return
        try:
            if handler is None:
                raise RouteUnknown(call.address)
            answer = await handler(scope=scope, **values)
        except Exception as problem:
            answer = answers.refusal(answers.foreseen(problem), call)
        await answer(scope, call.receive, send)

    def find(self, method: str, path: str) -> tuple[_Handler | None, Mapping[str, str]]:
        """The handler and the pieces of the path that it takes; None for what is left to the router."""
        fixed = self._fixed.get(path)
        if fixed is not None:
            return fixed.get(method), _NONE
        above, _, last = path.rpartition("/")
        below = self._below.get(above)
        if below is None or not last or last in below.fixed or method not in below.handlers:
            return None, _NONE
        handler, name = below.handlers[method]
        return handler, {name: last}


_NONE: Final[Mapping[str, str]] = {}


def _is_plain(handler: HTTPRouteHandler, pieces: set[str]) -> bool:
    """Whether all that a handler takes is the scope and these pieces of the path, and gives is an answer."""
    signature: Any = handler.parsed_fn_signature
    gives = signature.return_type.annotation
    around = (
        *(handler.resolve_guards(), handler.resolve_middleware(), handler.resolve_dependencies()),
        *(handler.resolve_before_request(), handler.resolve_after_response(), handler.cache),
        *(handler.resolve_response_headers(), handler.resolve_response_cookies(), handler.has_sync_callable),
    )
    takes = set(signature.parameters)
    return (
        takes == {"scope", *pieces} and isclass(gives) and issubclass(gives, ASGIResponse) and not any(around)
    )
