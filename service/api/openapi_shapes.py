"""What the OpenAPI document's schemas are made of: texts, keys, and objects of a few recurring shapes."""

from typing import Any, Final

Json = dict[str, Any]

TEXT: Final[Json] = {"type": "string"}
SAID: Final[Json] = {"type": "string", "minLength": 1, "maxLength": 8192}
MODE: Final[Json] = {"type": "string", "enum": ["cookie", "json", "session"]}
NAME: Final[Json] = {"type": "string", "minLength": 1, "maxLength": 100}
CREDENTIAL: Final[Json] = {"type": "object", "description": "What the browser answers, in WebAuthn's JSON."}
URI: Final[Json] = {"type": "string", "format": "uri"}
KEYS: Final[Json] = {"type": "array", "maxItems": 1000, "items": {"type": "string", "format": "uuid"}}
NUMBERS: Final[Json] = {"type": "array", "maxItems": 1000, "items": {"type": "integer"}}
_QUERY: Final[Json] = {
    "type": "object",
    "description": "The question that finds them.",
    "additionalProperties": False,
    "properties": {
        "filter": {"type": "object"},
        "search": TEXT,
        "sort": {"type": "array", "items": TEXT},
        "limit": {"type": "integer", "minimum": -1, "default": 100},
        "offset": {"type": "integer", "minimum": 0},
        "page": {"type": "integer", "minimum": 1},
    },
}


def closed(required: tuple[str, ...], **properties: Json) -> Json:
    """An object with these properties and no others."""
    return {
        "type": "object",
        "required": list(required),
        "additionalProperties": False,
        "properties": properties,
    }


def change(name: str, keys: Json = KEYS) -> Json:
    """All alike by keys or by a query, or each in an array of objects with ids."""
    one = {"$ref": f"#/components/schemas/{name}"}
    return {
        "oneOf": [
            closed(("keys", "data"), keys=keys, data=one),
            closed(("query", "data"), query=_QUERY, data=one),
            {"type": "array", "maxItems": 1000, "items": {"allOf": [one, {"required": ["id"]}]}},
        ]
    }


def removal(keys: Json) -> Json:
    """An array of keys, keys, or a query."""
    return {"oneOf": [keys, closed(("keys",), keys=keys), closed(("query",), query=_QUERY)]}


MOMENT: Final[Json] = {"type": ["string", "null"], "format": "date-time"}


def facts(*words: str, keys: tuple[str, ...] = (), at: tuple[str, ...] = ()) -> Json:
    """An object that we alone write: texts (and `attempts`, a number), keys, moments."""
    number = {"type": "integer"}
    properties: Json = {
        word: number if word == "attempts" else {"type": ["string", "null"]} for word in words
    }
    properties |= {key: {"type": ["string", "null"], "format": "uuid"} for key in keys}
    return {"type": "object", "properties": properties | dict.fromkeys(at, MOMENT)}
