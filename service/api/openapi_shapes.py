"""What the OpenAPI document's schemas are made of: texts, keys, and objects of a few recurring shapes."""

from typing import Any, Final

Json = dict[str, Any]

TEXT: Final[Json] = {"type": "string"}
TEXT_OR_NULL: Final[Json] = {"type": ["string", "null"]}
SAID: Final[Json] = {"type": "string", "minLength": 1, "maxLength": 8192}
NAME: Final[Json] = {"type": "string", "minLength": 1, "maxLength": 100}
NEW_PASSWORD: Final[Json] = {"type": "string", "minLength": 8, "maxLength": 128}
MODE: Final[Json] = {"type": "string", "enum": ["cookie", "json", "session"]}
URI: Final[Json] = {"type": "string", "format": "uri"}
KEY: Final[Json] = {"type": "string", "format": "uuid"}
_KEY_OR_NULL: Final[Json] = {**KEY, "type": ["string", "null"]}
MOMENT: Final[Json] = {"type": ["string", "null"], "format": "date-time"}
NUMBER: Final[Json] = {"type": "integer"}
TRUTH: Final[Json] = {"type": "boolean"}
CREDENTIAL: Final[Json] = {"type": "object", "description": "What the browser answers, in WebAuthn's JSON."}


def listed(one: Json, most: int | None = None) -> Json:
    """An array of these."""
    return {"type": "array", **({} if most is None else {"maxItems": most}), "items": one}


KEYS: Final = listed(KEY, 1000)
NUMBERS: Final = listed(NUMBER, 1000)
_QUERY: Final[Json] = {
    "type": "object",
    "description": "The question that finds them.",
    "additionalProperties": False,
    "properties": {
        "filter": {"type": "object"},
        "search": TEXT,
        "sort": listed(TEXT),
        "limit": {"type": "integer", "minimum": -1, "default": 100},
        "offset": {"type": "integer", "minimum": 0},
        "page": {"type": "integer", "minimum": 1},
    },
}


def shape(*required: str, **properties: Json) -> Json:
    """An object with these properties, and perhaps others."""
    return {
        "type": "object",
        **({"required": list(required)} if required else {}),
        "properties": properties,
    }


def closed(required: tuple[str, ...], **properties: Json) -> Json:
    """An object with these properties and no others."""
    return {**shape(*required, **properties), "additionalProperties": False}


def change(name: str, keys: Json = KEYS) -> Json:
    """All alike by keys or by a query, or each in an array of objects with ids."""
    one = {"$ref": f"#/components/schemas/{name}"}
    return {
        "oneOf": [
            closed(("keys", "data"), keys=keys, data=one),
            closed(("query", "data"), query=_QUERY, data=one),
            listed({"allOf": [one, {"required": ["id"]}]}, 1000),
        ]
    }


def removal(keys: Json) -> Json:
    """An array of keys, keys, or a query."""
    return {"oneOf": [keys, closed(("keys",), keys=keys), closed(("query",), query=_QUERY)]}


def facts(
    *words: str, keys: tuple[str, ...] = (), at: tuple[str, ...] = (), numbers: tuple[str, ...] = ()
) -> Json:
    """An object that we alone write: texts, keys, moments and numbers, by their names."""
    return shape(
        **dict.fromkeys(words, TEXT_OR_NULL),
        **dict.fromkeys(keys, _KEY_OR_NULL),
        **dict.fromkeys(at, MOMENT),
        **dict.fromkeys(numbers, NUMBER),
    )
