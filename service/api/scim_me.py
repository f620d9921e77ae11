"""`/Me` (RFC 7644, 3.11): what people may see and change of themselves over SCIM, with their own token.

A connection stands for no resource, so with its token the answer is 501.
"""

from functools import partial
from typing import Final

import msgspec
from litestar import delete, get, patch, post, put
from litestar.handlers import HTTPRouteHandler
from litestar.response.base import ASGIResponse
from litestar.types import Scope

from providers.scim import messages, planning
from providers.scim.problems import ScimProblem
from providers.scim.resource import normalise
from providers.scim.tolerance import PROFILES
from providers.scim.user import USER
from service.api import scim_changes, scim_conditions, scim_requests, scim_users
from service.api.calls import SCIM_BODY, Call, of
from service.api.scim_changes import Become
from service.api.scim_requests import BASE, Request
from service.api.scim_users import Wanted
from service.database import Transaction
from service.dialects import scim
from service.users import access, records
from service.users.connections import Connection
from service.users.model import LOCAL, Caller
from service.users.problems import NotSignedIn, WrongCredentials

_ME: Final = f"{BASE}/Me"


class NotServed(ScimProblem):
    """What this alias does not do."""

    status = 501


class NotTheirs(ScimProblem):
    """What people may not do to themselves."""

    status = 403


@get(_ME)
async def read_me(scope: Scope) -> ASGIResponse:
    """The person's own resource, at its permanent address."""
    request, key = await _request(scope)
    return request.found(await scim_users.read(request, key))


@put(_ME)
async def replace_me(scope: Scope) -> ASGIResponse:
    """The person's resource anew, as far as it is theirs to change."""
    request, key = await _request(scope)
    incoming = normalise(await request.call.json(SCIM_BODY), USER, request.profile).resource
    return await _changed(request, key, scim_users.anew(incoming))


@patch(_ME)
async def change_me(scope: Scope) -> ASGIResponse:
    """Changes the person's resource by operations: all of them or none."""
    request, key = await _request(scope)
    operations = messages.operations(await request.call.json(SCIM_BODY), request.profile)
    planned = planning.plan(operations, USER, request.profile)
    return await _changed(request, key, scim_users.stepwise(planned.changes, request.profile))


@post(_ME)
async def create_me(scope: Scope) -> ASGIResponse:
    """Nobody is made here: who has a token is there already."""
    await _request(scope)
    raise NotServed("People register at /users/register; here is nothing to be made.")


@delete(_ME, status_code=200)
async def delete_me(scope: Scope) -> ASGIResponse:
    """People do not remove themselves."""
    await _request(scope)
    raise NotTheirs("People do not remove themselves; ask an administrator.")


async def _request(scope: Scope) -> tuple[Request, str]:
    """The request of a person, and their key. Raises NotServed for a connection's token."""
    call = of(scope)
    try:
        await call.house.connecting.connection(call)
    except (NotSignedIn, WrongCredentials):
        caller, key = await call.person()
    else:
        raise NotServed("The token is that of a SCIM connection, which no resource stands for.")
    return _of_person(call, msgspec.structs.replace(caller, origin=call.origin, txn=call.txn)), key


def _of_person(call: Call, caller: Caller) -> Request:
    """People speak as a connection without anything of its own would."""
    nobodys = Connection(caller.project, "", LOCAL, "default", adopt=False, default_role=None)
    asked = scim_requests.parameters(call)
    shown = scim_requests.shown(USER, asked)
    return Request(USER, call, nobodys, caller, PROFILES[nobodys.profile], asked, shown)


async def _changed(request: Request, key: str, wanted: Wanted) -> ASGIResponse:
    condition = scim_conditions.of_headers(request.call)
    new = await scim_users.new_password(request, key, condition, wanted)
    unit = partial(_change, kept=new, condition=condition)
    await request.call.house.database.write(unit, request.caller, key, wanted.become)
    return request.answer(await scim_users.read(request, key))


async def _change(
    tx: Transaction,
    caller: Caller,
    key: str,
    become: Become,
    *,
    kept: dict[str, object],
    condition: scim_conditions.Condition,
) -> None:
    row = await scim_changes.hold(tx, caller, key, condition)
    before = scim.resource(row)
    values = scim.differences(before, become(before), row["status"])
    if row["connection"] is None and _is_address(values.get("auth_data")):
        del values["auth_data"]
    if not access.OWN.issuperset(values):
        raise NotTheirs(_HARMLESS)
    await records.change(tx, caller, {key: {**values, **kept}}, held={key: row})


def _is_address(rest: object) -> bool:
    """Whether what has no column is one e-mail at most: whom no provider brought has their own in one."""
    emails = rest.get("emails") if isinstance(rest, dict) and rest.keys() <= {"emails"} else None
    return rest == {} or (isinstance(emails, list) and len(emails) == 1)


_HARMLESS: Final = (
    "People change of themselves: name.givenName, name.familyName, emails, title, preferredLanguage, "
    "timezone and password; the rest is an administrator's or an identity provider's to change."
)
HANDLERS: Final[list[HTTPRouteHandler]] = [read_me, replace_me, change_me, create_me, delete_me]
