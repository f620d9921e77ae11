"""Bodies of fixed shape, as schemas of the OpenAPI document."""

from collections.abc import Mapping
from typing import Final

from service.api.openapi_shapes import (
    CREDENTIAL,
    KEY,
    KEYS,
    MODE,
    MOMENT,
    NAME,
    NEW_PASSWORD,
    NUMBER,
    NUMBERS,
    SAID,
    TEXT,
    TEXT_OR_NULL,
    TRUTH,
    URI,
    Json,
    change,
    closed,
    facts,
    listed,
    removal,
    shape,
)

_INVITED: Final = ("issued_at", "expires_at", "used_at", "voided_at")
_POSTED: Final = ("next_at", "created_at", "expires_at", "sent_at")
_LETTER: Final = ("kind", "status", "recipient", "last_code", "last_reason", "accepted_reply", "message_id")
_ISSUED: Final = (
    *("id", "kind", "name", "token", "secret", "hint", "expires_at"),
    *("base_url", "client_id", "token_url"),
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
    "Verdict": TRUTH,
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
    "Invite": closed(
        ("email", "role"),
        email={"oneOf": [TEXT, listed(TEXT)]},
        role=KEY,
        invite_url=URI,
        message={"type": "string", "maxLength": 2000},
    ),
    "Invitation": facts("email", "status", "url", "message", keys=("id", "user", "invited_by"), at=_INVITED),
    "Letter": facts(*_LETTER, keys=("id", "reference"), at=_POSTED, numbers=("attempts",)),
    "Project": facts("name", "title", "timezone"),
    "NewProject": closed(
        ("name",),
        name={"type": "string", "minLength": 1, "maxLength": 63},
        title={"type": "string", "minLength": 1, "maxLength": 255},
        timezone={"type": "string", "minLength": 1, "maxLength": 255},
    ),
    "Key": facts(keys=("id",)),
    "GroupRoles": listed(
        closed(
            ("group", "role"),
            group={"type": "string", "minLength": 1, "maxLength": 256},
            role=KEY,
            administers={"type": "boolean", "default": False},
        ),
        most=1000,
    ),
    "NewToken": closed(
        (),
        kind={"type": "string", "enum": ["token", "secret", "receiver"], "default": "token"},
        name={"type": "string", "maxLength": 100},
        expires_at={"type": "string", "format": "date-time"},
    ),
    "IssuedToken": {
        "description": "`token` or `secret` is shown in this answer alone.",
        **shape(**dict.fromkeys(_ISSUED, TEXT_OR_NULL)),
    },
    "Accept": closed(("token", "password"), token=TEXT, password=NEW_PASSWORD),
    "Register": closed(
        ("email", "password"),
        email=TEXT,
        password=NEW_PASSWORD,
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
    "Secret": shape(secret=TEXT, otpauth_url=TEXT),
    "Codes": shape(codes=listed(TEXT)),
    "Login": closed(("email", "password"), email=TEXT, password=TEXT, otp=TEXT, mode=MODE),
    "Refresh": closed((), refresh_token=TEXT, mode=MODE),
    "Session": shape(
        id=KEY,
        provider=TEXT,
        ip=TEXT_OR_NULL,
        user_agent=TEXT_OR_NULL,
        **dict.fromkeys(("created_at", "used_at", "expires_at"), MOMENT),
        current=TRUTH,
    ),
    "Identity": shape(
        **dict.fromkeys(("id", "provider", "external_identifier"), TEXT),
        email=TEXT_OR_NULL,
        **dict.fromkeys(("linked_at", "last_used_at"), MOMENT),
        primary=TRUTH,
    ),
    "Passkey": shape(
        id=KEY,
        name=TEXT,
        created_at=MOMENT,
        last_used_at=MOMENT,
        backed_up=TRUTH,
        transports=listed(TEXT),
    ),
    "PasskeyQuestion": {
        "description": "WebAuthn's options in JSON, for `navigator.credentials`.",
        **shape("challenge", challenge=TEXT),
    },
    "NewPasskey": closed(("credential",), credential=CREDENTIAL, name=NAME),
    "PasskeyAnswer": closed(("credential",), credential=CREDENTIAL, mode=MODE),
    "PasskeyName": closed(("name",), name=NAME),
    "Proof": closed((), password=TEXT),
    "Nothing": closed(()),
    "Link": closed(("provider",), provider=TEXT, password=TEXT, redirect=URI),
    "Logout": closed((), refresh_token=TEXT, mode=MODE, redirect=URI),
    "Farewell": shape(redirect=URI),
    "LogoutToken": closed(("logout_token",), logout_token=TEXT),
    "Tokens": shape(
        "expires",
        access_token=TEXT,
        expires={"type": "integer", "description": "Milliseconds."},
        refresh_token=TEXT,
    ),
    "Providers": listed(shape(name=TEXT, label=TEXT, driver=TEXT, icon=TEXT)),
    "Upload": {
        "description": "Fields belong to the file that comes after them.",
        **shape(
            "file",
            title=TEXT,
            description=TEXT,
            file={"type": "string", "contentMediaType": "application/octet-stream"},
        ),
    },
    "Search": closed((), query={"type": "object", "description": "The parameters of a list, as JSON."}),
    "Described": shape(
        "collection",
        collection=TEXT,
        field=TEXT,
        type=TEXT,
        related_collection=TEXT,
        schema={"type": ["object", "null"]},
        meta={"type": ["object", "null"]},
    ),
    "Info": shape(
        "project",
        project=shape("project_name", project_name=TEXT),
        version=TEXT,
        queryLimit=shape(default=NUMBER, max=NUMBER),
    ),
    "Health": shape("status", status={"type": "string", "enum": ["ok", "warn", "error"]}),
    "Errors": {
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
        **shape(
            "errors", errors=listed(shape("message", "extensions", message=TEXT, extensions=shape(code=TEXT)))
        ),
    },
}
