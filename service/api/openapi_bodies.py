"""Bodies of fixed shape, as schemas of the OpenAPI document."""

from collections.abc import Mapping
from typing import Any, Final

Json = dict[str, Any]

_TEXT: Final[Json] = {"type": "string"}
_SAID: Final[Json] = {"type": "string", "minLength": 1, "maxLength": 8192}
_MODE: Final[Json] = {"type": "string", "enum": ["cookie", "json", "session"]}
_NAME: Final[Json] = {"type": "string", "minLength": 1, "maxLength": 100}
_CREDENTIAL: Final[Json] = {"type": "object", "description": "What the browser answers, in WebAuthn's JSON."}
_URI: Final[Json] = {"type": "string", "format": "uri"}
_KEYS: Final[Json] = {"type": "array", "maxItems": 1000, "items": {"type": "string", "format": "uuid"}}
_NUMBERS: Final[Json] = {"type": "array", "maxItems": 1000, "items": {"type": "integer"}}
_QUERY: Final[Json] = {
    "type": "object",
    "description": "The question that finds them.",
    "additionalProperties": False,
    "properties": {
        "filter": {"type": "object"},
        "search": _TEXT,
        "sort": {"type": "array", "items": _TEXT},
        "limit": {"type": "integer", "minimum": -1, "default": 100},
        "offset": {"type": "integer", "minimum": 0},
        "page": {"type": "integer", "minimum": 1},
    },
}


def _closed(required: tuple[str, ...], **properties: Json) -> Json:
    return {
        "type": "object",
        "required": list(required),
        "additionalProperties": False,
        "properties": properties,
    }


def _change(name: str, keys: Json = _KEYS) -> Json:
    """All alike by keys or by a query, or each in an array of objects with ids."""
    one = {"$ref": f"#/components/schemas/{name}"}
    return {
        "oneOf": [
            _closed(("keys", "data"), keys=keys, data=one),
            _closed(("query", "data"), query=_QUERY, data=one),
            {"type": "array", "maxItems": 1000, "items": {"allOf": [one, {"required": ["id"]}]}},
        ]
    }


def _removal(keys: Json) -> Json:
    """An array of keys, keys, or a query."""
    return {"oneOf": [keys, _closed(("keys",), keys=keys), _closed(("query",), query=_QUERY)]}


_INVITED: Final = ("issued_at", "expires_at", "used_at", "voided_at")
_POSTED: Final = ("next_at", "created_at", "expires_at", "sent_at")
_LETTER: Final = (
    *("kind", "status", "recipient", "last_code", "last_reason", "accepted_reply", "message_id"),
    "attempts",
)
_MOMENT: Final[Json] = {"type": ["string", "null"], "format": "date-time"}


def _facts(*words: str, keys: tuple[str, ...] = (), at: tuple[str, ...] = ()) -> Json:
    """An object that we alone write: texts (and `attempts`, a number), keys, moments."""
    number = {"type": "integer"}
    properties: Json = {
        word: number if word == "attempts" else {"type": ["string", "null"]} for word in words
    }
    properties |= {key: {"type": ["string", "null"], "format": "uuid"} for key in keys}
    return {"type": "object", "properties": properties | dict.fromkeys(at, _MOMENT)}


