"""Every table, in SQLAlchemy Core: `project` comes first in each key, so no row is reached without it."""

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKeyConstraint,
    Identity,
    Index,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    UniqueConstraint,
    false,
)

from mail import allowance, outbox
from service.database.types import Bytes, Document, Flag, Key, Moment, Words

metadata = MetaData(
    naming_convention={
        "pk": "%(table_name)s_key",
        "uq": "%(table_name)s_%(column_0_N_name)s_unique",
        "ix": "%(table_name)s_%(column_0_N_name)s_index",
        "fk": "%(table_name)s_%(column_0_N_name)s_reference",
    }
)

# SQLite gives rising integers only to a column declared INTEGER PRIMARY KEY; PostgreSQL to an identity.
Number = BigInteger().with_variant(Integer(), "sqlite")


def _project() -> Column[str]:
    return Column("project", Words, nullable=False)


def _of_project() -> ForeignKeyConstraint:
    return ForeignKeyConstraint(["project"], ["projects.name"])


def _of_user(name: str = "user") -> ForeignKeyConstraint:
    return ForeignKeyConstraint(["project", name], ["users.project", "users.id"], ondelete="CASCADE")


def _of_connection() -> ForeignKeyConstraint:
    return ForeignKeyConstraint(
        ["project", "connection"], ["connections.project", "connections.id"], ondelete="CASCADE"
    )


projects = Table(
    "projects",
    metadata,
    Column("name", Words, primary_key=True),
    Column("title", Words, nullable=False),
    Column("timezone", Words, nullable=False),  # the default of users made by the 8 generation
    Column("created_at", Moment, nullable=False),
)

roles = Table(
    "roles",
    metadata,
    _project(),
    Column("id", Key, nullable=False),
    Column("number", Number, nullable=False),  # the 8 generation's id: 1 administrators, 2 public
    Column("name", Words, nullable=False),
    Column("icon", Words, nullable=False),
    Column("description", Words),
    Column("ip_access", Document),
    Column("enforce_tfa", Flag, nullable=False),
    Column("admin_access", Flag, nullable=False),
    Column("app_access", Flag, nullable=False),
    PrimaryKeyConstraint("project", "id"),
    UniqueConstraint("project", "number"),
    _of_project(),
)

connections = Table(
    "connections",
    metadata,
    _project(),
    Column("id", Key, nullable=False),  # the client_id of OAuth, too
    Column("name", Words, nullable=False),
    Column("provider", Words, nullable=False),  # lands in users.provider
    Column("profile", Words, nullable=False),  # tolerance: default, entra, okta, strict
    Column("adopt", Flag, nullable=False),  # may take users that nobody owns
    Column("managed", Flag, nullable=False),  # what it owns is changed by it alone
    Column("dry_run", Flag, nullable=False),  # all is checked and logged, nothing is written
    Column("default_role", Key),
    Column("domains", Document),  # e-mail domains that it may vouch for
    Column("networks", Document),  # from which it may call; none: from anywhere
    Column("rate", Integer),  # requests per second and process; none: any number
    Column("log_days", Integer, nullable=False),  # how long the sync log is kept; 0: there is none
    Column("jwks", Document),  # keys that sign its assertions: RFC 7523
    Column("jwks_uri", Words),  # the same, published by it
    Column("events", Flag, nullable=False, server_default=false()),  # its changes are told to applications
    Column("events_url", Words),  # where to, by push (RFC 8935); without it they are fetched (RFC 8936)
    Column("created_at", Moment, nullable=False),
    PrimaryKeyConstraint("project", "id"),
    UniqueConstraint("project", "provider"),
    UniqueConstraint("id"),
    ForeignKeyConstraint(["project", "default_role"], ["roles.project", "roles.id"]),
    _of_project(),
)

connection_tokens = Table(
    "connection_tokens",
    metadata,
    _project(),
    Column("id", Key, nullable=False),
    Column("connection", Key, nullable=False),
    # token, secret (of an OAuth client), access (got for one), receiver (of events)
    Column("kind", Words, nullable=False),
    Column("name", Words),
    Column("fingerprint", Words, nullable=False),  # sha256 of the token; the token itself is shown once
    Column("hint", Words, nullable=False),  # its visible prefix and last four characters
    Column("created_at", Moment, nullable=False),
    Column("expires_at", Moment),
    Column("last_used_at", Moment),
    PrimaryKeyConstraint("project", "fingerprint"),
    UniqueConstraint("fingerprint"),
    Index(None, "project", "connection"),
    Index(None, "expires_at"),
    _of_connection(),
)

