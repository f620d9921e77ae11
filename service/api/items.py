"""The doors of a collection: one set of handlers, made for each of what becomes of its items."""

from collections.abc import Awaitable, Callable, Mapping, Sequence

import msgspec
from litestar import delete, get, patch, post
from litestar.handlers.http_handlers import HTTPRouteHandler
from litestar.params import FromPath
from litestar.response.base import ASGIResponse
from litestar.types import Scope

from service.api import answers, many, reading
from service.api.calls import Call, of
from service.api.keys import item_of
from service.api.many import Many
from service.database import Transaction
from service.users.model import CONCEALED, Caller
from service.users.problems import Taken

Values = Mapping[str, object]
Shown = list[object | None]
Made = Callable[[Call, Caller, object], Awaitable[Values]]
Create = Callable[[Transaction, Call, Caller, Sequence[Values]], Awaitable[Sequence[str]]]


class Verbs(msgspec.Struct, frozen=True):
    """What is done to the items of a collection; their keys are texts, as addresses write them.

    `changed` reads a body into values of ours, for the item of a key, or for several alike (None). `item` is
    what documented refusals call one of them; `single` names what one item alone can be given.
    """

    collection: str
    changed: Callable[[Call, Caller, object, str | None], Awaitable[Values]]
    change: Callable[[Transaction, Call, Caller, Mapping[str, Values]], Awaitable[None]]
    remove: Callable[[Transaction, Caller, Sequence[str]], Awaitable[None]]
    item: str = "Item"
    single: tuple[str, ...] = ()


class Doors(msgspec.Struct, frozen=True):
    """The handlers of a collection that is read."""

    list: HTTPRouteHandler
    one: HTTPRouteHandler

    @property
    def handlers(self) -> tuple[HTTPRouteHandler, ...]:
        """All of them."""
        return msgspec.structs.astuple(self)


class WritingDoors(Doors, frozen=True):
    """The handlers of a collection that is written as well."""

    create: HTTPRouteHandler
    change: HTTPRouteHandler
    change_many: HTTPRouteHandler
    remove: HTTPRouteHandler
    remove_many: HTTPRouteHandler


def read_only(path: str, collection: str) -> Doors:
    """The doors of a collection that nobody writes to."""

    @get(path)
    async def list_items(scope: Scope) -> ASGIResponse:
        """A page of what the caller may see."""
        call = of(scope)
        caller = await call.caller()
        return await reading.answer_many(call, reading.many(call, caller, collection))

    @get(path + "/{key:str}")
    async def read_item(scope: Scope, key: FromPath[str]) -> ASGIResponse:
        """One item by key, or several."""
        call = of(scope)
        caller = await call.caller()
        if (keys := many.path_keys(key, collection)) is not None:
            return await many.answer_those(call, caller, collection, keys)
        return await reading.answer_one(call, reading.one(call, caller, collection, key))

    return Doors(list_items, read_item)


def doors(
    path: str, verbs: Verbs, create: HTTPRouteHandler, change: HTTPRouteHandler | None = None
) -> WritingDoors:
    """The doors of a collection: of one item, of several alike, of many each their own way; all or nothing.

    `change` takes the place of the one for the items that a path names.
    """
    readers = read_only(path, verbs.collection)
    change_item, change_items = _changing(path, verbs)
    return WritingDoors(
        readers.list, readers.one, create, change or change_item, change_items, *_removing(path, verbs)
    )


def creating(path: str, collection: str, made: Made, create: Create) -> HTTPRouteHandler:
    """The door by which items begin: `made` reads each body, `create` gives the keys of all."""

    @post(path)
    async def create_items(scope: Scope) -> ASGIResponse:
        """One item from an object, many from an array, answered in the order given."""
        call = of(scope)
        caller = await call.author()
        body = await call.json()
        given = body if isinstance(body, list) else [body if body is not None else {}]
        many.bound(given, "value")
        values = [await made(call, caller, one) for one in given]
        shown = await call.house.database.write(_create, collection, create, call, caller, values)
        return many.after(shown, single=not isinstance(body, list))

    return create_items


