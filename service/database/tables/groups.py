"""The groups of a connection, their members, and the roles that they give."""

from sqlalchemy import (
    Column,
    ForeignKeyConstraint,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Table,
    UniqueConstraint,
)

from service.database.tables.ground import metadata, of_connection, of_user, project
from service.database.types import Flag, Key, Moment, Words

# What a connection calls a group; its members are rows of the two tables below.
groups = Table(
    "groups",
    metadata,
    project(),
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
    of_connection(),
)


def _of_group(name: str = "group") -> ForeignKeyConstraint:
    return ForeignKeyConstraint(["project", name], ["groups.project", "groups.id"], ondelete="CASCADE")


group_users = Table(
    "group_users",
    metadata,
    project(),
    Column("group", Key, nullable=False),
    Column("user", Key, nullable=False),
    Column("display", Words),  # what the provider calls the member
    PrimaryKeyConstraint("project", "group", "user"),
    Index(None, "project", "user", "group"),
    _of_group(),
    of_user(),
)

# Groups inside groups; never in a circle.
group_groups = Table(
    "group_groups",
    metadata,
    project(),
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
    project(),
    Column("connection", Key, nullable=False),
    Column("place", Integer, nullable=False),  # from 1
    Column("display_name", Words, nullable=False),  # of the group, which need not be there yet
    Column("display_name_key", Words, nullable=False),  # casefolded
    Column("role", Key, nullable=False),
    Column("administers", Flag, nullable=False),  # written down on purpose: may make administrators
    PrimaryKeyConstraint("project", "connection", "place"),
    UniqueConstraint("project", "connection", "display_name_key"),
    Index(None, "project", "role"),
    of_connection(),
    ForeignKeyConstraint(["project", "role"], ["roles.project", "roles.id"], ondelete="CASCADE"),
)
