"""Puts the house together: build(config) is the ASGI application, with the mail worker inside by default."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from functools import cache
from typing import Any, Final, NoReturn

from litestar import Litestar, Request, Response
from litestar.exceptions import HTTPException, MethodNotAllowedException
from litestar.response.base import ASGIResponse

from service import pages, post, pushing
from service.api import (
    answers,
    assets,
    auth,
    calls,
    collections,
    feeds,
    health,
    invitations,
    letters,
    logouts,
    metrics,
    oauth,
    owing,
    own_access,
    passkey_doors,
    passkeys,
    passwords,
    projects,
    registration,
    rest,
    scim,
    search,
    signals,
    single_logout,
    sso,
    two_factor,
)
from service.api.dispatch import Dispatch
from service.api.eight.router import router as eight
from service.api.gate import Gate
from service.api.graphql import room as graphql
from service.config import Config
from service.furnishing import furnish
from service.performing import Performer
from service.polling import keep_polling
from service.upkeep import keep_up
from service.users.problems import MethodRefused, RouteUnknown

ROUTERS: Final = (
    rest.router,
    eight,
    assets.router,
    collections.router,
    search.router,
    auth.router,
    logouts.router,
    passwords.router,
    registration.router,
    projects.router,
    two_factor.router,
    invitations.router,
    letters.router,
    sso.router,
    single_logout.router,
    signals.router,
    owing.router,
    own_access.router,
    passkeys.router,
    passkey_doors.router,
    scim.router,
    graphql.router,
    oauth.router,
    feeds.router,
    health.router,
    metrics.router,
    pages.router,
)


def build(config: Config, *, worker: bool = True) -> Gate:
    """The application; it opens everything when the server starts it, and closes everything at the end."""
    gate = Gate()

    @asynccontextmanager
    async def lifespan() -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            gate.house = await furnish(config, stack)
            _start(keep_up(gate.house.database), stack)
            _start(keep_polling(gate.house), stack)
            _start(Performer(gate.house).run(), stack)
            await stack.enter_async_context(post.working(config, gate.house.database, carries=worker))
            if worker:
                await stack.enter_async_context(pushing.working(config, gate.house.database))
            yield

    gate.router, gate.dispatch, gate.lifespan = _router(), _dispatch(), lifespan
    return gate


@cache
def _router() -> Litestar:
    """The routes; they know no house, so those of one process share them."""
    return Litestar(
        ROUTERS,
        exception_handlers={Exception: _refuse},
        openapi_config=None,
        request_max_body_size=None,  # each address reads its body up to its own limit
        logging_config=None,
    )


@cache
def _dispatch() -> Dispatch:
    return Dispatch(_router())


def _start(work: Coroutine[Any, Any, NoReturn], stack: AsyncExitStack) -> None:
    task = asyncio.create_task(work)

    async def stop() -> None:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task

    stack.push_async_callback(stop)


class _Refusal(Response[None]):
    """An answer that is made already, where the router wants one to make."""

    def __init__(self, made: ASGIResponse) -> None:
        super().__init__(None)
        self._made = made

    def to_asgi_response(self, *_: Any, **__: Any) -> ASGIResponse:
        """The answer."""
        return self._made


def _refuse(request: Request[Any, Any, Any], problem: Exception) -> Response[None]:
    """Whatever was raised, in the language of the path; what nobody foresaw is told to the log alone."""
    known = _known(request, problem)
    if isinstance(known, MethodRefused) and request.scope["state"].get("options"):
        return _Refusal(answers.nothing(headers=[("allow", ", ".join(known.allowed))]))
    return _Refusal(answers.refusal(known, calls.of(request.scope)))


def _known(request: Request[Any, Any, Any], problem: Exception) -> Exception:
    if isinstance(problem, MethodNotAllowedException):
        return MethodRefused(_methods(problem, request.scope["path"]), request.scope["method"])
    if isinstance(problem, HTTPException) and problem.status_code < 500:
        call = calls.of(request.scope)
        return RouteUnknown(call.address)
    return answers.foreseen(problem)


def _methods(problem: MethodNotAllowedException, path: str) -> list[str]:
    """What an address takes: the methods that the router knows there, and those that the gate puts right."""
    known = (problem.headers or {}).get("allow", "")
    allowed = {method for word in known.split(",") if (method := word.strip()).isupper()}
    allowed |= {"HEAD"} if "GET" in allowed else set()
    return sorted(allowed | {search.METHOD} if search.knows(path) else allowed)