BODIES: Final[Mapping[str, Json]] = {
    "UsersChange": _change("Users"),
    "RolesChange": _change("Roles"),
    "FilesChange": _change("Files"),
    "PermissionsChange": _change("Permissions", _NUMBERS),
    "Removal": _removal(_KEYS),
    "NumberedRemoval": _removal(_NUMBERS),
    "Accesses": {"type": "object", "additionalProperties": {"type": "object"}},
    "Remark": _closed(
        ("collection", "item", "comment"),
        collection={"type": "string", "enum": ["directus_files", "directus_roles", "directus_users"]},
        item={"type": ["string", "integer"]},
        comment=_SAID,
    ),
    "Said": _closed(("comment",), comment=_SAID),
    "Page": _closed(("last_page",), last_page={"type": "string", "minLength": 1, "maxLength": 255}),
    "Invite": {
        "type": "object",
        "required": ["email", "role"],
        "additionalProperties": False,
        "properties": {
            "email": {"oneOf": [_TEXT, {"type": "array", "items": _TEXT}]},
            "role": {"type": "string", "format": "uuid"},
            "invite_url": {"type": "string", "format": "uri"},
            "message": {"type": "string", "maxLength": 2000},
        },
    },
    "Invitation": _facts("email", "status", "url", "message", keys=("id", "user", "invited_by"), at=_INVITED),
    "Letter": _facts(*_LETTER, keys=("id", "reference"), at=_POSTED),
    "Project": _facts("name", "title", "timezone"),
    "NewProject": _closed(
        ("name",),
        name={"type": "string", "minLength": 1, "maxLength": 63},
        title={"type": "string", "minLength": 1, "maxLength": 255},
        timezone={"type": "string", "minLength": 1, "maxLength": 255},
    ),
    "Key": _facts(keys=("id",)),
    "GroupRoles": {
        "type": "array",
        "maxItems": 1000,
        "items": _closed(
            ("group", "role"),
            group={"type": "string", "minLength": 1, "maxLength": 256},
            role={"type": "string", "format": "uuid"},
            administers={"type": "boolean", "default": False},
        ),
    },
    "NewToken": _closed(
        (),
        kind={"type": "string", "enum": ["token", "secret", "receiver"], "default": "token"},
        name={"type": "string", "maxLength": 100},
        expires_at={"type": "string", "format": "date-time"},
    ),
    "IssuedToken": {
        "type": "object",
        "description": "`token` or `secret` is shown in this answer alone.",
        "properties": {
            name: {"type": ["string", "null"]}
            for name in (
                *("id", "kind", "name", "token", "secret", "hint", "expires_at"),
                *("base_url", "client_id", "token_url"),
            )
        },
    },
    "Accept": {
        "type": "object",
        "required": ["token", "password"],
        "additionalProperties": False,
        "properties": {"token": _TEXT, "password": {"type": "string", "minLength": 8, "maxLength": 128}},
    },
    "Register": _closed(
        ("email", "password"),
        email=_TEXT,
        password={"type": "string", "minLength": 8, "maxLength": 128},
        first_name=_TEXT,
        last_name=_TEXT,
        verification_url=_URI,
    ),
    "Forgotten": _closed(("email",), email=_TEXT, reset_url=_URI),
    "Password": _closed(("password",), password=_TEXT),
    "Code": _closed(("otp",), otp=_TEXT),
    "DirectoryLogin": _closed(
        ("identifier", "password"), identifier=_TEXT, password=_TEXT, otp=_TEXT, mode=_MODE
    ),
    "OwedCode": _closed(("otp",), otp=_TEXT, mode=_MODE),
    "Arrival": {"type": "object", "additionalProperties": _TEXT},
    "Factor": {
        "oneOf": [
            _closed(("secret", "otp"), secret=_TEXT, otp=_TEXT),
            _closed(("password",), password=_TEXT),
        ]
    },
    "Secret": {"type": "object", "properties": {"secret": _TEXT, "otpauth_url": _TEXT}},
    "Codes": {"type": "object", "properties": {"codes": {"type": "array", "items": _TEXT}}},
    "Login": {
        "type": "object",
        "required": ["email", "password"],
        "additionalProperties": False,
        "properties": {
            "email": _TEXT,
            "password": _TEXT,
            "otp": _TEXT,
            "mode": _MODE,
        },
    },
    "Refresh": {
        "type": "object",
        "additionalProperties": False,
        "properties": {"refresh_token": _TEXT, "mode": _MODE},
    },
    "Session": {
        "type": "object",
        "properties": {
            "id": {"type": "string", "format": "uuid"},
            "provider": _TEXT,
            "ip": {"type": ["string", "null"]},
            "user_agent": {"type": ["string", "null"]},
            **dict.fromkeys(("created_at", "used_at", "expires_at"), _MOMENT),
            "current": {"type": "boolean"},
        },
    },
    "Identity": {
        "type": "object",
        "properties": {
            **dict.fromkeys(("id", "provider", "external_identifier"), _TEXT),
            "email": {"type": ["string", "null"]},
            **dict.fromkeys(("linked_at", "last_used_at"), _MOMENT),
            "primary": {"type": "boolean"},
        },
    },
    "Passkey": {
        "type": "object",
        "properties": {
            "id": {"type": "string", "format": "uuid"},
            "name": _TEXT,
            "created_at": _MOMENT,
            "last_used_at": _MOMENT,
            "backed_up": {"type": "boolean"},
            "transports": {"type": "array", "items": _TEXT},
        },
    },
    "PasskeyQuestion": {
        "type": "object",
        "description": "WebAuthn's options in JSON, for `navigator.credentials`.",
        "required": ["challenge"],
        "properties": {"challenge": _TEXT},
    },
    "NewPasskey": _closed(("credential",), credential=_CREDENTIAL, name=_NAME),
    "PasskeyAnswer": _closed(("credential",), credential=_CREDENTIAL, mode=_MODE),
    "PasskeyName": _closed(("name",), name=_NAME),
    "Proof": _closed((), password=_TEXT),
    "Nothing": _closed(()),
    "Link": _closed(("provider",), provider=_TEXT, password=_TEXT, redirect=_URI),
    "Logout": _closed((), refresh_token=_TEXT, mode=_MODE, redirect=_URI),
    "Farewell": {"type": "object", "properties": {"redirect": _URI}},
    "LogoutToken": _closed(("logout_token",), logout_token=_TEXT),
    "Tokens": {
        "type": "object",
        "required": ["expires"],
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
    "Upload": {
        "type": "object",
        "required": ["file"],
        "description": "Fields belong to the file that comes after them.",
        "properties": {
            "title": _TEXT,
            "description": _TEXT,
            "file": {"type": "string", "contentMediaType": "application/octet-stream"},
        },
    },
    "Search": {
        "type": "object",
        "additionalProperties": False,
        "properties": {"query": {"type": "object", "description": "The parameters of a list, as JSON."}},
    },
    "Described": {
        "type": "object",
        "required": ["collection"],
        "properties": {
            "collection": _TEXT,
            "field": _TEXT,
            "type": _TEXT,
            "related_collection": _TEXT,
            "schema": {"type": ["object", "null"]},
            "meta": {"type": ["object", "null"]},
        },
    },
    "Info": {
        "type": "object",
        "required": ["project"],
        "properties": {
            "project": {
                "type": "object",
                "required": ["project_name"],
                "properties": {"project_name": _TEXT},
            },
            "version": _TEXT,
            "queryLimit": {
                "type": "object",
                "properties": {"default": {"type": "integer"}, "max": {"type": "integer"}},
            },
        },
    },
    "Health": {
        "type": "object",
        "required": ["status"],
        "properties": {"status": {"type": "string", "enum": ["ok", "error"]}},
    },
    "Errors": {
        "type": "object",
        "required": ["errors"],
        "examples": [
            {
                "errors": [
                    {
                        "message": "Invalid user credentials.",
                        "extensions": {"code": "INVALID_CREDENTIALS"},
                    }
                ]
            }
        ],
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
