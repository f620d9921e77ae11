"""What the OpenAPI document promises: its operations, their parameters, and bodies of fixed shape."""

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from service.users.model import Kind

Json = dict[str, Any]

ONE: Final = ("fields", "alias", "deep")
LIST: Final = (*ONE, "filter", "search", "sort", "limit", "offset", "page", "meta", "aggregate", "groupBy")
TURNED: Final = ("limit", "before")
PARAMETERS: Final[Mapping[str, tuple[str, Json]]] = {
    "fields": ("Words of the answer, as CSV or array; `*` is every one.", {"type": "string"}),
    "alias": ("Other names for fields: an object, as JSON or in brackets.", {"type": "string"}),
    "deep": ("Questions about relations to many: an object, as JSON or in brackets.", {"type": "string"}),
    "aggregate": ("Counts and sums: an object, as JSON or in brackets.", {"type": "string"}),
    "groupBy": ("Words to group an aggregate by, as CSV or array.", {"type": "string"}),
    "filter": ("A filter object, as JSON or in brackets.", {"type": "string"}),
    "search": ("A text to be found in any text field.", {"type": "string"}),
    "sort": ("Words to sort by, as CSV; `-` before a word turns its order round.", {"type": "string"}),
    "limit": ("Rows of a page; -1 is all.", {"type": "integer", "minimum": -1, "default": 100}),
    "offset": ("Rows to pass over.", {"type": "integer", "minimum": 0}),
    "before": (
        "The key of the last row that was seen.",
        {"type": "string", "format": "uuid"},
    ),
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
    key: Kind = "uuid"  # of `{id}` in the path


ROUTES: Final = (
    Route("get", "/users", "List users", "Users", "Users", many=True, parameters=LIST),
    Route("post", "/users", "Create one or many", "Users", "Users", "Users", parameters=ONE),
    Route("patch", "/users", "Change many", "Users", "Users", "UsersChange", many=True, parameters=ONE),
    Route("delete", "/users", "Remove many", "Users", None, "Removal"),
    Route("get", "/users/me", "Read the caller", "Users", "Users", parameters=ONE),
    Route("patch", "/users/me", "Change the caller", "Users", "Users", "Users", parameters=ONE),
    Route("patch", "/users/me/track/page", "Note the page that the caller looks at", "Users", None, "Page"),
    Route("get", "/users/{id}", "Read a user", "Users", "Users", parameters=ONE),
    Route("patch", "/users/{id}", "Change a user", "Users", "Users", "Users", parameters=ONE),
    Route("delete", "/users/{id}", "Remove a user", "Users"),
    Route("post", "/users/invite", "Invite by e-mail", "Users", None, "Invite"),
    Route("get", "/users/invite", "List invitations", "Users", "Invitation", many=True, parameters=TURNED),
    Route("post", "/users/invite/{id}/resend", "Send an invitation again", "Users", "Key"),
    Route("delete", "/users/invite/{id}", "Withdraw an invitation", "Users"),
    Route("post", "/users/invite/accept", "Accept an invitation", "Users", None, "Accept", public=True),
    Route("post", "/users/register", "Register with an e-mail", "Users", None, "Register", public=True),
    Route("get", "/users/register/verify-email", "Prove the e-mail", "Users", public=True),
    Route("post", "/users/me/tfa/generate", "Make a secret", "Two-factor", "Secret", "Password"),
    Route("post", "/users/me/tfa/enable", "Ask for codes from now on", "Two-factor", None, "Factor"),
    Route("post", "/users/me/tfa/disable", "Ask for no codes any more", "Two-factor", None, "Code"),
    Route(
        "post",
        "/users/me/tfa/recovery-codes",
        "Codes for a lost telephone",
        "Two-factor",
        "Codes",
        "Password",
    ),
    Route("post", "/users/{id}/tfa/disable", "Take a second factor away", "Two-factor"),
    Route("get", "/letters", "List letters", "Letters", "Letter", many=True, parameters=TURNED),
    Route("get", "/letters/{id}", "Read a letter", "Letters", "Letter"),
    Route("post", "/letters/{id}/resend", "Send a letter again", "Letters", "Letter"),
    Route("post", "/letters/{id}/cancel", "Cancel a letter that waits", "Letters", "Letter"),
    Route("get", "/roles", "List roles", "Roles", "Roles", many=True, parameters=LIST),
    Route("post", "/roles", "Create one or many", "Roles", "Roles", "Roles", parameters=ONE),
    Route("patch", "/roles", "Change many", "Roles", "Roles", "RolesChange", many=True, parameters=ONE),
    Route("delete", "/roles", "Remove many; their users are suspended", "Roles", None, "Removal"),
    Route("get", "/roles/{id}", "Read a role", "Roles", "Roles", parameters=ONE),
    Route("patch", "/roles/{id}", "Change a role", "Roles", "Roles", "Roles", parameters=ONE),
    Route("delete", "/roles/{id}", "Remove a role; its users are suspended", "Roles"),
    Route("get", "/roles/me", "The caller's roles, by their keys", "Roles", "Roles", many=True),
    Route("get", "/permissions", "List rules", "Permissions", "Permissions", many=True, parameters=LIST),
    Route(
        "post",
        "/permissions",
        "Create one or many",
        "Permissions",
        "Permissions",
        "Permissions",
        parameters=ONE,
    ),
    Route(
        "patch",
        "/permissions",
        "Change many",
        "Permissions",
        "Permissions",
        "PermissionsChange",
        many=True,
        parameters=ONE,
    ),
    Route("delete", "/permissions", "Remove many", "Permissions", None, "NumberedRemoval"),
    Route("get", "/permissions/me", "What the caller may do", "Permissions", "Accesses"),
    Route(
        "get", "/permissions/{id}", "Read a rule", "Permissions", "Permissions", parameters=ONE, key="integer"
    ),
    Route(
        "patch",
        "/permissions/{id}",
        "Change a rule",
        "Permissions",
        "Permissions",
        "Permissions",
        parameters=ONE,
        key="integer",
    ),
    Route("delete", "/permissions/{id}", "Remove a rule", "Permissions", key="integer"),
    Route("get", "/activity", "List what happened", "Activity", "Activity", many=True, parameters=LIST),
    Route("get", "/activity/{id}", "Read one", "Activity", "Activity", parameters=ONE, key="integer"),
    Route("get", "/revisions", "List revisions", "Revisions", "Revisions", many=True, parameters=LIST),
    Route("get", "/revisions/{id}", "Read one", "Revisions", "Revisions", parameters=ONE, key="integer"),
    Route("post", "/utils/revert/{id}", "Go back to a revision", "Revisions", key="integer"),
    Route(
        "get", "/connections", "List connections", "Connections", "Connections", many=True, parameters=LIST
    ),
    Route("post", "/connections", "Create a connection", "Connections", "Connections", "Connections"),
    Route("get", "/connections/{id}", "Read a connection", "Connections", "Connections", parameters=ONE),
    Route("patch", "/connections/{id}", "Change a connection", "Connections", "Connections", "Connections"),
    Route("delete", "/connections/{id}", "Remove a connection; its users stay", "Connections"),
    Route(
        "get",
        "/connections/{id}/tokens",
        "List its tokens and client secrets",
        "Connections",
        "Connection_tokens",
        many=True,
        parameters=LIST,
    ),
    Route(
        "post",
        "/connections/{id}/tokens",
        "Make a token or a client secret",
        "Connections",
        "IssuedToken",
        "NewToken",
    ),
    Route("delete", "/connections/{id}/tokens/{token}", "Revoke one", "Connections"),
    Route(
        "get",
        "/connections/{id}/log",
        "What it asked, and what to do about failures",
        "Connections",
        "Sync_log",
        many=True,
        parameters=LIST,
    ),
    Route("post", "/auth/login", "Sign in", "Authentication", "Tokens", "Login", public=True),
    Route("post", "/auth/refresh", "Refresh the tokens", "Authentication", "Tokens", "Refresh", public=True),
    Route("post", "/auth/logout", "Sign out", "Authentication", None, "Refresh", public=True),
    Route(
        "post", "/auth/password/request", "Ask for a letter", "Authentication", None, "Forgotten", public=True
    ),
    Route(
        "post", "/auth/password/reset", "Set a new password", "Authentication", None, "Accept", public=True
    ),
    Route("get", "/auth", "List the providers", "Authentication", "Providers", public=True),
    Route("get", "/server/info", "What a client may know", "Server", "Info", public=True),
)
_TEXT: Final[Json] = {"type": "string"}
_MODE: Final[Json] = {"type": "string", "enum": ["cookie", "json", "session"]}
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


_INVITED: Final = ("issued_at", "expires_at", "used_at", "voided_at")
_POSTED: Final = ("next_at", "created_at", "expires_at", "sent_at")
_LETTER: Final = (
    *("kind", "status", "recipient", "last_code", "last_reason", "accepted_reply", "message_id"),
    "attempts",
)


def _facts(*words: str, keys: tuple[str, ...] = (), at: tuple[str, ...] = ()) -> Json:
    """An object that we alone write: texts (and `attempts`, a number), keys, moments."""
    number = {"type": "integer"}
    properties: Json = {
        word: number if word == "attempts" else {"type": ["string", "null"]} for word in words
    }
    properties |= {key: {"type": ["string", "null"], "format": "uuid"} for key in keys}
    return {"type": "object", "properties": properties | dict.fromkeys(at, _MOMENT)}


_MOMENT: Final = {"type": ["string", "null"], "format": "date-time"}


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


BODIES: Final[Mapping[str, Json]] = {
    "UsersChange": _change("Users"),
    "RolesChange": _change("Roles"),
    "PermissionsChange": _change("Permissions", _NUMBERS),
    "Removal": _removal(_KEYS),
    "NumberedRemoval": _removal(_NUMBERS),
    "Accesses": {"type": "object", "additionalProperties": {"type": "object"}},
    "NewToken": _closed(
        (),
        kind={"type": "string", "enum": ["token", "secret"], "default": "token"},
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
    "Letter": _facts(
        *_LETTER, keys=("id", "reference"), at=("next_at", "created_at", "expires_at", "sent_at")
    ),
    "Key": _facts(keys=("id",)),
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
