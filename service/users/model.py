"""What a user is: its attributes with their kinds and limits, its statuses, and who is calling."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final, Literal

import msgspec

if TYPE_CHECKING:
    from service.users.leave import Leave

Kind = Literal["string", "text", "uuid", "boolean", "timestamp", "json", "tags", "hash", "integer"]

ACTIVE: Final = "active"
INVITED: Final = "invited"
SUSPENDED: Final = "suspended"
ARCHIVED: Final = "archived"
STATUSES: Final = ("draft", INVITED, ACTIVE, SUSPENDED, ARCHIVED)
CONCEALED: Final = "**********"
LOCAL: Final = "default"  # the provider of users who sign in with a password of ours
PASSKEY: Final = "passkey"  # that of a session which a passkey began; no user and no door is called so

# Names of collections, in our own words, as activity and revisions keep them.
USERS: Final = "users"
ROLES: Final = "roles"
PERMISSIONS: Final = "permissions"
ACTIVITY: Final = "activity"
REVISIONS: Final = "revisions"
FILES: Final = "files"
GROUPS: Final = "groups"
CONNECTIONS: Final = "connections"


class Attribute(msgspec.Struct, frozen=True):
    """One thing that we keep: `limit` in characters, `choices` for words of a closed list."""

    name: str
    kind: Kind
    limit: int | None = None
    choices: tuple[str, ...] = ()
    nullable: bool = True


def _named(*attributes: Attribute) -> Mapping[str, Attribute]:
    return {attribute.name: attribute for attribute in attributes}


# Limits are those of the documented user object (directus_users); texts without one are bounded by the body.
ATTRIBUTES: Final[Mapping[str, Attribute]] = _named(
    Attribute("id", "uuid", nullable=False),
    Attribute("number", "integer", nullable=False),
    Attribute("first_name", "string", 50),
    Attribute("last_name", "string", 50),
    Attribute("email", "string", 128),
    Attribute("password", "hash", 128),
    Attribute("location", "string", 255),
    Attribute("title", "string", 50),
    Attribute("description", "text"),
    Attribute("tags", "tags"),
    Attribute("avatar", "uuid"),
    Attribute("language", "string", 255),
    Attribute("locale_options", "json"),
    Attribute("timezone", "string", 255),
    Attribute("company", "string", 255),
    Attribute("tfa_secret", "hash"),
    Attribute("status", "string", choices=STATUSES, nullable=False),
    Attribute("role", "uuid"),
    Attribute("token", "hash", 255),
    Attribute("last_access", "timestamp"),
    Attribute("last_page", "string", 255),
    Attribute("provider", "string", 128, nullable=False),
    Attribute("external_identifier", "string", 255),
    Attribute("auth_data", "json"),
    Attribute("email_notifications", "boolean", nullable=False),
    Attribute("appearance", "string", choices=("auto", "light", "dark")),
    Attribute("theme_dark", "string", 255),
    Attribute("theme_light", "string", 255),
    Attribute("theme_light_overrides", "json"),
    Attribute("theme_dark_overrides", "json"),
    Attribute("user_name", "string", 255),
)

ROLE_ATTRIBUTES: Final[Mapping[str, Attribute]] = _named(
    Attribute("id", "uuid", nullable=False),
    Attribute("name", "string", 100, nullable=False),
    Attribute("icon", "string", 64, nullable=False),
    Attribute("description", "text"),
    Attribute("ip_access", "tags"),
    Attribute("enforce_tfa", "boolean", nullable=False),
    Attribute("admin_access", "boolean", nullable=False),
    Attribute("app_access", "boolean", nullable=False),
    Attribute("external_id", "string", 255),
    Attribute("module_listing", "json"),
    Attribute("collection_listing", "json"),
)

PERMISSION_ATTRIBUTES: Final[Mapping[str, Attribute]] = _named(
    Attribute("id", "integer", nullable=False),
    Attribute("role", "uuid"),
    Attribute("collection", "string", 64, nullable=False),
    Attribute("action", "string", 64, nullable=False),
    Attribute("permissions", "json"),
    Attribute("validation", "json"),
    Attribute("presets", "json"),
    Attribute("fields", "tags"),
)

GROUP_ATTRIBUTES: Final[Mapping[str, Attribute]] = _named(
    Attribute("display_name", "string", 256, nullable=False),
    Attribute("external_identifier", "string", 255),
)

CONNECTION_ATTRIBUTES: Final[Mapping[str, Attribute]] = _named(
    Attribute("id", "uuid", nullable=False),
    Attribute("name", "string", 100, nullable=False),
    Attribute("provider", "string", 128, nullable=False),
    Attribute("profile", "string", choices=("default", "entra", "okta", "strict"), nullable=False),
    Attribute("default_role", "uuid"),
    Attribute("domains", "tags"),
    Attribute("networks", "tags"),
    Attribute("rate", "integer"),
    Attribute("adopt", "boolean", nullable=False),
    Attribute("managed", "boolean", nullable=False),
    Attribute("dry_run", "boolean", nullable=False),
    Attribute("log_days", "integer", nullable=False),
    Attribute("jwks", "json"),
    Attribute("jwks_uri", "string", 2048),
    Attribute("events", "boolean", nullable=False),
    Attribute("events_full", "boolean", nullable=False),
    Attribute("events_url", "string", 2048),
    Attribute("events_authorization", "hash", 2048),
)

# The columns that a SCIM resource has words for. Passwords are the person's own, and roles ours to give.
PROVISIONED: Final = (
    *("email", "first_name", "last_name", "title", "language", "timezone", "user_name"),
    *("status", "provider", "external_identifier", "auth_data"),
)

# What people may say of a file; the rest follows from the picture itself.
FILE_ATTRIBUTES: Final[Mapping[str, Attribute]] = _named(
    Attribute("id", "uuid", nullable=False),
    Attribute("filename_download", "string", 255, nullable=False),
    Attribute("title", "string", 255),
    Attribute("description", "text"),
    Attribute("location", "string", 255),
    Attribute("tags", "tags"),
    Attribute("metadata", "json"),
)

# The columns of attributes that are kept in another form than they came, and shown to nobody.
SECRETS: Final[Mapping[str, tuple[str, ...]]] = {
    "password": ("password_hash",),
    "token": ("token_fingerprint", "token_sealed"),
    "tfa_secret": ("tfa_secret",),
}


class Origin(msgspec.Struct, frozen=True):
    """Where a request came from, for the activity.

    `comment` is what the caller says of their change; `apart`: a status that changes is noted once more, by
    itself.
    """

    ip: str | None = None
    user_agent: str | None = None
    origin: str | None = None
    comment: str | None = None
    apart: bool = False


class Caller(msgspec.Struct, frozen=True):
    """Who is asking: nobody (the public), a person, a connection, or the house itself (command line).

    `leave` is what the rules of the role allow; without any, a person has the minimum and the public nothing.
    The others belong to a connection: whether it may take users that nobody owns, the provider that lands in
    users.provider, the e-mail domains that it may vouch for (casefolded), where history notes what is done,
    for its sync log: (action, collection, item), whether applications are told of it (`full`: with values),
    and whether it sends whole resources (PUT). `txn` names the request, to whoever is told of what it did.
    """

    project: str
    user: str | None = None
    role: str | None = None
    admin: bool = False
    app: bool = False
    session: str | None = None
    connection: str | None = None
    origin: Origin = Origin()
    leave: "Leave | None" = None
    adopt: bool = False
    provider: str | None = None
    domains: tuple[str, ...] = ()
    doing: list[tuple[str, str, str]] | None = None
    feeds: bool = False
    full: bool = False
    puts: bool = False
    txn: str | None = None


def house(project: str) -> Caller:
    """Ourselves: the command line, the first start."""
    return Caller(project, admin=True)