# Assertions of OAuth clients that were used: each opens one door once (RFC 7523, 3).
client_assertions = Table(
    "client_assertions",
    metadata,
    _project(),
    Column("connection", Key, nullable=False),
    Column("fingerprint", Words, nullable=False),  # sha256 of its jti
    Column("expires_at", Moment, nullable=False),
    PrimaryKeyConstraint("project", "connection", "fingerprint"),
    Index(None, "expires_at"),
    _of_connection(),
)

# What connections asked over SCIM, what they were answered, and what to do about a failure.
sync_log = Table(
    "sync_log",
    metadata,
    _project(),
    Column("connection", Key, nullable=False),
    Column("id", Key, nullable=False),  # of its time: the log is read and pruned by it
    Column("at", Moment, nullable=False),
    Column("method", Words, nullable=False),
    Column("path", Words, nullable=False),
    Column("status", Integer),  # none: the service ended before it could answer
    Column("failed", Flag, nullable=False),
    Column("duration", Integer),  # microseconds
    Column("dry_run", Flag, nullable=False),
    Column("changed", Document),  # a list of what was done to which item
    Column("request", Words),
    Column("answer", Words),
    Column("advice", Words),  # what the administrator can do about a failure
    Column("ip", Words),
    Column("request_id", Words, nullable=False),
    PrimaryKeyConstraint("project", "connection", "id"),
    Index(None, "project", "connection", "failed", "id"),
    _of_connection(),
)

# What happened to people and groups of a connection, until an application has it (RFC 9967).
events = Table(
    "events",
    metadata,
    _project(),
    Column("connection", Key, nullable=False),
    Column("id", Key, nullable=False),  # the jti
    Column("txn", Words, nullable=False),  # the same for all that one verb did
    Column("subject", Words, nullable=False),  # /Users/... or /Groups/...
    Column("external_identifier", Words),
    Column("told", Document, nullable=False),  # names of events, with what changed; no values
    Column("at", Moment, nullable=False),
    Column("next_at", Moment, nullable=False),  # when it is pushed, or pushed again
    Column("attempts", Integer, nullable=False),
    PrimaryKeyConstraint("project", "connection", "id"),
    Index(None, "project", "connection", "next_at"),
    Index(None, "at"),
    _of_connection(),
)

# What events are signed with: the newest key, while those before it are published for what is on its way.
event_keys = Table(
    "event_keys",
    metadata,
    _project(),
    Column("number", Integer, nullable=False),  # rising from 1: of two who make one, one comes first
    Column("kid", Words, nullable=False),
    Column("private", Words, nullable=False),  # a JWK, sealed
    Column("public", Document, nullable=False),
    Column("created_at", Moment, nullable=False),
    PrimaryKeyConstraint("project", "number"),
    _of_project(),
)

# How far a file has been read into a connection: written with the users of each of its pieces.
imports = Table(
    "imports",
    metadata,
    _project(),
    Column("connection", Key, nullable=False),
    Column("fingerprint", Words, nullable=False),  # sha256 of the file
    Column("line", Integer, nullable=False),  # the last one that is done
    Column("made", Integer, nullable=False),
    Column("failed", Integer, nullable=False),
    Column("finished", Flag, nullable=False),
    Column("changed_at", Moment, nullable=False),
    PrimaryKeyConstraint("project", "connection", "fingerprint"),
    _of_connection(),
)

users = Table(
    "users",
    metadata,
    _project(),
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
    Index(None, "project", "role"),
    Index(None, "project", "connection", "retired", "id"),  # lists over SCIM, which count and pass over much
    ForeignKeyConstraint(["project", "role"], ["roles.project", "roles.id"]),
    ForeignKeyConstraint(["project", "connection"], ["connections.project", "connections.id"]),
    _of_project(),
    sqlite_autoincrement=True,
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
    _project(),
    Column("email_key", Words, nullable=False),  # casefolded
    Column("user", Key, nullable=False),
    PrimaryKeyConstraint("project", "email_key", "user"),
    Index(None, "project", "user"),
    _of_user(),
)

