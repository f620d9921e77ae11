"""Who is signed in."""

from sqlalchemy import Column, Index, PrimaryKeyConstraint, Table, false

from service.database.tables.ground import metadata, of_user, project
from service.database.types import Flag, Key, Moment, Words

# One row per sign-in: the family of its refresh tokens.
sessions = Table(
    "sessions",
    metadata,
    project(),
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
    Column("subject", Words),  # whom that session is about, in the provider's words: `sub`, the NameID
    Column("hint", Words),  # what the provider has to be told so that it ends
    Column("used_at", Moment),  # noted once a minute
    PrimaryKeyConstraint("project", "id"),
    Index(None, "project", "user"),
    Index(None, "project", "provider", "sid"),
    Index(None, "project", "provider", "subject"),
    Index(None, "expires_at"),
    of_user(),
)
