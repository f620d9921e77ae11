"""The SCIM connections: their tokens, what they asked, what they brought, and whom it is told."""

from sqlalchemy import (
    Column,
    ForeignKeyConstraint,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Table,
    UniqueConstraint,
    false,
)

from service.database.tables.ground import metadata, of_connection, of_project, project
from service.database.types import Document, Flag, Key, Moment, Words

connections = Table(
    "connections",
    metadata,
    project(),
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
    Column("events_full", Flag, nullable=False, server_default=false()),  # with the values of what changed
    Column("events_url", Words),  # where to, by push (RFC 8935); without it they are fetched (RFC 8936)
    Column("events_authorization", Words),  # the header that pushes go with, sealed
    Column("created_at", Moment, nullable=False),
    PrimaryKeyConstraint("project", "id"),
    UniqueConstraint("project", "provider"),
    UniqueConstraint("id"),
    ForeignKeyConstraint(["project", "default_role"], ["roles.project", "roles.id"]),
    of_project(),
)

connection_tokens = Table(
    "connection_tokens",
    metadata,
    project(),
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
    of_connection(),
)

# Assertions of OAuth clients that were used: each opens one door once (RFC 7523, 3).
client_assertions = Table(
    "client_assertions",
    metadata,
    project(),
    Column("connection", Key, nullable=False),
    Column("fingerprint", Words, nullable=False),  # sha256 of its jti
    Column("expires_at", Moment, nullable=False),
    PrimaryKeyConstraint("project", "connection", "fingerprint"),
    Index(None, "expires_at"),
    of_connection(),
)

# What connections asked over SCIM, what they were answered, and what to do about a failure.
sync_log = Table(
    "sync_log",
    metadata,
    project(),
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
    of_connection(),
)

# What happened to people and groups of a connection, until an application has it (RFC 9967).
events = Table(
    "events",
    metadata,
    project(),
    Column("connection", Key, nullable=False),
    Column("id", Key, nullable=False),  # the jti
    Column("txn", Words, nullable=False),  # the same for all that one request did
    Column("subject", Words, nullable=False),  # /Users/... or /Groups/...
    Column("external_identifier", Words),
    Column("told", Document, nullable=False),  # events by name: what changed, with `events_full` to what
    Column("at", Moment, nullable=False),
    Column("next_at", Moment, nullable=False),  # when it is pushed, or pushed again
    Column("attempts", Integer, nullable=False),
    PrimaryKeyConstraint("project", "connection", "id"),
    Index(None, "project", "connection", "next_at"),
    Index(None, "at"),
    of_connection(),
)

# What events are signed with: the newest key, while those before it are published for what is on its way.
event_keys = Table(
    "event_keys",
    metadata,
    project(),
    Column("number", Integer, nullable=False),  # rising from 1: of two who make one, one comes first
    Column("kid", Words, nullable=False),
    Column("private", Words, nullable=False),  # a JWK, sealed
    Column("public", Document, nullable=False),
    Column("created_at", Moment, nullable=False),
    PrimaryKeyConstraint("project", "number"),
    of_project(),
)

# How far a file has been read into a connection: written with the users of each of its pieces.
imports = Table(
    "imports",
    metadata,
    project(),
    Column("connection", Key, nullable=False),
    Column("fingerprint", Words, nullable=False),  # sha256 of the file
    Column("line", Integer, nullable=False),  # the last one that is done
    Column("made", Integer, nullable=False),
    Column("failed", Integer, nullable=False),
    Column("finished", Flag, nullable=False),
    Column("changed_at", Moment, nullable=False),
    PrimaryKeyConstraint("project", "connection", "fingerprint"),
    of_connection(),
)