# What a connection calls a group; its members are rows of the two tables below.
groups = Table(
    "groups",
    metadata,
    _project(),
    Column("id", Key, nullable=False),
    Column("connection", Key, nullable=False),
    Column("display_name", Words, nullable=False),
    Column("display_name_key", Words, nullable=False),  # casefolded
    Column("external_identifier", Words),
    Column("version", Integer, nullable=False),  # rises with every change, of members too: the ETag
    Column("created_at", Moment, nullable=False),
    Column("changed_at", Moment, nullable=False),
    PrimaryKeyConstraint("project", "id"),
    UniqueConstraint("project", "connection", "display_name_key"),
    UniqueConstraint("project", "connection", "external_identifier"),
    Index(None, "project", "connection", "id"),
    ForeignKeyConstraint(
        ["project", "connection"], ["connections.project", "connections.id"], ondelete="CASCADE"
    ),
)


def _of_group(name: str = "group") -> ForeignKeyConstraint:
    return ForeignKeyConstraint(["project", name], ["groups.project", "groups.id"], ondelete="CASCADE")


group_users = Table(
    "group_users",
    metadata,
    _project(),
    Column("group", Key, nullable=False),
    Column("user", Key, nullable=False),
    Column("display", Words),  # what the provider calls the member
    PrimaryKeyConstraint("project", "group", "user"),
    Index(None, "project", "user", "group"),
    _of_group(),
    _of_user(),
)

# Groups inside groups; never in a circle.
group_groups = Table(
    "group_groups",
    metadata,
    _project(),
    Column("group", Key, nullable=False),
    Column("member", Key, nullable=False),
    Column("display", Words),
    PrimaryKeyConstraint("project", "group", "member"),
    Index(None, "project", "member", "group"),
    _of_group(),
    _of_group("member"),
)

# The role that a group gives; of several groups of a person the one with the lowest place decides.
group_roles = Table(
    "group_roles",
    metadata,
    _project(),
    Column("connection", Key, nullable=False),
    Column("place", Integer, nullable=False),  # from 1
    Column("display_name", Words, nullable=False),  # of the group, which need not be there yet
    Column("display_name_key", Words, nullable=False),  # casefolded
    Column("role", Key, nullable=False),
    Column("administers", Flag, nullable=False),  # written down on purpose: may make administrators
    PrimaryKeyConstraint("project", "connection", "place"),
    UniqueConstraint("project", "connection", "display_name_key"),
    Index(None, "project", "role"),
    ForeignKeyConstraint(
        ["project", "connection"], ["connections.project", "connections.id"], ondelete="CASCADE"
    ),
    ForeignKeyConstraint(["project", "role"], ["roles.project", "roles.id"], ondelete="CASCADE"),
)

# Who a provider says that somebody is. The identity that owns the user is shown in the user's own
# provider, external_identifier and auth_data; `auth_data` here belongs to the further ones.
identities = Table(
    "identities",
    metadata,
    _project(),
    Column("provider", Words, nullable=False),
    Column("external_identifier", Words, nullable=False),  # case kept
    Column("user", Key, nullable=False),
    Column("auth_data", Document),
    Column("tokens", Words),  # what the provider gave us, sealed
    Column("linked_at", Moment, nullable=False),
    Column("last_used_at", Moment),
    Column("asked_at", Moment),  # when the provider was last asked whether its grant still stands
    Column("subject", Words),  # what the provider's signed tokens call the person: `sub`
    Column("disabled_at", Moment),  # when the provider told us to suspend the user, whom it may bring back
    PrimaryKeyConstraint("project", "provider", "external_identifier"),
    Index(None, "project", "user"),
    Index(None, "project", "provider", "subject"),
    _of_user(),
)

# One row per sign-in: the family of its refresh tokens.
sessions = Table(
    "sessions",
    metadata,
    _project(),
    Column("id", Key, nullable=False),
    Column("user", Key, nullable=False),
    Column("refresh", Words, nullable=False),  # sha256 of the one refresh token that is good
    Column("previous", Words),  # sha256 of the one before, for a lost answer
    Column("successor", Words),  # the good one, sealed under the one before: a lost answer can be given again
    Column("rotated_at", Moment),
    Column("created_at", Moment, nullable=False),
    Column("expires_at", Moment, nullable=False),
    Column("provider", Words, nullable=False),
    Column("ip", Words),
    Column("user_agent", Words),
    Column("factor", Flag, nullable=False, server_default=false()),  # the provider answers for a second one
    Column("identifier", Words),  # the external_identifier that it began with
    Column("sid", Words),  # what the provider calls its own session
    Column("used_at", Moment),  # noted once a minute
    PrimaryKeyConstraint("project", "id"),
    Index(None, "project", "user"),
    Index(None, "project", "provider", "sid"),
    Index(None, "expires_at"),
    _of_user(),
)

