"""The OpenAPI document of generation 10: schemas from the field table, paths from the table below."""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Final

from service.api.openapi_routes import BODIES, PARAMETERS, ROUTES, Json, Route
from service.dialects.dialect import COLLECTIONS, Collection
from service.dialects.fields import Field
from service.dialects.relations import relations
from service.users.model import ATTRIBUTES, CONNECTION_ATTRIBUTES, ROLE_ATTRIBUTES, Attribute, Kind

_KINDS: Final[Mapping[Kind, Json]] = {
    "string": {"type": "string"},
    "text": {"type": "string"},
    "uuid": {"type": "string", "format": "uuid"},
    "boolean": {"type": "boolean"},
    "timestamp": {"type": "string", "format": "date-time"},
    "json": {"type": ["object", "array", "null"]},
    "tags": {"type": "array", "items": {"type": "string"}},
    "hash": {"type": "string"},
    "integer": {"type": "integer"},
}
_ATTRIBUTES: Final[Mapping[str, Mapping[str, Attribute]]] = {
    "directus_users": ATTRIBUTES,
    "directus_roles": ROLE_ATTRIBUTES,
    "directus_connections": CONNECTION_ATTRIBUTES,
}

_NAMES: Final = re.compile(r"\{(\w+)\}")  # of parameters in a path


def _property(field: Field, attributes: Mapping[str, Attribute]) -> Json:
    schema = dict(_KINDS[field.kind])
    attribute = attributes.get(field.alias_of or field.name)
    if attribute and attribute.limit:
        schema["maxLength"] = attribute.limit
    if attribute and attribute.choices:
        schema["enum"] = [*attribute.choices, *([None] if attribute.nullable else [])]
    nullable = attribute.nullable if attribute else field.name != "id"
    if isinstance(schema["type"], str) and nullable:
        schema["type"] = [schema["type"], "null"]
    if field.guard == "server":
        schema["readOnly"] = True
    return schema


def _object(collection: Collection) -> Json:
    properties = {
        field.cells["rest10"].word: _property(field, _ATTRIBUTES.get(collection.name, {}))
        for field in collection.fields
        if "rest10" in field.cells and field.guard != "hidden"
    }
    for word, relation in relations("rest10", collection.name).items():
        if relation.many:
            key = next(field for field in COLLECTIONS[relation.target].fields if field.name == "id")
            properties[word] = {"type": "array", "items": _KINDS[key.kind], "readOnly": True}
    return {"type": "object", "properties": properties}


def _reference(name: str) -> Json:
    return {"$ref": f"#/components/schemas/{name}"}


def _content(schema: Json) -> Json:
    return {"application/json": {"schema": schema}}


def _answer(route: Route) -> Json:
    if route.answer is None:
        return {"204": {"description": "Done."}}
    one = _reference(route.answer)
    creates = route.method == "post" and route.answer in ("Users", "Roles", "Permissions")
    schema = {"type": "array", "items": one} if route.many else one
    if creates:
        schema = {"oneOf": [one, {"type": "array", "items": one}]}
    envelope: Json = {"type": "object", "required": ["data"], "properties": {"data": schema}}
    if route.many:
        envelope["properties"]["meta"] = {"type": "object"}
    return {"200": {"description": "The answer.", "content": _content(envelope)}}


def _operation(route: Route) -> Json:
    parameters: list[Json] = [
        {"name": name, "in": "query", "description": PARAMETERS[name][0], "schema": PARAMETERS[name][1]}
        for name in route.parameters
    ]
    for name in _NAMES.findall(route.path):
        parameters.append({"name": name, "in": "path", "required": True, "schema": _KINDS[route.key]})
    operation: Json = {
        "summary": route.summary,
        "tags": [route.tag],
        "operationId": f"{route.method}-{_NAMES.sub('one', route.path.strip('/').replace('/', '-'))}",
        "responses": {
            **_answer(route),
            "default": {"description": "What was wrong.", "content": _content(_reference("Errors"))},
        },
    }
    if parameters:
        operation["parameters"] = parameters
    if route.body:
        one = _reference(route.body)
        creates = route.method == "post" and route.body in ("Users", "Roles", "Permissions")
        schema = {"oneOf": [one, {"type": "array", "items": one}]} if creates else one
        operation["requestBody"] = {"required": True, "content": _content(schema)}
    if route.public:
        operation["security"] = []
    return operation


@lru_cache(4)
def document(url: str, version: str) -> Json:
    """The whole document, OpenAPI 3.1."""
    paths: dict[str, Json] = {}
    for route in ROUTES:
        paths.setdefault(route.path, {})[route.method] = _operation(route)
    schemas = {
        **{
            name.removeprefix("directus_").capitalize(): _object(collection)
            for name, collection in COLLECTIONS.items()
        },
        **BODIES,
    }
    return {
        "openapi": "3.1.0",
        "info": {"title": "idbridge", "version": version},
        "servers": [{"url": url}],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {
                "Bearer": {"type": "http", "scheme": "bearer"},
                "Query": {"type": "apiKey", "in": "query", "name": "access_token"},
            },
        },
        "security": [{"Bearer": []}, {"Query": []}],
    }


def routes() -> tuple[tuple[str, str], ...]:
    """Every operation that the document promises, as (method, path): tests walk them."""
    return tuple((route.method, route.path) for route in ROUTES)
