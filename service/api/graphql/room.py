"""The room `/graphql/system`. What answers in it is imported when somebody first asks, off the loop.

graphql-core takes 5 MiB and a tenth of a second, which a service without GraphQL clients never spends.
"""

import asyncio
from functools import cache
from typing import Any

from litestar import Router, WebSocket, get, post, websocket
from litestar.response.base import ASGIResponse
from litestar.types import Scope

from service.api.calls import Call, of


@get("/graphql/system")
async def ask(scope: Scope) -> ASGIResponse:
    """A query in the address; changes need POST."""
    call = of(scope)
    return await _answer(call, dict(call.query))


@post("/graphql/system", status_code=200)
async def ask_or_change(scope: Scope) -> ASGIResponse:
    """A query or a mutation in the body."""
    call = of(scope)
    return await _answer(call, await call.json())


@websocket("/graphql/system")
async def subscribe(socket: WebSocket[Any, Any, Any]) -> None:
    """Subscriptions, in the protocol graphql-transport-ws."""
    await _open()
    from service.api.graphql import sockets

    scope = socket.scope
    await sockets.serve(of(scope), socket.receive, socket.send, scope["subprotocols"])


@get("/server/specs/graphql/system")
async def specification(scope: Scope) -> ASGIResponse:
    """The schema, in the schema language, as the caller may know it."""
    await _open()
    from service.api.graphql import answering

    return await answering.specification(of(scope))


async def _answer(call: Call, body: object) -> ASGIResponse:
    await _open()
    from service.api.graphql import answering

    return await answering.answer(call, body)


async def _open() -> None:
    if not _imported.cache_info().currsize:
        await asyncio.to_thread(_imported)


@cache
def _imported() -> None:
    from service.api.graphql import sockets  # noqa: F401  # with answering; whoever asks finds it imported


router = Router("/", route_handlers=[ask, ask_or_change, subscribe, specification], include_in_schema=False)