# A browser on its way to a provider and back: taken out by the callback, once.
departures = Table(
    "departures",
    metadata,
    _project(),
    Column("fingerprint", Words, nullable=False),  # sha256 of the browser's cookie
    Column("provider", Words, nullable=False),
    Column("memory", Words, nullable=False),  # state, nonce, verifier: sealed
    Column("redirect", Words),
    Column("expires_at", Moment, nullable=False),
    PrimaryKeyConstraint("project", "fingerprint"),
    Index(None, "expires_at"),
    _of_project(),
)

# Somebody who has proven who they are, but for the code of their second factor: bound to their browser.
awaited_codes = Table(
    "awaited_codes",
    metadata,
    _project(),
    Column("fingerprint", Words, nullable=False),  # sha256 of the browser's cookie
    Column("user", Key, nullable=False),
    Column("provider", Words, nullable=False),  # with which they have come so far
    Column("redirect", Words),
    Column("expires_at", Moment, nullable=False),
    Column("identifier", Words),  # for the session that begins: as there
    Column("sid", Words),
    Column("ends_at", Moment),  # no session that begins may live longer
    PrimaryKeyConstraint("project", "fingerprint"),
    Index(None, "project", "user"),
    Index(None, "project", "provider", "sid"),
    Index(None, "expires_at"),
    _of_user(),
)

# Tokens about security events (logout, Shared Signals) that were taken: each does its work once.
event_tokens = Table(
    "event_tokens",
    metadata,
    _project(),
    Column("provider", Words, nullable=False),
    Column("fingerprint", Words, nullable=False),  # sha256 of its jti
    Column("expires_at", Moment, nullable=False),
    PrimaryKeyConstraint("project", "provider", "fingerprint"),
    Index(None, "expires_at"),
    _of_project(),
)

invitations = Table(
    "invitations",
    metadata,
    _project(),
    Column("id", Key, nullable=False),  # the jti of the token
    Column("user", Key, nullable=False),
    Column("email", Words, nullable=False),
    Column("issued_at", Moment, nullable=False),
    Column("expires_at", Moment, nullable=False),
    Column("used_at", Moment),
    Column("voided_at", Moment),
    Column("invited_by", Key),
    Column("url", Words),  # where the link leads when it is not our own page
    Column("message", Words),  # what the inviter wants to say
    PrimaryKeyConstraint("project", "id"),
    Index(None, "project", "user"),
    _of_user(),
)

# How often something went wrong within a window of time; who it was is kept as a hash alone.
attempts = Table(
    "attempts",
    metadata,
    _project(),
    Column("mark", Words, nullable=False),  # sha256 of what is counted: an account, an address, both
    Column("count", Integer, nullable=False),
    Column("ends_at", Moment, nullable=False),
    PrimaryKeyConstraint("project", "mark"),
    Index(None, "ends_at"),
    _of_project(),
)

# Of whoever has, or is about to have, a second factor; the secret in force is the user's own tfa_secret.
second_factors = Table(
    "second_factors",
    metadata,
    _project(),
    Column("user", Key, nullable=False),
    Column("pending", Words),  # a secret that was made and not confirmed yet, sealed
    Column("armed", Flag, nullable=False),  # the first good code at a sign-in confirms it
    Column("step", BigInteger),  # the time step of the last code that was taken: RFC 6238, 5.2
    PrimaryKeyConstraint("project", "user"),
    _of_user(),
)

# For a lost telephone: each good once, gone when used.
recovery_codes = Table(
    "recovery_codes",
    metadata,
    _project(),
    Column("user", Key, nullable=False),
    Column("fingerprint", Words, nullable=False),  # sha256 of 80 random bits
    PrimaryKeyConstraint("project", "user", "fingerprint"),
    _of_user(),
)

# People who registered and have not proven their address yet; they are no users.
registrations = Table(
    "registrations",
    metadata,
    _project(),
    Column("id", Key, nullable=False),  # the jti of the token
    Column("email", Words, nullable=False),
    Column("email_key", Words, nullable=False),  # casefolded
    Column("password_hash", Words, nullable=False),
    Column("first_name", Words),
    Column("last_name", Words),
    Column("role", Key),
    Column("expires_at", Moment, nullable=False),
    PrimaryKeyConstraint("project", "id"),
    Index(None, "project", "email_key"),
    Index(None, "expires_at"),
    _of_project(),
)

