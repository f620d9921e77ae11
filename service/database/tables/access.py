"""Roles, and what each may do."""

from sqlalchemy import (
    Column,
    ForeignKeyConstraint,
    Identity,
    Index,
    PrimaryKeyConstraint,
    Table,
    UniqueConstraint,
)

from service.database.tables.ground import Number, metadata, of_project, project
from service.database.types import Document, Flag, Key, Words

roles = Table(
    "roles",
    metadata,
    project(),
    Column("id", Key, nullable=False),
    Column("number", Number, nullable=False),  # the 8 generation's id: 1 administrators, 2 public
    Column("name", Words, nullable=False),
    Column("icon", Words, nullable=False),
    Column("description", Words),
    Column("ip_access", Document),
    Column("enforce_tfa", Flag, nullable=False),
    Column("admin_access", Flag, nullable=False),
    Column("app_access", Flag, nullable=False),
    Column("external_id", Words),  # this one and those that follow: the 8 generation's
    Column("module_listing", Document),
    Column("collection_listing", Document),
    PrimaryKeyConstraint("project", "id"),
    UniqueConstraint("project", "number"),
    of_project(),
)

# What a role may do beside the minimum; without a role, what those may do who are not signed in.
permissions = Table(
    "permissions",
    metadata,
    project(),
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
    of_project(),
    sqlite_autoincrement=True,
)
