"""The OpenAPI document of generation 10: schemas from the field table, paths from the table below."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final

import msgspec

from service.dialects.dialect import COLLECTIONS, Collection
from service.dialects.fields import Field
from service.users.model import ATTRIBUTES, Kind

Json = dict[str, Any]

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
_LIST: Final = ("fields", "filter", "search", "sort", "limit", "offset", "page", "meta")
_ONE: Final = ("fields",)
_PARAMETERS: Final[Mapping[str, tuple[str, Json]]] = {
    "fields": ("Words of the answer, as CSV or array; `*` is every one.", {"type": "string"}),
    "filter": ("A filter object, as JSON or in brackets.", {"type": "string"}),
    "search": ("A text to be found in any text field.", {"type": "string"}),
    "sort": ("Words to sort by, as CSV; `-` before a word turns its order round.", {"type": "string"}),
    "limit": ("Rows of a page; -1 is all.", {"type": "integer", "minimum": -1, "default": 100}),
    "offset": ("Rows to pass over.", {"type": "integer", "minimum": 0}),
    "page": ("The page, counted from 1; wins over offset.", {"type": "integer", "minimum": 1}),
    "meta": ("`total_count`, `filter_count` or `*`.", {"type": "string"}),
}


class Route(msgspec.Struct, frozen=True):
    """One operation: what goes in and what comes out, by the names of schemas."""

    method: str
    path: str
    summary: str
    tag: str
    answer: str | None = None  # None: 204
    body: str | None = None
    many: bool = False
    parameters: tuple[str, ...] = ()
    public: bool = False


_ROUTES: Final = (
    Route("get", "/users", "List users", "Users", "Users", many=True, parameters=_LIST),
    Route(
        "post", "/users", "Create a user, or many from an array", "Users", "Users", "Users", parameters=_ONE
    ),
    Route("get", "/users/me", "Read the caller", "Users", "Users", parameters=_ONE),
    Route("patch", "/users/me", "Change the caller", "Users", "Users", "Users", parameters=_ONE),
    Route("get", "/users/{id}", "Read a user", "Users", "Users", parameters=_ONE),
    Route("patch", "/users/{id}", "Change a user", "Users", "Users", "Users", parameters=_ONE),
    Route("delete", "/users/{id}", "Remove a user", "Users"),
    Route("post", "/users/invite", "Invite by e-mail", "Users", None, "Invite"),
    Route("post", "/users/invite/accept", "Accept an invitation", "Users", None, "Accept", public=True),
    Route("get", "/roles", "List roles", "Roles", "Roles", many=True, parameters=_LIST),
    Route(
        "post", "/roles", "Create a role, or many from an array", "Roles", "Roles", "Roles", parameters=_ONE
    ),
    Route("get", "/roles/{id}", "Read a role", "Roles", "Roles", parameters=_ONE),
    Route("post", "/auth/login", "Sign in", "Authentication", "Tokens", "Login", public=True),
    Route("post", "/auth/refresh", "Refresh the tokens", "Authentication", "Tokens", "Refresh", public=True),
    Route("post", "/auth/logout", "Sign out", "Authentication", None, "Refresh", public=True),
    Route("get", "/auth", "List the providers", "Authentication", "Providers", public=True),
    Route("get", "/server/info", "What a client may know", "Server", "Info", public=True),
)
_TEXT: Final[Json] = {"type": "string"}
_BODIES: Final[Mapping[str, Json]] = {
    "Invite": {
        "type": "object",
        "required": ["email", "role"],
        "additionalProperties": False,
        "properties": {
            "email": {"oneOf": [_TEXT, {"type": "array", "items": _TEXT}]},
            "role": {"type": "string", "format": "uuid"},
            "invite_url": {"type": "string", "format": "uri"},
        },
    },
    "Accept": {
        "type": "object",
        "required": ["token", "password"],
        "additionalProperties": False,
        "properties": {"token": _TEXT, "password": {"type": "string", "minLength": 8, "maxLength": 128}},
    },
    "Login": {
        "type": "object",
        "required": ["email", "password"],
        "additionalProperties": False,
        "properties": {
            "email": _TEXT,
            "password": _TEXT,
            "otp": _TEXT,
            "mode": {"type": "string", "enum": ["cookie", "json"]},
        },
    },
    "Refresh": {
        "type": "object",
        "additionalProperties": False,
        "properties": {"refresh_token": _TEXT, "mode": {"type": "string", "enum": ["cookie", "json"]}},
    },
    "Tokens": {
        "type": "object",
        "required": ["access_token", "expires"],
        "properties": {
            "access_token": _TEXT,
            "expires": {"type": "integer", "description": "Milliseconds."},
            "refresh_token": _TEXT,
        },
    },
    "Providers": {
        "type": "array",
        "items": {
            "type": "object",
            "properties": dict.fromkeys(("name", "label", "driver", "icon"), _TEXT),
        },
    },
    "Info": {"type": "object", "properties": {"project": {"type": "object"}}},
    "Errors": {
        "type": "object",
        "required": ["errors"],
        "properties": {
            "errors": {
                "type": "array",
                "items": {
                    "type": "object",
                    "required": ["message", "extensions"],
                    "properties": {
                        "message": _TEXT,
                        "extensions": {"type": "object", "properties": {"code": _TEXT}},
                    },
                },
            }
        },
    },
}


def _property(field: Field) -> Json:
    schema = dict(_KINDS[field.kind])
    attribute = ATTRIBUTES.get(field.alias_of or field.name)
    if attribute and attribute.limit:
        schema["maxLength"] = attribute.limit
    if attribute and attribute.choices:
        schema["enum"] = [*attribute.choices, *([None] if attribute.nullable else [])]
    if isinstance(schema["type"], str) and (attribute is None or attribute.nullable):
        schema["type"] = [schema["type"], "null"]
    if field.guard == "server":
        schema["readOnly"] = True
    return schema


def _object(collection: Collection) -> Json:
    properties = {
        field.cells["rest10"].word: _property(field)
        for field in collection.fields
        if "rest10" in field.cells and field.guard != "hidden"
    }
    return {"type": "object", "properties": properties}


def _reference(name: str) -> Json:
    return {"$ref": f"#/components/schemas/{name}"}


def _content(schema: Json) -> Json:
    return {"application/json": {"schema": schema}}


def _answer(route: Route) -> Json:
    if route.answer is None:
        return {"204": {"description": "Done."}}
    one = _reference(route.answer)
    creates = route.method == "post" and route.answer in ("Users", "Roles")
    schema = {"type": "array", "items": one} if route.many else one
    if creates:
        schema = {"oneOf": [one, {"type": "array", "items": one}]}
    envelope: Json = {"type": "object", "required": ["data"], "properties": {"data": schema}}
    if route.many:
        envelope["properties"]["meta"] = {"type": "object"}
    return {"200": {"description": "The answer.", "content": _content(envelope)}}


def _operation(route: Route) -> Json:
    parameters: list[Json] = [
        {"name": name, "in": "query", "description": _PARAMETERS[name][0], "schema": _PARAMETERS[name][1]}
        for name in route.parameters
    ]
    if "{id}" in route.path:
        parameters.append({"name": "id", "in": "path", "required": True, "schema": _KINDS["uuid"]})
    operation: Json = {
        "summary": route.summary,
        "tags": [route.tag],
        "operationId": f"{route.method}-{route.path.strip('/').replace('/', '-').replace('{id}', 'one')}",
        "responses": {
            **_answer(route),
            "default": {"description": "What was wrong.", "content": _content(_reference("Errors"))},
        },
    }
    if parameters:
        operation["parameters"] = parameters
    if route.body:
        one = _reference(route.body)
        creates = route.method == "post" and route.body in ("Users", "Roles")
        schema = {"oneOf": [one, {"type": "array", "items": one}]} if creates else one
        operation["requestBody"] = {"required": True, "content": _content(schema)}
    if route.public:
        operation["security"] = []
    return operation


@lru_cache(4)
def document(url: str, version: str) -> Json:
    """The whole document, OpenAPI 3.1."""
    paths: dict[str, Json] = {}
    for route in _ROUTES:
        paths.setdefault(route.path, {})[route.method] = _operation(route)
    schemas = {
        "Users": _object(COLLECTIONS["directus_users"]),
        "Roles": _object(COLLECTIONS["directus_roles"]),
        **_BODIES,
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
    return tuple((route.method, route.path) for route in _ROUTES)
