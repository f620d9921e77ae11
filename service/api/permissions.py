"""The REST languages' room `/permissions`: the rules of roles, and what the caller's own come to."""

from collections.abc import Mapping, Sequence
from typing import Final

from litestar import get
from litestar.response.base import ASGIResponse
from litestar.types import Scope

from service.api import answers, items
from service.api.calls import Call, of
from service.api.items import Values, Verbs
from service.database import Transaction
from service.dialects import accesses, dialect, grants
from service.users import permissions
from service.users.model import Caller
from service.users.problems import BadPayload

PERMISSIONS: Final = "directus_permissions"


async def _made(call: Call, _: Caller, body: object) -> Values:
    return _taken(call, body)


async def _changed(call: Call, _: Caller, body: object, __: str | None) -> Values:
    return _taken(call, body)


def _taken(call: Call, body: object) -> dict[str, object]:
    """A body as values of ours; early clients write `fields` as CSV."""
    values = dialect.take(call.generation.language, PERMISSIONS, body)
    if isinstance(values.get("fields"), str):
        values["fields"] = [word for piece in str(values["fields"]).split(",") if (word := piece.strip())]
    for name in ("permissions", "validation", "presets"):
        if not isinstance(values.get(name) or {}, Mapping):
            raise BadPayload(f'"{name}" must be of type object')
    return values


async def _create(tx: Transaction, _: Call, caller: Caller, made: Sequence[Values]) -> list[str]:
    return list(map(str, await permissions.create(tx, caller, made, grants.check)))


async def _change(tx: Transaction, _: Call, caller: Caller, changes: Mapping[str, Values]) -> None:
    await permissions.change(tx, caller, {int(key): one for key, one in changes.items()}, grants.check)


async def _remove(tx: Transaction, caller: Caller, keys: Sequence[str]) -> None:
    await permissions.remove(tx, caller, list(map(int, keys)))


@get("/permissions/me")
async def read_mine(scope: Scope) -> ASGIResponse:
    """What the caller may do to each collection."""
    call = of(scope)
    return answers.data(accesses.told(await call.caller()))


_VERBS: Final = Verbs(PERMISSIONS, _changed, _change, _remove)
_CREATING: Final = items.creating("/permissions", PERMISSIONS, _made, _create)
DOORS: Final = items.doors("/permissions", _VERBS, _CREATING)
HANDLERS: Final = (*DOORS.handlers, read_mine)
