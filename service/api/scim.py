"""SCIM 2.0 at `/scim/v2` (RFC 7644): an identity provider brings users in with its connection's token."""

import logging
from collections.abc import Sequence
from functools import partial
from typing import Any, Final

from litestar import Router, delete, get, patch, post, put
from litestar.params import FromPath
from litestar.response.base import ASGIResponse
from litestar.types import Scope

from providers.scim import messages, planning, search
from providers.scim import patch as patches
from providers.scim.changes import Change
from providers.scim.resource import normalise
from providers.scim.schema import Resource, Value
from providers.scim.tolerance import Profile
from providers.scim.user import USER
from service.api import answers, scim_changes, scim_discovery, scim_lists, scim_requests
from service.api.calls import SCIM_BODY
from service.api.scim_changes import Become
from service.api.scim_requests import BASE, Condition, Request
from service.database import new_key
from service.dialects import scim
from service.users.checks import is_uuid
from service.users.problems import Forbidden

_log: Final = logging.getLogger(__name__)


@get(f"{BASE}/Users")
async def list_users(scope: Scope) -> ASGIResponse:
    """A page of the connection's users, in the order in which they came."""
    return await scim_lists.answer(await scim_requests.read(scope))


@post([f"{BASE}/Users/.search", f"{BASE}/.search"], status_code=200)
async def search_users(scope: Scope) -> ASGIResponse:
    """The same for what is too long for an address, or does not belong into one (RFC 7644, 3.4.3)."""
    request = await scim_requests.read(scope)
    asked = search.of_body(await request.call.json(SCIM_BODY), request.profile)
    return await scim_lists.answer(request.about(asked))


@get(f"{BASE}/Users/{{key:str}}")
async def read_user(scope: Scope, key: FromPath[str]) -> ASGIResponse:
    """One user. With If-None-Match of the newest version, 304."""
    request = await scim_requests.read(scope)
    made = await request.call.house.database.read(scim_changes.find, request.caller, _key(key))
    condition, version = request.condition(), scim_requests.version(made)
    condition.check(version)
    if condition.knows(version):
        return ASGIResponse(status_code=304, headers=request.headers(made))
    return request.answer(made)


@post(f"{BASE}/Users")
async def create_user(scope: Scope) -> ASGIResponse:
    """A user that belongs to this connection from now on."""
    request = await scim_requests.read(scope)
    incoming, key = await _incoming(request), new_key()
    values: dict[str, object] = {"id": key, **scim.values(incoming)}
    if request.connection.default_role is not None:
        values["role"] = request.connection.default_role
    if incoming.get("password") is not None:
        values |= await _kept(request, key, incoming["password"])
    made = await request.call.house.database.write(scim_changes.create, request.caller, values)
    return request.answer(made, status=201)


@put(f"{BASE}/Users/{{key:str}}")
async def replace_user(scope: Scope, key: FromPath[str]) -> ASGIResponse:
    """The whole user anew; a password or `active` that is not given stays: clients cannot read the one, and
    say nothing with the lack of the other (RFC 7644, 3.5.1)."""
    request = await scim_requests.read(scope)
    incoming = await _incoming(request)
    passwords = [incoming["password"]] if incoming.get("password") is not None else []
    return await _changed(request, _key(key), lambda _: incoming, passwords)


@patch(f"{BASE}/Users/{{key:str}}")
async def change_user(scope: Scope, key: FromPath[str]) -> ASGIResponse:
    """Changes a user by operations: all of them or none. 200 with the whole resource."""
    request = await scim_requests.read(scope)
    operations = messages.operations(await request.call.json(SCIM_BODY), request.profile)
    planned = planning.plan(operations, USER, request.profile)
    _note(request, planned.dropped)
    passwords = [change.value for change in planned.changes if change.target.attribute.name == "password"]
    become = partial(_patched, planned.changes, request.profile)
    return await _changed(request, _key(key), become, passwords)


def _patched(changes: Sequence[Change], profile: Profile, before: Resource) -> Resource:
    """The resource after the changes; with `active` None where it has become, or was, unassigned."""
    after = patches.make(before, changes, USER, profile)
    return {"active": None, **after}


async def _changed(request: Request, key: str, become: Become, passwords: Sequence[Value]) -> ASGIResponse:
    """Changes a user and answers with the resource. Of several passwords the last one stays."""
    condition = request.condition()
    kept = await _new(request, key, condition, passwords[-1]) if passwords else {}
    made = await request.call.house.database.write(
        scim_changes.change, request.caller, key, condition, become, kept
    )
    return request.answer(made)


async def _new(request: Request, key: str, condition: Condition, password: Value) -> dict[str, object]:
    """A password as it is kept; nothing for the one that the user has: to be sent it again ends no session.

    Whoever may not write this user, or means another version, is refused before the work of hashing.
    """
    house = request.call.house
    row = await house.database.write(scim_changes.hold, request.caller, key, condition)
    known = row["password_hash"]
    if known is not None and isinstance(password, str) and await house.hasher.verify(known, password):
        return {}
    return await _kept(request, key, password)


async def _kept(request: Request, key: str, password: Value) -> dict[str, object]:
    return await request.call.house.secrets.take(request.caller, {"password": password}, key)


@delete(f"{BASE}/Users/{{key:str}}", status_code=200)
async def delete_user(scope: Scope, key: FromPath[str]) -> ASGIResponse:
    """Removes a user for good; activity and revisions stay."""
    request = await scim_requests.read(scope)
    await request.call.house.database.write(
        scim_changes.remove, request.caller, _key(key), request.condition()
    )
    return answers.nothing()


async def _incoming(request: Request) -> Resource:
    """The resource of a POST or PUT."""
    incoming = normalise(await request.call.json(SCIM_BODY), USER, request.profile)
    _note(request, incoming.dropped)
    return incoming.resource


def _note(request: Request, dropped: Sequence[str]) -> None:
    """Lets the administrator find out what a provider sends in vain: names, never values."""
    if dropped:
        extra: dict[str, Any] = {"provider": request.connection.provider, "attributes": list(dropped)}
        _log.info("attributes of no schema were dropped", extra=extra)


def _key(key: str) -> str:
    """An id in its one spelling; what is no id of ours names nobody."""
    if not is_uuid(key):
        raise Forbidden
    return key.lower()


router = Router(
    "/",
    route_handlers=[
        list_users,
        search_users,
        read_user,
        create_user,
        replace_user,
        change_user,
        delete_user,
        *scim_discovery.HANDLERS,
    ],
    include_in_schema=False,
)
