"""Groups, their members and the roles that they give; the further e-mail addresses of users."""

import unicodedata
from collections.abc import Iterator
from typing import Any

import msgspec
from alembic import op
from sqlalchemy import (
    Column,
    Connection,
    ForeignKeyConstraint,
    Integer,
    PrimaryKeyConstraint,
    UniqueConstraint,
    column,
    insert,
    select,
    table,
)

from service.database.types import Flag, Key, Moment, Words

revision = "0005"
down_revision = "0004"

_BATCH = 1000


def upgrade() -> None:
    op.create_table(
        "user_emails",
        _project(),
        Column("email_key", Words, nullable=False),
        Column("user", Key, nullable=False),
        PrimaryKeyConstraint("project", "email_key", "user", name="user_emails_key"),
        _reference("user_emails", "user", "users"),
    )
    op.create_index("user_emails_project_user_index", "user_emails", ["project", "user"])
    _groups()
    _members()
    _group_roles()
    _fill(op.get_bind())


def downgrade() -> None:
    for name in ("group_roles", "group_groups", "group_users", "groups", "user_emails"):
        op.drop_table(name)


def _groups() -> None:
    op.create_table(
        "groups",
        _project(),
        Column("id", Key, nullable=False),
        Column("connection", Key, nullable=False),
        Column("display_name", Words, nullable=False),
        Column("display_name_key", Words, nullable=False),
        Column("external_identifier", Words),
        Column("version", Integer, nullable=False),
        Column("created_at", Moment, nullable=False),
        Column("changed_at", Moment, nullable=False),
        PrimaryKeyConstraint("project", "id", name="groups_key"),
        UniqueConstraint(
            "project",
            "connection",
            "display_name_key",
            name="groups_project_connection_display_name_key_unique",
        ),
        UniqueConstraint(
            "project",
            "connection",
            "external_identifier",
            name="groups_project_connection_external_identifier_unique",
        ),
        _reference("groups", "connection", "connections"),
    )
    op.create_index("groups_project_connection_id_index", "groups", ["project", "connection", "id"])


def _members() -> None:
    for name, member, target in (("group_users", "user", "users"), ("group_groups", "member", "groups")):
        op.create_table(
            name,
            _project(),
            Column("group", Key, nullable=False),
            Column(member, Key, nullable=False),
            Column("display", Words),
            PrimaryKeyConstraint("project", "group", member, name=f"{name}_key"),
            _reference(name, "group", "groups"),
            _reference(name, member, target),
        )
        op.create_index(f"{name}_project_{member}_group_index", name, ["project", member, "group"])


def _group_roles() -> None:
    op.create_table(
        "group_roles",
        _project(),
        Column("connection", Key, nullable=False),
        Column("place", Integer, nullable=False),
        Column("display_name", Words, nullable=False),
        Column("display_name_key", Words, nullable=False),
        Column("role", Key, nullable=False),
        Column("administers", Flag, nullable=False),
        PrimaryKeyConstraint("project", "connection", "place", name="group_roles_key"),
        UniqueConstraint(
            "project",
            "connection",
            "display_name_key",
            name="group_roles_project_connection_display_name_key_unique",
        ),
        _reference("group_roles", "connection", "connections"),
        _reference("group_roles", "role", "roles"),
    )
    op.create_index("group_roles_project_role_index", "group_roles", ["project", "role"])


def _project() -> Column[str]:
    return Column("project", Words, nullable=False)


def _reference(name: str, own: str, target: str) -> ForeignKeyConstraint:
    return ForeignKeyConstraint(
        ["project", own],
        [f"{target}.project", f"{target}.id"],
        name=f"{name}_project_{own}_reference",
        ondelete="CASCADE",
    )


def _fill(connection: Connection) -> None:
    """Finds the further addresses in what providers sent before."""
    words = ("project", "id", "email_key", "auth_data")
    users = table("users", *map(column, words), column("connection"))
    emails = table("user_emails", column("project"), column("email_key"), column("user", Key))
    found = connection.execute(
        select(*(users.c[name] for name in words)).where(users.c.connection.is_not(None))
    )
    rows = [
        {"project": project, "email_key": key, "user": str(user)}
        for project, user, own, kept in found
        for key in sorted(set(_addresses(kept)) - {own})
    ]
    for start in range(0, len(rows), _BATCH):
        connection.execute(insert(emails), rows[start : start + _BATCH])


def _addresses(kept: Any) -> Iterator[str]:
    document = msgspec.json.decode(kept) if isinstance(kept, str) else kept
    listed = document.get("emails") if isinstance(document, dict) else None
    for one in listed if isinstance(listed, list) else ():
        value = one.get("value") if isinstance(one, dict) else None
        if isinstance(value, str):
            yield unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", value).casefold())
