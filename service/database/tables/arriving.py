"""How people come in: invitations, registrations, identities at providers, and the way there and back."""

from sqlalchemy import Column, Index, PrimaryKeyConstraint, Table

from service.database.tables.ground import metadata, of_project, of_user, project
from service.database.types import Document, Key, Moment, Words

# Who a provider says that somebody is. The identity that owns the user is shown in the user's own
# provider, external_identifier and auth_data; `auth_data` here belongs to the further ones.
identities = Table(
    "identities",
    metadata,
    project(),
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
    of_user(),
)

# A browser on its way to a provider and back: taken out by the callback, once.
departures = Table(
    "departures",
    metadata,
    project(),
    Column("fingerprint", Words, nullable=False),  # sha256 of the browser's cookie
    Column("provider", Words, nullable=False),
    Column("memory", Words, nullable=False),  # state, nonce, verifier: sealed
    Column("redirect", Words),
    Column("expires_at", Moment, nullable=False),
    PrimaryKeyConstraint("project", "fingerprint"),
    Index(None, "expires_at"),
    of_project(),
)

# Somebody who has proven who they are, but for the code of their second factor: bound to their browser.
awaited_codes = Table(
    "awaited_codes",
    metadata,
    project(),
    Column("fingerprint", Words, nullable=False),  # sha256 of the browser's cookie
    Column("user", Key, nullable=False),
    Column("provider", Words, nullable=False),  # with which they have come so far
    Column("redirect", Words),
    Column("expires_at", Moment, nullable=False),
    Column("identifier", Words),  # for the session that begins: as there
    Column("sid", Words),
    Column("ends_at", Moment),  # no session that begins may live longer
    Column("subject", Words),
    Column("hint", Words),
    PrimaryKeyConstraint("project", "fingerprint"),
    Index(None, "project", "user"),
    Index(None, "project", "provider", "sid"),
    Index(None, "project", "provider", "subject"),
    Index(None, "expires_at"),
    of_user(),
)

# Tokens about security events (logout, Shared Signals) that were taken: each does its work once.
event_tokens = Table(
    "event_tokens",
    metadata,
    project(),
    Column("provider", Words, nullable=False),
    Column("fingerprint", Words, nullable=False),  # sha256 of its jti
    Column("expires_at", Moment, nullable=False),
    PrimaryKeyConstraint("project", "provider", "fingerprint"),
    Index(None, "expires_at"),
    of_project(),
)

invitations = Table(
    "invitations",
    metadata,
    project(),
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
    of_user(),
)

# People who registered and have not proven their address yet; they are no users.
registrations = Table(
    "registrations",
    metadata,
    project(),
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
    of_project(),
)
