"""The fields about no rows: signing in, invitations, second factors, and what the server tells of itself."""

from collections.abc import Mapping
from typing import Final

import msgspec
from litestar.handlers.http_handlers import HTTPRouteHandler

from service.api import (
    answers,
    auth,
    health,
    history,
    invitations,
    logouts,
    passwords,
    registration,
    two_factor,
    users,
)
from service.api.graphql.asking import Asking
from service.api.graphql.rows import Verb
from service.api.graphql.within import ask
from service.dialects.graphql.documents import sheet
from service.dialects.graphql.views import View
from service.users import registrations


def _sent(handler: HTTPRouteHandler, path: str) -> Verb:
    """The arguments are the body; the answer is what is selected of the room's, or that it was done."""

    async def verb(asked: Asking) -> object:
        body = {name: value for name, value in asked.arguments.items() if value is not None}
        answer = asked.keep(await ask(asked.call, handler, path, body=body))
        raw = answers.told(answer)
        return True if raw is None else asked.pruned(msgspec.json.decode(raw))

    return verb


async def _me(asked: Asking) -> object:
    return answers.told(await ask(asked.call, users.read_me, "/users/me", query={"fields": asked.chosen()}))


async def _change_me(asked: Asking) -> object:
    body, query = asked.arguments["data"], {"fields": asked.chosen()}
    return answers.told(await ask(asked.call, users.change_me, "/users/me", query=dict(query), body=body))


async def _verify(asked: Asking) -> object:
    house = asked.call.house
    named = registrations.read(house.tokens, str(asked.arguments["token"]))
    await house.database.write(registrations.verify, named, asked.call.origin)
    return True


async def _revert(asked: Asking) -> object:
    key = str(asked.arguments["revision"])
    await ask(asked.call, history.revert, f"/utils/revert/{key}", key)
    return True


async def _ping(asked: Asking) -> object:
    return (await ask(asked.call, health.ping, "/server/ping")).body.decode()


async def _info(asked: Asking) -> object:
    raw = answers.told(await ask(asked.call, health.info, "/server/info"))
    return asked.pruned(msgspec.json.decode(raw or b"null"))


async def _health(asked: Asking) -> object:
    return msgspec.Raw((await ask(asked.call, health.health, "/server/health")).body)


async def _oas(asked: Asking) -> object:
    return msgspec.Raw((await ask(asked.call, health.specification, "/server/specs/oas")).body)


def _specification(view: View) -> Verb:
    async def verb(asked: Asking) -> object:
        return None if asked.arguments.get("scope") == "items" else sheet(view).text

    return verb


def verbs(view: View) -> Mapping[str, Verb]:
    """Who answers each field, by its name."""
    return {**_FIXED, "server_specs_graphql": _specification(view)}


_FIXED: Final[Mapping[str, Verb]] = {
    "server_ping": _ping,
    "server_info": _info,
    "server_health": _health,
    "server_specs_oas": _oas,
    "users_me": _me,
    "update_users_me": _change_me,
    "auth_login": _sent(auth.login, "/auth/login"),
    "auth_refresh": _sent(auth.refresh, "/auth/refresh"),
    "auth_logout": _sent(logouts.logout, "/auth/logout"),
    "auth_password_request": _sent(passwords.request, "/auth/password/request"),
    "auth_password_reset": _sent(passwords.reset, "/auth/password/reset"),
    "users_register": _sent(registration.register, "/users/register"),
    "users_register_verify": _verify,
    "users_invite": _sent(invitations.invite, "/users/invite"),
    "users_invite_accept": _sent(invitations.accept, "/users/invite/accept"),
    "users_me_tfa_generate": _sent(two_factor.generate, "/users/me/tfa/generate"),
    "users_me_tfa_enable": _sent(two_factor.enable, "/users/me/tfa/enable"),
    "users_me_tfa_disable": _sent(two_factor.disable, "/users/me/tfa/disable"),
    "users_me_tfa_recovery_codes": _sent(two_factor.renew_codes, "/users/me/tfa/recovery-codes"),
    "utils_revert": _revert,
}
