"""Users, and what belongs to one of them alone."""

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKeyConstraint,
    Identity,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Table,
    UniqueConstraint,
)

from service.database.tables.ground import Number, metadata, of_project, of_user, project
from service.database.types import Document, Flag, Key, Moment, Words

users = Table(
    "users",
    metadata,
    project(),
    Column("number", Number, Identity(), primary_key=True),  # the 8 generation's id: rising, never used again
    Column("id", Key, nullable=False),
    Column("first_name", Words),
    Column("last_name", Words),
    Column("email", Words),
    Column("email_key", Words),  # casefolded
    Column("email_verified_at", Moment),
    Column("password_hash", Words),
    Column("location", Words),
    Column("title", Words),
    Column("description", Words),
    Column("tags", Document),
    Column("avatar", Key),
    Column("language", Words),
    Column("locale_options", Document),
    Column("timezone", Words),
    Column("company", Words),
    Column("tfa_secret", Words),  # sealed
    Column("status", Words, nullable=False),
    Column("role", Key),
    Column("token_fingerprint", Words),
    Column("token_sealed", Words),
    Column("last_access", Moment),
    Column("last_page", Words),
    Column("provider", Words, nullable=False),
    Column("external_identifier", Words),
    Column("auth_data", Document),
    Column("email_notifications", Flag, nullable=False),
    Column("appearance", Words),
    Column("theme_dark", Words),
    Column("theme_light", Words),
    Column("theme_light_overrides", Document),
    Column("theme_dark_overrides", Document),
    Column("connection", Key),  # the SCIM connection that owns the user
    Column("user_name", Words),  # SCIM userName where it is not the e-mail
    Column("user_name_key", Words),  # casefolded
    # Empty; the own id while archived, which frees the names, and leaves them to be found by the same index.
    Column("retired", Words, nullable=False),
    Column("search_text", Words, nullable=False),  # casefolded texts that `search` looks through
    Column("version", Integer, nullable=False),  # rises with every change: the ETag
    Column("created_at", Moment, nullable=False),
    Column("changed_at", Moment, nullable=False),
    UniqueConstraint("project", "id"),
    UniqueConstraint("project", "email_key", "retired"),
    UniqueConstraint("project", "token_fingerprint"),
    UniqueConstraint("project", "connection", "user_name_key", "retired"),
    UniqueConstraint("project", "connection", "external_identifier", "retired"),
    Index(None, "project", "external_identifier"),
    Index(None, "project", "connection", "retired", "number"),  # lists over SCIM, which pass over many
    ForeignKeyConstraint(["project", "role"], ["roles.project", "roles.id"]),
    ForeignKeyConstraint(["project", "connection"], ["connections.project", "connections.id"]),
    of_project(),
    sqlite_autoincrement=True,
)

# Lists of those who have a role, in their order; most people of most tables have none.
Index(
    None,
    users.c.project,
    users.c.role,
    users.c.id,
    postgresql_where=users.c.role.is_not(None),
    sqlite_where=users.c.role.is_not(None),
)

# Most people have no picture, so most rows are not in this index.
Index(
    None,
    users.c.project,
    users.c.avatar,
    postgresql_where=users.c.avatar.is_not(None),
    sqlite_where=users.c.avatar.is_not(None),
)

# The further e-mail addresses of users whom a connection owns; the one that stands for them is their own.
user_emails = Table(
    "user_emails",
    metadata,
    project(),
    Column("email_key", Words, nullable=False),  # casefolded
    Column("user", Key, nullable=False),
    PrimaryKeyConstraint("project", "email_key", "user"),
    Index(None, "project", "user"),
    of_user(),
)

# Of whoever has, or is about to have, a second factor; the secret in force is the user's own tfa_secret.
second_factors = Table(
    "second_factors",
    metadata,
    project(),
    Column("user", Key, nullable=False),
    Column("pending", Words),  # a secret that was made and not confirmed yet, sealed
    Column("armed", Flag, nullable=False),  # the first good code at a sign-in confirms it
    Column("step", BigInteger),  # the time step of the last code that was taken: RFC 6238, 5.2
    PrimaryKeyConstraint("project", "user"),
    of_user(),
)

# For a lost telephone: each good once, gone when used.
recovery_codes = Table(
    "recovery_codes",
    metadata,
    project(),
    Column("user", Key, nullable=False),
    Column("fingerprint", Words, nullable=False),  # sha256 of 80 random bits
    PrimaryKeyConstraint("project", "user", "fingerprint"),
    of_user(),
)

# What a person's authenticator keeps the private half of (WebAuthn); good alone, and as a second factor.
passkeys = Table(
    "passkeys",
    metadata,
    project(),
    Column("id", Key, nullable=False),  # what it is called in addresses
    Column("user", Key, nullable=False),
    Column("credential", Words, nullable=False),  # the credential id, in base64url
    Column("public_key", Words, nullable=False),  # COSE, in base64url
    Column("sign_count", BigInteger, nullable=False),  # of the last assertion; some always say 0
    Column("transports", Document, nullable=False),
    Column("eligible", Flag, nullable=False),  # whether it may be backed up: so from the beginning, or never
    Column("backed_up", Flag, nullable=False),
    Column("name", Words, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("last_used_at", Moment),
    PrimaryKeyConstraint("project", "id"),
    UniqueConstraint("project", "credential"),
    Index(None, "project", "user"),
    of_user(),
)