def _changing(path: str, verbs: Verbs) -> tuple[HTTPRouteHandler, HTTPRouteHandler]:
    @patch(path + "/{key:str}")
    async def change_item(scope: Scope, key: FromPath[str]) -> ASGIResponse:
        """Changes one item, or several alike."""
        return await change_named(verbs, of(scope), key)

    @patch(path)
    async def change_items(scope: Scope) -> ASGIResponse:
        """Changes many: each by an object of an array, or all alike by keys or by a query."""
        call = of(scope)
        await call.author()
        body = await call.json()
        if not isinstance(body, list):
            return await change_alike(verbs, call, many.asked_change(body, verbs.collection))
        return await change_each(verbs, call, many.batch(body, verbs.item, verbs.collection))

    return change_item, change_items


def _removing(path: str, verbs: Verbs) -> tuple[HTTPRouteHandler, HTTPRouteHandler]:
    @delete(path + "/{key:str}", status_code=200)
    async def remove_item(scope: Scope, key: FromPath[str]) -> ASGIResponse:
        """Removes one item, or several."""
        keys = many.path_keys(key, verbs.collection) or (str(item_of(verbs.collection, key)),)
        return await _remove(verbs, of(scope), Many(keys, None))

    @delete(path, status_code=200)
    async def remove_items(scope: Scope) -> ASGIResponse:
        """Removes many: by keys or by a query."""
        call = of(scope)
        await call.author()
        return await _remove(verbs, call, many.asked_removal(await call.json(), verbs.collection))

    return remove_item, remove_items


async def change_named(verbs: Verbs, call: Call, path: str) -> ASGIResponse:
    """Changes the item that a path names, or several alike."""
    await call.author()
    if (keys := many.path_keys(path, verbs.collection)) is not None:
        return await change_alike(verbs, call, Many(keys, None, await call.said()))
    return await change_one(verbs, call, str(item_of(verbs.collection, path)), await call.said())


async def change_one(verbs: Verbs, call: Call, key: str, body: object) -> ASGIResponse:
    """Changes one item by its body."""
    caller = await call.author()
    changes = {key: await verbs.changed(call, caller, body, key)}
    return many.after(await call.house.database.write(_change, verbs, call, caller, changes), single=True)


async def change_each(verbs: Verbs, call: Call, bodies: Mapping[str, object]) -> ASGIResponse:
    """Changes many items, each by its own body, by their keys."""
    caller = await call.author()
    changes = {key: await verbs.changed(call, caller, body, key) for key, body in bodies.items()}
    return many.after(await call.house.database.write(_change, verbs, call, caller, changes), single=False)


async def change_alike(verbs: Verbs, call: Call, asked: Many) -> ASGIResponse:
    """Changes many items alike."""
    caller = await call.author()
    lone = asked.keys[0] if asked.keys is not None and len(asked.keys) == 1 else None
    values = await verbs.changed(call, caller, asked.data, lone)
    shown = await call.house.database.write(_change_found, verbs, call, caller, asked, values)
    return many.after(shown, single=False)


async def _create(
    tx: Transaction, collection: str, create: Create, call: Call, caller: Caller, made: Sequence[Values]
) -> Shown:
    return await many.shown(tx, call, caller, collection, await create(tx, call, caller, made))


async def _change(
    tx: Transaction, verbs: Verbs, call: Call, caller: Caller, changes: Mapping[str, Values]
) -> Shown:
    await verbs.change(tx, call, caller, changes)
    return await many.shown(tx, call, caller, verbs.collection, list(changes))


async def _change_found(
    tx: Transaction, verbs: Verbs, call: Call, caller: Caller, asked: Many, values: Values
) -> Shown:
    keys = await many.found(tx, call, caller, verbs.collection, asked)
    for name in verbs.single if len(keys) > 1 else ():
        if values.get(name, CONCEALED) not in (CONCEALED, None):
            raise Taken(name)
    return await _change(tx, verbs, call, caller, dict.fromkeys(keys, values))


async def _remove(verbs: Verbs, call: Call, asked: Many) -> ASGIResponse:
    caller = await call.author()
    await call.house.database.write(_remove_found, verbs, call, caller, asked)
    return answers.nothing()


async def _remove_found(tx: Transaction, verbs: Verbs, call: Call, caller: Caller, asked: Many) -> None:
    if keys := await many.found(tx, call, caller, verbs.collection, asked):
        await verbs.remove(tx, caller, keys)
