"""Puts the house together: build(config) is the ASGI application, with the mail worker inside by default."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from functools import cache
from importlib.metadata import version
from typing import Any, Final, NoReturn

from litestar import Litestar, Request, Response
from litestar.exceptions import HTTPException, MethodNotAllowedException
from litestar.response.base import ASGIResponse

from providers.client_assertion import ClientKeys
from providers.http import Outbound
from providers.kinds import Settings, open_provider
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
from service.api.behind import Behind
from service.api.callers import Callers
from service.api.connecting import Connecting
from service.api.deferral import Deferral
from service.api.eight.router import router as eight
from service.api.event_tokens import EventTokens
from service.api.feed_bells import FeedBells
from service.api.gate import Gate
from service.api.graphql import room as graphql
from service.api.house import Door, House, Terms
from service.api.known_projects import Projects
from service.api.scim_walks import Walks
from service.api.sync import Sync
from service.api.watch import Watch
from service.config import Config
from service.database import open_database
from service.journal import AccessLog
from service.performing import Performer
from service.polling import keep_polling
from service.sealing import Sealer
from service.tokens import Tokens
from service.upkeep import keep_up
from service.users.event_keys import EventKeys
from service.users.grants import Grants
from service.users.passwords import Hasher
from service.users.pictures import Pictures
from service.users.problems import MethodRefused, RouteUnknown
from service.users.second_factor import SecondFactor
from service.users.secrets import Secrets

VERSION: Final = version("idbridge")


def build(config: Config, *, worker: bool = True) -> Gate:
    """The application; it opens everything when the server starts it, and closes everything at the end."""
    gate = Gate()

    @asynccontextmanager
    async def lifespan() -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            gate.house = await _furnish(config, stack)
            _start(keep_up(gate.house.database), stack)
            _start(keep_polling(gate.house), stack)
            _start(Performer(gate.house).run(), stack)
            await stack.enter_async_context(post.working(config, gate.house.database, carries=worker))
            if worker:
                await stack.enter_async_context(pushing.working(config, gate.house.database))
            yield

    gate.router, gate.lifespan = _router(), lifespan
    return gate


@cache
def _router() -> Litestar:
    """The routes; they know no house, so those of one process share them."""
    return Litestar(
        [
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
            pages.router,
        ],
        exception_handlers={Exception: _refuse},
        openapi_config=None,
        request_max_body_size=None,  # each address reads its body up to its own limit
        logging_config=None,
    )


async def _furnish(config: Config, stack: AsyncExitStack) -> House:
    database = await open_database(config.database_url)
    stack.push_async_callback(database.close)
    outbound = Outbound(config.outbound_ip_allow_list)
    stack.push_async_callback(outbound.shut)
    hasher = Hasher()
    stack.callback(hasher.close)
    pictures = Pictures()
    stack.callback(pictures.close)
    tokens, sealer = Tokens(config.secrets), Sealer(config.secrets)
    behind = Behind()
    stack.push_async_callback(behind.close)
    sync = Sync(database)
    stack.push_async_callback(sync.close)
    log = AccessLog()
    stack.callback(log.flush)
    return House(
        database=database,
        tokens=tokens,
        sealer=sealer,
        secrets=Secrets(hasher, sealer),
        hasher=hasher,
        pictures=pictures,
        factor=SecondFactor(sealer),
        grants=Grants(sealer),
        callers=Callers(database, tokens, behind),
        connecting=Connecting(database, behind, sync),
        walks=Walks(database),
        sync=sync,
        deferral=Deferral(database),
        event_tokens=EventTokens(database, EventKeys(sealer), config.public_url),
        feed_bells=FeedBells(database),
        watch=Watch(database),
        client_keys=ClientKeys(outbound),
        doors={name: _door(name, settings, config, outbound) for name, settings in config.providers.items()},
        projects=Projects(database),
        terms=_terms(config),
        log=log,
    )


def _door(name: str, settings: Settings, config: Config, outbound: Outbound) -> Door:
    provider = open_provider(name, settings, outbound)
    if not settings.signals.ssf_issuer:
        return Door(provider, settings.policy)
    from providers.transmitter import Transmitter  # with Authlib behind it: only where somebody transmits

    hears = Transmitter(settings.signals, f"{config.public_url}/ssf/{name}", outbound)
    return Door(provider, settings.policy, hears)


def _terms(config: Config) -> Terms:
    return Terms(
        public_url=config.public_url,
        access_ttl=config.access_token_ttl,
        refresh_ttl=config.refresh_token_ttl,
        session_ttl=config.session_cookie_ttl,
        invite_ttl=config.user_invite_token_ttl,
        invite_urls=config.user_invite_url_allow_list,
        reset_urls=config.password_reset_url_allow_list,
        registers=config.public_registration,
        register_role=config.public_registration_role,
        register_urls=config.user_register_url_allow_list,
        most_rows=config.query_limit_max,
        disable_default=config.auth_disable_default,
        version=VERSION,
    )


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
    return _Refusal(answers.refusal(_known(request, problem), calls.of(request.scope)))


def _known(request: Request[Any, Any, Any], problem: Exception) -> Exception:
    if isinstance(problem, MethodNotAllowedException):
        return MethodRefused(_methods(problem), request.scope["method"])
    if isinstance(problem, HTTPException) and problem.status_code < 500:
        call = calls.of(request.scope)
        return RouteUnknown(call.address)
    return answers.foreseen(problem)


def _methods(problem: MethodNotAllowedException) -> list[str]:
    allowed = (problem.headers or {}).get("allow", "")
    return sorted(method for word in allowed.split(",") if (method := word.strip()).isupper())
