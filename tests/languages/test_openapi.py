"""The OpenAPI document promises what the REST rooms serve, and nothing in it points nowhere."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from litestar import Litestar
from litestar.routes import HTTPRoute

from service import config
from service.api import openapi, search
from service.app import build
from service.dialects.dialect import COLLECTIONS
from service.tokens import new_secret

# Pages, other protocols with descriptions of their own, and what is between us and those who run us.
_ELSEWHERE = ("/admin", "/scim/", "/graphql", "/oauth/", "/ssf/", "/console", "/-/", "/metrics")
# Second addresses of operations that are promised under a first one.
_SECOND = re.compile(
    r"/users/tfa/.*|/users/invisponse/accept|/assets/\{id\}/\{\w+\}|/activity/comments(/\{id\})?"
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


def _served(data: Path) -> set[tuple[str, str]]:
    """Every operation of the application, under the names that the document gives to parts of a path."""
    gate = build(config.load({"DATA_DIR": str(data), "SECRET": new_secret("")}), worker=False)
    assert isinstance(gate.router, Litestar)
    found = set()
    for route in gate.router.routes:
        path = (
            re.sub(r"\{(\w+):\w+\}", r"{\1}", route.path)
            .replace("{key}", "{id}")
            .replace("{name}", "{provider}")
        )
        if isinstance(route, HTTPRoute) and path != "/" and not path.startswith(_ELSEWHERE):
            found |= {(method.lower(), path) for method in route.methods - {"OPTIONS"}}
    return {(method, path) for method, path in found if not _SECOND.fullmatch(path)}


def test_what_is_served_is_promised_and_what_is_promised_is_served(tmp_path: Path) -> None:
    documented = [name for name, home in COLLECTIONS.items() if home.ruled]
    searched = {("search", f"/{name.removeprefix('directus_')}") for name in documented}
    assert all(search.knows(path) for _, path in searched)
    assert _served(tmp_path) | searched == set(openapi.routes())


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
    assert schemas["Roles"]["properties"]["users"]["items"]["oneOf"][0]["format"] == "uuid"
    assert schemas["Activity"]["properties"]["revisions"]["items"]["oneOf"][0] == {"type": "integer"}
    assert schemas["Users"]["properties"]["id"] == {"type": "string", "format": "uuid", "readOnly": True}
