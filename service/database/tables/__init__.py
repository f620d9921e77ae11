"""Every table, in SQLAlchemy Core: `project` comes first in each key, so no row is reached without it."""

from service.database.tables.access import permissions, roles
from service.database.tables.arriving import (
    awaited_codes,
    departures,
    event_tokens,
    identities,
    invitations,
    registrations,
)
from service.database.tables.blocks import user_blocks
from service.database.tables.connections import (
    client_assertions,
    connection_tokens,
    connections,
    event_keys,
    events,
    imports,
    sync_log,
)
from service.database.tables.deferred import deferred_outcomes, deferred_requests
from service.database.tables.ground import metadata
from service.database.tables.groups import group_groups, group_roles, group_users, groups
from service.database.tables.history import activity, revisions
from service.database.tables.people import passkeys, recovery_codes, second_factors, user_emails, users
from service.database.tables.pictures import file_bytes, files
from service.database.tables.post import letter_windows, letters
from service.database.tables.projects import attempts, letterheads, projects
from service.database.tables.sessions import sessions

__all__ = [
    "activity",
    "attempts",
    "awaited_codes",
    "client_assertions",
    "connection_tokens",
    "connections",
    "deferred_outcomes",
    "deferred_requests",
    "departures",
    "event_keys",
    "event_tokens",
    "events",
    "file_bytes",
    "files",
    "group_groups",
    "group_roles",
    "group_users",
    "groups",
    "identities",
    "imports",
    "invitations",
    "letter_windows",
    "letterheads",
    "letters",
    "metadata",
    "passkeys",
    "permissions",
    "projects",
    "recovery_codes",
    "registrations",
    "revisions",
    "roles",
    "second_factors",
    "sessions",
    "sync_log",
    "user_blocks",
    "user_emails",
    "users",
]
