"""The fields about rows of a collection: lists, sums, changes, each a request of the collection's room.

Which of them a caller has, the schema says. No files are created here: they come with their bytes, by REST.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Final

import msgspec
from litestar.handlers.http_handlers import HTTPRouteHandler

from service.api import answers, files, history, permissions, roles, users
from service.api.graphql.asking import Asking
from service.api.graphql.views import BROUGHT
from service.api.graphql.within import ask
from service.api.items import Doors, WritingDoors
from service.dialects.graphql.arguments import query_of
from service.dialects.graphql.choosing import TYPENAME
from service.users.problems import BadQuery, Forbidden

Verb = Callable[[Asking], Awaitable[object]]


ROOMS: Final[Mapping[str, Doors]] = {
    "users": users.DOORS,
    "roles": roles.DOORS,
    "permissions": permissions.DOORS,
    "files": files.DOORS,
    "activity": history.ACTIVITY_DOORS,
    "revisions": history.REVISIONS_DOORS,
}
_LISTING: Final = ("filter", "sort", "limit", "offset", "page", "search")


def verbs() -> Mapping[str, Verb]:
    """Who answers each field, by its name."""
    return {name: verb for collection, room in ROOMS.items() for name, verb in _verbs(collection, room)}


def _verbs(name: str, room: Doors) -> list[tuple[str, Verb]]:
    path = f"/{name}"
    found: list[tuple[str, Verb]] = [
        (name, lambda asked: _list(asked, room, path)),
        (f"{name}_by_id", lambda asked: _by_id(asked, room, path)),
        (f"{name}_aggregated", lambda asked: _aggregated(asked, room, path)),
    ]
    return found + _changes(name, path, room) if isinstance(room, WritingDoors) else found


def _changes(name: str, path: str, room: WritingDoors) -> list[tuple[str, Verb]]:
    many = room.change_many
    creating: list[tuple[str, Verb]] = [
        (f"create_{name}_item", lambda asked: _written(asked, room.create, path, asked.arguments["data"])),
        (f"create_{name}_items", lambda asked: _listed(asked, room, room.create, path, _many(asked))),
    ]
    return [
        *(() if name in BROUGHT else creating),
        (f"update_{name}_item", lambda asked: _changed(asked, room.change, path)),
        (f"update_{name}_items", lambda asked: _listed(asked, room, many, path, _alike(asked))),
        (f"update_{name}_batch", lambda asked: _listed(asked, room, many, path, _many(asked))),
        (f"delete_{name}_item", lambda asked: _removed(asked, room.remove, path)),
        (f"delete_{name}_items", lambda asked: _removed_many(asked, room.remove_many, path)),
    ]


def _many(asked: Asking) -> object:
    return asked.arguments.get("data") or []


def _alike(asked: Asking) -> object:
    return {"keys": asked.arguments["ids"], "data": asked.arguments["data"]}


async def _list(asked: Asking, room: Doors, path: str) -> object:
    query, default = query_of(asked.collection, asked.arguments), asked.call.generation.limit
    if asked.call.house.terms.most_rows is None:
        asked.budget.bound(query, default)
    raw = answers.told(await ask(asked.call, room.list, path, query={**query, "fields": asked.chosen()}))
    asked.budget.spend(query, default, raw)
    return raw


async def _by_id(asked: Asking, room: Doors, path: str) -> object:
    query = query_of(asked.collection, {"version": asked.arguments.get("version")})
    key = str(asked.arguments["id"])
    try:
        return answers.told(
            await ask(asked.call, room.one, f"{path}/{key}", key, query={**query, "fields": asked.chosen()})
        )
    except Forbidden:
        return None  # what is not there is no error: the field is null


async def _written(asked: Asking, handler: HTTPRouteHandler, path: str, body: object, *keys: str) -> object:
    reads = asked.root.type != "Boolean"
    chosen = asked.chosen() if reads else ["id"]
    raw = answers.told(await ask(asked.call, handler, path, *keys, query={"fields": chosen}, body=body))
    return raw if reads else True


async def _changed(asked: Asking, handler: HTTPRouteHandler, path: str) -> object:
    return await _written(asked, handler, path, asked.arguments["data"], str(asked.arguments["id"]))


async def _listed(asked: Asking, room: Doors, handler: HTTPRouteHandler, path: str, body: object) -> object:
    """A change of many; the arguments of a list choose among what was changed."""
    given = {name: asked.arguments.get(name) for name in _LISTING}
    if asked.root.type == "Boolean" or all(value is None for value in given.values()):
        raw = await _written(asked, handler, path, body)
        return [] if raw is None else raw
    changed = await ask(asked.call, handler, path, query={"fields": ["id"]}, body=body)
    rows = msgspec.json.decode(answers.told(changed) or b"[]")
    query = query_of(asked.collection, given)
    keys = {"id": {"_in": [row["id"] for row in rows]}}
    query |= {"filter": {"_and": [keys, query["filter"]]} if "filter" in query else keys}
    if not rows:
        return []
    return answers.told(await ask(asked.call, room.list, path, query={**query, "fields": asked.chosen()}))


async def _removed(asked: Asking, handler: HTTPRouteHandler, path: str) -> object:
    key = str(asked.arguments["id"])
    await ask(asked.call, handler, f"{path}/{key}", key)
    return asked.pruned({"id": key})


async def _removed_many(asked: Asking, handler: HTTPRouteHandler, path: str) -> object:
    ids = asked.arguments["ids"]
    await ask(asked.call, handler, path, body=ids)
    return asked.pruned({"ids": ids})


async def _aggregated(asked: Asking, room: Doors, path: str) -> object:
    """Sums by group, put from the flat objects of REST into those of the schema."""
    query = query_of(asked.collection, asked.arguments)
    sets = [node.selection_set for node in asked.nodes if node.selection_set is not None]
    sums: dict[str, object] = {}
    for nodes in asked.operation.gather(sets).values():
        name = nodes[0].name.value
        inner = [node.selection_set for node in nodes if node.selection_set is not None]
        if inner:
            found = asked.operation.gather(inner).values()
            of = {one[0].name.value for one in found} - {TYPENAME}
            sums[name] = sorted({*_strings(sums.get(name)), *of})
        elif name == "countAll":
            sums[name] = "*"
    groups = _strings(query.get("groupBy"))
    query["aggregate"] = {name: of for name, of in sums.items() if of} or (
        None if groups else {"countAll": "*"}
    )
    rows = msgspec.json.decode(answers.told(await ask(asked.call, room.list, path, query=query)) or b"[]")
    return asked.pruned([{**row, "group": {name: row.get(name) for name in groups}} for row in rows])


def _strings(value: object) -> list[str]:
    if value is None:
        return []
    if not isinstance(value, list):
        raise BadQuery("A list of names is needed")
    return [str(one) for one in value]