# What a role may do beside the minimum; without a role, what those may do who are not signed in.
permissions = Table(
    "permissions",
    metadata,
    _project(),
    Column("id", Number, Identity(), primary_key=True),
    Column("role", Key),
    Column("collection", Words, nullable=False),
    Column("action", Words, nullable=False),
    Column("permissions", Document),  # which rows: a filter of the REST language, as the next one
    Column("validation", Document),  # what a written row has to be
    Column("presets", Document),
    Column("fields", Document),
    Index(None, "project", "role", "id"),
    ForeignKeyConstraint(["project", "role"], ["roles.project", "roles.id"], ondelete="CASCADE"),
    _of_project(),
    sqlite_autoincrement=True,
)

activity = Table(
    "activity",
    metadata,
    _project(),
    Column("id", Number, Identity(), primary_key=True),
    Column("action", Words, nullable=False),
    Column("user", Key),  # who did it; kept after the user is gone, so no reference
    Column("timestamp", Moment, nullable=False),
    Column("ip", Words),
    Column("user_agent", Words),
    Column("origin", Words),
    Column("collection", Words, nullable=False),
    Column("item", Words, nullable=False),
    Column("comment", Words),
    Index(None, "project", "collection", "item", "id"),
    Index(None, "project", "user", "id"),
    _of_project(),
    sqlite_autoincrement=True,
)

revisions = Table(
    "revisions",
    metadata,
    _project(),
    Column("id", Number, Identity(), primary_key=True),
    Column("activity", Number, nullable=False),
    Column("collection", Words, nullable=False),
    Column("item", Words, nullable=False),
    Column("data", Document, nullable=False),
    Column("delta", Document, nullable=False),
    Column("parent", Number),
    Index(None, "project", "collection", "item", "id"),
    Index(None, "project", "activity"),
    _of_project(),
    sqlite_autoincrement=True,
)

# Pictures of people; who is shown with one says so in `users.avatar`, which is checked when it is written.
files = Table(
    "files",
    metadata,
    _project(),
    Column("number", Number, Identity(), primary_key=True),  # the 8 generation's id
    Column("id", Key, nullable=False),
    Column("storage", Words, nullable=False),
    Column("filename_disk", Words, nullable=False),
    Column("filename_download", Words, nullable=False),
    Column("title", Words),
    Column("type", Words, nullable=False),
    Column("uploaded_by", Key),  # kept after the user is gone, so no reference
    Column("uploaded_on", Moment, nullable=False),
    Column("modified_by", Key),
    Column("modified_on", Moment, nullable=False),
    Column("filesize", Integer, nullable=False),
    Column("width", Integer, nullable=False),
    Column("height", Integer, nullable=False),
    Column("description", Words),
    Column("location", Words),
    Column("tags", Document),
    Column("metadata", Document),
    Column("digest", Words, nullable=False),  # sha256 of the bytes
    UniqueConstraint("project", "id"),
    Index(None, "project", "uploaded_by"),
    _of_project(),
    sqlite_autoincrement=True,
)

# Apart, so that a list of files never reads them.
file_bytes = Table(
    "file_bytes",
    metadata,
    _project(),
    Column("file", Key, nullable=False),
    Column("bytes", Bytes, nullable=False),
    PrimaryKeyConstraint("project", "file"),
    ForeignKeyConstraint(["project", "file"], ["files.project", "files.id"], ondelete="CASCADE"),
)

letters = outbox.declare(metadata, key=Key, moment=Moment, document=Document, words=Words)
letter_windows = allowance.declare(metadata, moment=Moment, words=Words)

# How a project's letters and pages look and speak, where they differ from ours.
letterheads = Table(
    "letterheads",
    metadata,
    _project(),
    Column("colour", Words),  # of buttons: #3a47c4
    Column("logo", Words),  # the picture in base64
    Column("logo_type", Words),  # image/png or image/jpeg
    Column("support", Words),  # the address that people may write to
    Column("language", Words),  # for whom we know none
    Column("wording", Document),  # kind of letter -> {subject, text}
    PrimaryKeyConstraint("project"),
    _of_project(),
)
