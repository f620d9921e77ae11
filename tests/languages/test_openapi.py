"""The OpenAPI document promises what the REST rooms serve, and nothing in it points nowhere."""

import re
from collections.abc import Iterator
from typing import Any

from service.api import connections, history, openapi, roles, user_changes, users

HANDLERS = (
    *users.HANDLERS,
    *user_changes.HANDLERS,
    *roles.HANDLERS,
    *history.HANDLERS,
    *connections.HANDLERS,
)


def _references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if "$ref" in value:
            yield value["$ref"]
        for child in value.values():
            yield from _references(child)
    elif isinstance(value, list):
        for child in value:
            yield from _references(child)


def test_every_address_of_the_rest_rooms_is_promised() -> None:
    served = {
        (method.lower(), re.sub(r"\{(\w+):str\}", r"{\1}", path).replace("{key}", "{id}"))
        for handler in HANDLERS
        for path in handler.paths
        for method in handler.http_methods
    }
    spoken = {served_one for served_one in served if served_one[0] not in ("head", "options", "search")}
    assert spoken <= set(openapi.routes())
    rooms = ("/users", "/roles", "/activity", "/revisions", "/utils", "/connections")
    ours = {one for one in openapi.routes() if one[1].startswith(rooms)}
    elsewhere = {one for one in ours if "invite" in one[1] or "/tfa" in one[1] or "register" in one[1]}
    assert ours - elsewhere <= served


def test_every_reference_leads_to_a_schema_and_every_schema_is_used() -> None:
    document = openapi.document("http://127.0.0.1", "1")
    schemas = document["components"]["schemas"]
    named = {reference.removeprefix("#/components/schemas/") for reference in _references(document)}
    assert named == set(schemas)


def test_operations_are_told_apart_by_their_ids() -> None:
    document = openapi.document("http://127.0.0.1", "1")
    ids = [one["operationId"] for path in document["paths"].values() for one in path.values()]
    assert len(ids) == len(set(ids)) == len(openapi.routes())


def test_keys_in_paths_are_uuids_or_numbers() -> None:
    paths = openapi.document("http://127.0.0.1", "1")["paths"]

    def key(path: str) -> Any:
        operation = next(iter(paths[path].values()))
        return next(one["schema"] for one in operation["parameters"] if one["in"] == "path")

    assert key("/users/{id}")["format"] == key("/roles/{id}")["format"] == "uuid"
    assert key("/revisions/{id}")["type"] == key("/utils/revert/{id}")["type"] == "integer"


def test_readable_relations_to_many_are_told_as_keys() -> None:
    schemas = openapi.document("http://127.0.0.1", "1")["components"]["schemas"]
    assert schemas["Roles"]["properties"]["users"]["items"]["format"] == "uuid"
    assert schemas["Activity"]["properties"]["revisions"]["items"] == {"type": "integer"}
    assert schemas["Users"]["properties"]["id"] == {"type": "string", "format": "uuid", "readOnly": True}
