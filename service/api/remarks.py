"""`/activity/comment`: what people say of an item."""

from collections.abc import Mapping
from typing import Final

from litestar import delete, patch, post
from litestar.params import FromPath
from litestar.response.base import ASGIResponse
from litestar.types import Scope

from service.api import answers, many, reading
from service.api.bodies import TEXT, Part, expect
from service.api.calls import Call, of
from service.api.history import ACTIVITY
from service.api.keys import NOBODY, item_of, key_of
from service.database import Transaction
from service.dialects import dialect, question
from service.dialects.references import linked
from service.users import model, numbers, remarks
from service.users.model import Caller
from service.users.numbers import Number
from service.users.problems import BadPayload, Forbidden

_SPOKEN_OF: Final = {f"directus_{name}": name for name in (model.USERS, model.ROLES, model.FILES)}


def _item(name: str, value: object) -> object:
    found = linked(value)
    if not isinstance(found, Number | str):
        raise BadPayload(f'"{name}" must be one of [string, number]')
    return found


_REMARK: Final = {"collection": TEXT, "item": Part(_item), "comment": TEXT}
_CHANGE: Final = {"comment": TEXT}
_PATHS: Final = ["/activity/comment", "/activity/comments"]  # the second is that of early clients
_PATHS_OF_ONE: Final = [f"{path}/{{key:str}}" for path in _PATHS]


@post(_PATHS, status_code=200)
async def add(scope: Scope) -> ASGIResponse:
    """Notes what the caller says of an item that they may see; answers the activity."""
    call = of(scope)
    caller = await call.member_author()
    body = expect(await call.json(), _REMARK)
    if body["collection"] not in _SPOKEN_OF:
        raise Forbidden
    shown = await call.house.database.write(_add, call, caller, body)
    return many.after(shown, single=True)


async def _add(
    tx: Transaction, call: Call, caller: Caller, body: Mapping[str, object]
) -> list[object | None]:
    collection, item = str(body["collection"]), body["item"]
    own = _SPOKEN_OF[collection]
    if isinstance(item, Number):
        item = (await numbers.keys(tx, caller.project, own, {int(item)})).get(int(item), NOBODY)
    key = key_of(str(item))
    asked = call.generation.parameters(call, caller, collection, {"fields": "id"}).one(key)
    if not await question.rows(tx, asked):
        raise Forbidden
    made = await remarks.add(tx, caller, own, key, body["comment"])
    return await _shown(tx, call, caller, str(made))


async def _shown(tx: Transaction, call: Call, caller: Caller, key: str) -> list[object | None]:
    """A remark to who may read activity; to others who write it, itself alone, whatever `fields` asks for."""
    shown = await many.shown(tx, call, caller, ACTIVITY, [key])
    if shown != [None]:
        return shown
    asked = call.generation.parameters(call, model.house(call.project), ACTIVITY, {"fields": "*"})
    return [await reading.show(tx, call, asked.one(dialect.item(ACTIVITY, key)))]


@patch(_PATHS_OF_ONE)
async def change(scope: Scope, key: FromPath[str]) -> ASGIResponse:
    """Says it otherwise; answers the activity."""
    call = of(scope)
    caller = await call.member_author()
    said = expect(await call.json(), _CHANGE)["comment"]
    shown = await call.house.database.write(_change, call, caller, str(item_of(ACTIVITY, key)), said)
    return many.after(shown, single=True)


async def _change(tx: Transaction, call: Call, caller: Caller, key: str, said: object) -> list[object | None]:
    await remarks.change(tx, caller, int(key), said)
    return await _shown(tx, call, caller, key)


@delete(_PATHS_OF_ONE, status_code=200)
async def take_back(scope: Scope, key: FromPath[str]) -> ASGIResponse:
    """Takes it back."""
    call = of(scope)
    caller = await call.member_author()
    remark = int(item_of(ACTIVITY, key))
    await call.house.database.write(remarks.take_back, caller, remark)
    return answers.nothing()


HANDLERS: Final = (add, change, take_back)
