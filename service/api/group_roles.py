"""The room `/connections/:id/group-roles`: which roles a provider's groups give, in their order."""

from typing import Final

from litestar import get, put
from litestar.params import FromPath
from litestar.response.base import ASGIResponse
from litestar.types import Scope

from service.api import answers
from service.api.bodies import BOOLEAN_MAYBE, TEXT, UUID_, expect
from service.api.calls import of
from service.api.keys import key_of
from service.database import Transaction
from service.users import access, connections, group_roles
from service.users.group_roles import GroupRole
from service.users.model import Caller
from service.users.problems import BadPayload, Forbidden, Invalid

_ENTRY: Final = {"group": TEXT, "role": UUID_, "administers": BOOLEAN_MAYBE}


@get("/connections/{key:str}/group-roles")
async def list_group_roles(scope: Scope, key: FromPath[str]) -> ASGIResponse:
    """The whole list of a connection; the first entry that applies to a person decides."""
    call = of(scope)
    caller = await call.member()
    return answers.data(await call.house.database.read(_read, caller, key_of(key)))


@put("/connections/{key:str}/group-roles")
async def replace_group_roles(scope: Scope, key: FromPath[str]) -> ASGIResponse:
    """Another list in place of the one before; everybody has the role that they have by it at once."""
    call = of(scope)
    caller = await call.author()
    entries = _entries(await call.json())
    return answers.data(await call.house.database.write(_replace, caller, key_of(key), entries))


def _entries(body: object) -> list[GroupRole]:
    if not isinstance(body, list):
        raise BadPayload('"value" must be an array')
    if len(body) > group_roles.MOST:
        raise Invalid("group_roles", "max_length", limit=group_roles.MOST)
    taken = [expect(one, _ENTRY) for one in body]
    return [
        GroupRole(str(one["group"]), str(one["role"]), administers=one.get("administers") is True)
        for one in taken
    ]


async def _read(tx: Transaction, caller: Caller, key: str) -> list[GroupRole]:
    access.check_administrator(caller)
    if await connections.read(tx, caller.project, key) is None:
        raise Forbidden
    return await group_roles.read(tx, caller, key)


async def _replace(tx: Transaction, caller: Caller, key: str, entries: list[GroupRole]) -> list[GroupRole]:
    await group_roles.replace(tx, caller, key, entries)
    return await group_roles.read(tx, caller, key)


HANDLERS: Final = (list_group_roles, replace_group_roles)
