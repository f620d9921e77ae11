"""SCIM requests that are done later, and what became of their operations; what pushes prove themselves by."""

from alembic import op
from sqlalchemy import Column, ForeignKeyConstraint, Integer, PrimaryKeyConstraint

from service.database.types import Document, Key, Moment, Words

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    op.create_table(
        "deferred_requests",
        Column("project", Words, nullable=False),
        Column("connection", Key, nullable=False),
        Column("id", Key, nullable=False),
        Column("owner", Key),
        Column("held_until", Moment, nullable=False),
        Column("attempts", Integer, nullable=False),
        Column("size", Integer, nullable=False),
        Column("asked", Words, nullable=False),
        PrimaryKeyConstraint("project", "connection", "id", name="deferred_requests_key"),
        ForeignKeyConstraint(
            ["project", "connection"],
            ["connections.project", "connections.id"],
            name="deferred_requests_project_connection_reference",
            ondelete="CASCADE",
        ),
    )
    op.create_index("deferred_requests_held_until_index", "deferred_requests", ["held_until"])
    op.create_table(
        "deferred_outcomes",
        Column("project", Words, nullable=False),
        Column("connection", Key, nullable=False),
        Column("request", Key, nullable=False),
        Column("number", Integer, nullable=False),
        Column("told", Document, nullable=False),
        PrimaryKeyConstraint("project", "connection", "request", "number", name="deferred_outcomes_key"),
        ForeignKeyConstraint(
            ["project", "connection", "request"],
            ["deferred_requests.project", "deferred_requests.connection", "deferred_requests.id"],
            name="deferred_outcomes_project_connection_request_reference",
            ondelete="CASCADE",
        ),
    )
    op.add_column("connections", Column("events_authorization", Words))


def downgrade() -> None:
    op.drop_column("connections", "events_authorization")
    op.drop_table("deferred_outcomes")
    op.drop_table("deferred_requests")
