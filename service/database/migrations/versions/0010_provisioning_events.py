"""Provisioning events: what connections' people and groups went through, and the keys that sign it."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy import Column, ForeignKeyConstraint, Integer, PrimaryKeyConstraint

from service.database.types import Document, Flag, Key, Moment, Words

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.add_column("connections", Column("events", Flag, nullable=False, server_default=sa.false()))
    op.add_column("connections", Column("events_url", Words))
    op.create_table(
        "events",
        Column("project", Words, nullable=False),
        Column("connection", Key, nullable=False),
        Column("id", Key, nullable=False),
        Column("txn", Words, nullable=False),
        Column("subject", Words, nullable=False),
        Column("external_identifier", Words),
        Column("told", Document, nullable=False),
        Column("at", Moment, nullable=False),
        Column("next_at", Moment, nullable=False),
        Column("attempts", Integer, nullable=False),
        ForeignKeyConstraint(
            ["project", "connection"],
            ["connections.project", "connections.id"],
            name="events_project_connection_reference",
            ondelete="CASCADE",
        ),
        PrimaryKeyConstraint("project", "connection", "id", name="events_key"),
    )
    op.create_index("events_project_connection_next_at_index", "events", ["project", "connection", "next_at"])
    op.create_index("events_at_index", "events", ["at"])
    op.create_table(
        "event_keys",
        Column("project", Words, nullable=False),
        Column("number", Integer, nullable=False),
        Column("kid", Words, nullable=False),
        Column("private", Words, nullable=False),
        Column("public", Document, nullable=False),
        Column("created_at", Moment, nullable=False),
        ForeignKeyConstraint(["project"], ["projects.name"], name="event_keys_project_reference"),
        PrimaryKeyConstraint("project", "number", name="event_keys_key"),
    )


def downgrade() -> None:
    op.drop_table("event_keys")
    op.drop_table("events")
    op.execute("DELETE FROM connection_tokens WHERE kind = 'receiver'")
    op.drop_column("connections", "events_url")
    op.drop_column("connections", "events")
