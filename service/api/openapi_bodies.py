"""Bodies of fixed shape, as schemas of the OpenAPI document."""

from collections.abc import Mapping
from typing import Final

from service.api.openapi_shapes import (
    CREDENTIAL,
    KEYS,
    MODE,
    MOMENT,
    NAME,
    NUMBERS,
    SAID,
    TEXT,
    URI,
    Json,
    change,
    closed,
    facts,
    removal,
)

_INVITED: Final = ("issued_at", "expires_at", "used_at", "voided_at")
_POSTED: Final = ("next_at", "created_at", "expires_at", "sent_at")
_LETTER: Final = (
    *("kind", "status", "recipient", "last_code", "last_reason", "accepted_reply", "message_id"),
    "attempts",
)

BODIES: Final[Mapping[str, Json]] = {
    "UsersChange": change("Users"),
    "RolesChange": change("Roles"),
    "FilesChange": change("Files"),
    "PermissionsChange": change("Permissions", NUMBERS),
    "Removal": removal(KEYS),
    "NumberedRemoval": removal(NUMBERS),
    "Accesses": {"type": "object", "additionalProperties": {"type": "object"}},
    "Text": TEXT,
    "Verdict": {"type": "boolean"},
    "Hashing": closed(("string",), string=SAID),
    "Comparing": closed(("string", "hash"), string=SAID, hash=SAID),
    "Remark": closed(
        ("collection", "item", "comment"),
        collection={"type": "string", "enum": ["directus_files", "directus_roles", "directus_users"]},
        item={"type": ["string", "integer"]},
        comment=SAID,
    ),
    "Said": closed(("comment",), comment=SAID),
    "Page": closed(("last_page",), last_page={"type": "string", "minLength": 1, "maxLength": 255}),
    "Invite": {
        "type": "object",
        "required": ["email", "role"],
        "additionalProperties": False,
        "properties": {
            "email": {"oneOf": [TEXT, {"type": "array", "items": TEXT}]},
            "role": {"type": "string", "format": "uuid"},
            "invite_url": {"type": "string", "format": "uri"},
            "message": {"type": "string", "maxLength": 2000},
        },
    },
    "Invitation": facts("email", "status", "url", "message", keys=("id", "user", "invited_by"), at=_INVITED),
    "Letter": facts(*_LETTER, keys=("id", "reference"), at=_POSTED),
    "Project": facts("name", "title", "timezone"),
    "NewProject": closed(
        ("name",),
        name={"type": "string", "minLength": 1, "maxLength": 63},
        title={"type": "string", "minLength": 1, "maxLength": 255},
        timezone={"type": "string", "minLength": 1, "maxLength": 255},
    ),
    "Key": facts(keys=("id",)),
    "GroupRoles": {
        "type": "array",
        "maxItems": 1000,
        "items": closed(
            ("group", "role"),
            group={"type": "string", "minLength": 1, "maxLength": 256},
            role={"type": "string", "format": "uuid"},
            administers={"type": "boolean", "default": False},
        ),
    },
    "NewToken": closed(
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
        "properties": {"token": TEXT, "password": {"type": "string", "minLength": 8, "maxLength": 128}},
    },
    "Register": closed(
        ("email", "password"),
        email=TEXT,
        password={"type": "string", "minLength": 8, "maxLength": 128},
        first_name=TEXT,
        last_name=TEXT,
        verification_url=URI,
    ),
    "Forgotten": closed(("email",), email=TEXT, reset_url=URI),
    "Password": closed(("password",), password=TEXT),
    "Code": closed(("otp",), otp=TEXT),
    "DirectoryLogin": closed(("identifier", "password"), identifier=TEXT, password=TEXT, otp=TEXT, mode=MODE),
    "OwedCode": closed(("otp",), otp=TEXT, mode=MODE),
    "Arrival": {"type": "object", "additionalProperties": TEXT},
    "Factor": {
        "oneOf": [
            closed(("secret", "otp"), secret=TEXT, otp=TEXT),
            closed(("password",), password=TEXT),
        ]
    },
    "Secret": {"type": "object", "properties": {"secret": TEXT, "otpauth_url": TEXT}},
    "Codes": {"type": "object", "properties": {"codes": {"type": "array", "items": TEXT}}},
    "Login": {
        "type": "object",
        "required": ["email", "password"],
        "additionalProperties": False,
        "properties": {
            "email": TEXT,
            "password": TEXT,
            "otp": TEXT,
            "mode": MODE,
        },
    },
    "Refresh": {
        "type": "object",
        "additionalProperties": False,
        "properties": {"refresh_token": TEXT, "mode": MODE},
    },
    "Session": {
        "type": "object",
        "properties": {
            "id": {"type": "string", "format": "uuid"},
            "provider": TEXT,
            "ip": {"type": ["string", "null"]},
            "user_agent": {"type": ["string", "null"]},
            **dict.fromkeys(("created_at", "used_at", "expires_at"), MOMENT),
            "current": {"type": "boolean"},
        },
    },
    "Identity": {
        "type": "object",
        "properties": {
            **dict.fromkeys(("id", "provider", "external_identifier"), TEXT),
            "email": {"type": ["string", "null"]},
            **dict.fromkeys(("linked_at", "last_used_at"), MOMENT),
            "primary": {"type": "boolean"},
        },
    },
    "Passkey": {
        "type": "object",
        "properties": {
            "id": {"type": "string", "format": "uuid"},
            "name": TEXT,
            "created_at": MOMENT,
            "last_used_at": MOMENT,
            "backed_up": {"type": "boolean"},
            "transports": {"type": "array", "items": TEXT},
        },
    },
    "PasskeyQuestion": {
        "type": "object",
        "description": "WebAuthn's options in JSON, for `navigator.credentials`.",
        "required": ["challenge"],
        "properties": {"challenge": TEXT},
    },
    "NewPasskey": closed(("credential",), credential=CREDENTIAL, name=NAME),
    "PasskeyAnswer": closed(("credential",), credential=CREDENTIAL, mode=MODE),
    "PasskeyName": closed(("name",), name=NAME),
    "Proof": closed((), password=TEXT),
    "Nothing": closed(()),
    "Link": closed(("provider",), provider=TEXT, password=TEXT, redirect=URI),
    "Logout": closed((), refresh_token=TEXT, mode=MODE, redirect=URI),
    "Farewell": {"type": "object", "properties": {"redirect": URI}},
    "LogoutToken": closed(("logout_token",), logout_token=TEXT),
    "Tokens": {
        "type": "object",
        "required": ["expires"],
        "properties": {
            "access_token": TEXT,
            "expires": {"type": "integer", "description": "Milliseconds."},
            "refresh_token": TEXT,
        },
    },
    "Providers": {
        "type": "array",
        "items": {
            "type": "object",
            "properties": dict.fromkeys(("name", "label", "driver", "icon"), TEXT),
        },
    },
    "Upload": {
        "type": "object",
        "required": ["file"],
        "description": "Fields belong to the file that comes after them.",
        "properties": {
            "title": TEXT,
            "description": TEXT,
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
            "collection": TEXT,
            "field": TEXT,
            "type": TEXT,
            "related_collection": TEXT,
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
                "properties": {"project_name": TEXT},
            },
            "version": TEXT,
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
                        "message": TEXT,
                        "extensions": {"type": "object", "properties": {"code": TEXT}},
                    },
                },
            }
        },
    },
}
