"""The OpenAPI document of generation 10: schemas from the field table, paths from a table of routes."""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Final

from service.api import openapi_connection_routes, openapi_routes, openapi_sign_in_routes
from service.api.export_formats import FORMATS
from service.api.openapi_bodies import BODIES
from service.api.openapi_route import PARAMETERS, Route
from service.api.openapi_shapes import Json
from service.dialects import description
from service.dialects.dialect import COLLECTIONS, Collection
from service.dialects.fields import Field
from service.dialects.relations import relations
from service.users.model import Kind

_KINDS: Final[Mapping[Kind, Json]] = {
    "string": {"type": "string"},
    "text": {"type": "string"},
    "uuid": {"type": "string", "format": "uuid"},
    "boolean": {"type": "boolean"},
    "timestamp": {"type": "string", "format": "date-time"},
    "json": {},
    "tags": {"type": "array", "items": {"type": "string"}},
    "hash": {"type": "string"},
    "integer": {"type": "integer"},
}
_ROUTES: Final = (
    *openapi_routes.ROUTES,
    *openapi_connection_routes.ROUTES,
    *openapi_sign_in_routes.ROUTES,
)
_PLACE: Final = re.compile(r"\{(\w+)\}")  # a parameter in a path
_SCHEMAS: Final = frozenset(name.removeprefix("directus_").capitalize() for name in COLLECTIONS)
_EXPORTS: Final = sorted({one.media for one in FORMATS.values()} - {"application/json"})

_ABOUT: Final = """Users, roles, their rules and their history.

Sign in with `POST /auth/login`, and send the `access_token` as `Authorization: Bearer ...`, or a static token
in its place. What is found stands in `data`; what was wrong in `errors`, each with a sentence for people and,
in `extensions.code`, a word for programs. Lists whose question is longer than an address may be are asked for
with the method SEARCH, which stands under `x-search` here."""


def _property(collection: Collection, field: Field) -> Json:
    """What an answer holds: of a relation the other row where `fields` asks for more than its key."""
    schema = dict(_KINDS[field.kind])
    attribute = description.attribute_of(collection.name, field)
    if attribute and attribute.limit:
        schema["maxLength"] = attribute.limit
    if attribute and attribute.choices:
        schema["enum"] = [*attribute.choices, *([None] if attribute.nullable else [])]
    if isinstance(schema.get("type"), str) and description.nullable(collection.name, field):
        schema["type"] = [schema["type"], "null"]
    if field.references is not None and field.kind == "uuid" and field.references in COLLECTIONS:
        schema = {"oneOf": [schema, _reference(_name(field.references))]}
    if field.guard == "server":
        schema["readOnly"] = True
    return schema


def _object(collection: Collection) -> Json:
    properties = {
        field.cells["rest10"].word: _property(collection, field)
        for field in collection.fields
        if "rest10" in field.cells and field.guard != "hidden"
    }
    for word, relation in relations("rest10", collection.name).items():
        if relation.many:
            key = next(field for field in COLLECTIONS[relation.target].fields if field.name == "id")
            one = {"oneOf": [_KINDS[key.kind], _reference(_name(relation.target))]}
            properties[word] = {"type": "array", "items": one, "readOnly": True}
    return {"type": "object", "properties": properties}


def _name(collection: str) -> str:
    return collection.removeprefix("directus_").capitalize()


def _reference(name: str) -> Json:
    return {"$ref": f"#/components/schemas/{name}"}


def _content(schema: Json, *media: str) -> Json:
    return {one: {"schema": schema} for one in media or ("application/json",)}


def _writes(route: Route) -> bool:
    """Whether it answers with rows that were written, or with nothing where they may not be read."""
    return route.method in ("post", "patch") and route.answer in _SCHEMAS


def _responses(route: Route) -> Json:
    responses: Json = {}
    if route.answer is not None or route.media is not None:
        responses["200"] = {"description": "The answer.", "content": _answer(route)}
    if route.status is not None:
        responses[str(route.status)] = {"description": "Elsewhere, or nothing new."}
    if not responses or _writes(route):
        responses["204"] = {"description": "Done."}
    if route.path == "/server/health":
        responses["503"] = {"description": "Something does not work.", "content": _answer(route)}
    wrong = {"description": "What was wrong.", "content": _content(_reference("Errors"))}
    return {**responses, "default": wrong}


def _answer(route: Route) -> Json:
    if route.media is not None:
        return _content(_reference(route.answer) if route.answer else {}, route.media)
    one = _reference(str(route.answer))
    schema = {"type": "array", "items": one} if route.many else one
    if route.method == "post" and _writes(route):
        schema = {"oneOf": [one, {"type": "array", "items": one}]}
    envelope: Json = {"type": "object", "required": ["data"], "properties": {"data": schema}}
    if route.many:
        envelope["properties"]["meta"] = {"type": "object"}
    if "export" in route.parameters:
        rows: Json = {"type": "array"}
        return _content({"oneOf": [envelope, rows]}) | _content({}, *_EXPORTS)
    return _content(envelope)


def _parameters(route: Route) -> list[Json]:
    asked = [
        {"name": name, "in": "query", "description": PARAMETERS[name][0], "schema": PARAMETERS[name][1]}
        for name in route.parameters
    ]
    keys = [
        {
            "name": name,
            "in": "path",
            "required": True,
            "schema": _KINDS[route.key if name == "id" else "string"],
        }
        for name in _PLACE.findall(route.path)
    ]
    return [*asked, *keys]


def _operation(route: Route) -> Json:
    path = _PLACE.sub(lambda found: "one" if found[1] == "id" else found[1], route.path)
    operation: Json = {
        "summary": route.summary,
        "tags": [route.tag],
        "operationId": f"{route.method}-{path.strip('/').replace('/', '-')}",
        "responses": _responses(route),
    }
    if parameters := _parameters(route):
        operation["parameters"] = parameters
    if route.body:
        one = _reference(route.body)
        several = route.method == "post" and route.body in _SCHEMAS
        schema = {"oneOf": [one, {"type": "array", "items": one}]} if several else one
        operation["requestBody"] = {"required": True, "content": _content(schema, route.sends)}
    if route.public:
        operation["security"] = []
    return operation


@lru_cache(4)
def document(url: str, version: str) -> Json:
    """The whole document, OpenAPI 3.1; SEARCH, which 3.1 has no place for, stands under `x-search`."""
    paths: dict[str, Json] = {}
    for route in _ROUTES:
        place = "x-search" if route.method == "search" else route.method
        paths.setdefault(route.path, {})[place] = _operation(route)
    return {
        "openapi": "3.1.0",
        "info": {"title": "idbridge", "version": version, "description": _ABOUT},
        "servers": [{"url": url}],
        "paths": paths,
        "components": {
            "schemas": {**{_name(one.name): _object(one) for one in COLLECTIONS.values()}, **BODIES},
            "securitySchemes": {
                "Bearer": {"type": "http", "scheme": "bearer"},
                "Query": {"type": "apiKey", "in": "query", "name": "access_token"},
            },
        },
        "security": [{"Bearer": []}, {"Query": []}],
    }


def routes() -> tuple[tuple[str, str], ...]:
    """Every operation that the document promises, as (method, path): tests walk them."""
    return tuple((route.method, route.path) for route in _ROUTES)
