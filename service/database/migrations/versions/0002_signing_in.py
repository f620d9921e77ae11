"""Signing in: failed attempts, second factors, recovery codes, registrations."""

from alembic import op
from sqlalchemy import BigInteger, Column, ForeignKeyConstraint, Integer, PrimaryKeyConstraint

from service.database.types import Flag, Key, Moment, Words

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_table(
        "attempts",
        Column("project", Words, nullable=False),
        Column("mark", Words, nullable=False),
        Column("count", Integer, nullable=False),
        Column("ends_at", Moment, nullable=False),
        ForeignKeyConstraint(["project"], ["projects.name"], name="attempts_project_reference"),
        PrimaryKeyConstraint("project", "mark", name="attempts_key"),
    )
    op.create_index("attempts_ends_at_index", "attempts", ["ends_at"])
    op.create_table(
        "second_factors",
        Column("project", Words, nullable=False),
        Column("user", Key, nullable=False),
        Column("pending", Words),
        Column("armed", Flag, nullable=False),
        Column("step", BigInteger),
        _of_user("second_factors"),
        PrimaryKeyConstraint("project", "user", name="second_factors_key"),
    )
    op.create_table(
        "recovery_codes",
        Column("project", Words, nullable=False),
        Column("user", Key, nullable=False),
        Column("fingerprint", Words, nullable=False),
        _of_user("recovery_codes"),
        PrimaryKeyConstraint("project", "user", "fingerprint", name="recovery_codes_key"),
    )
    op.create_table(
        "registrations",
        Column("project", Words, nullable=False),
        Column("id", Key, nullable=False),
        Column("email", Words, nullable=False),
        Column("email_key", Words, nullable=False),
        Column("password_hash", Words, nullable=False),
        Column("first_name", Words),
        Column("last_name", Words),
        Column("role", Key),
        Column("expires_at", Moment, nullable=False),
        ForeignKeyConstraint(["project"], ["projects.name"], name="registrations_project_reference"),
        PrimaryKeyConstraint("project", "id", name="registrations_key"),
    )
    op.create_index("registrations_project_email_key_index", "registrations", ["project", "email_key"])
    op.create_index("registrations_expires_at_index", "registrations", ["expires_at"])


def downgrade() -> None:
    for name in ("registrations", "recovery_codes", "second_factors", "attempts"):
        op.drop_table(name)


def _of_user(table: str) -> ForeignKeyConstraint:
    return ForeignKeyConstraint(
        ["project", "user"],
        ["users.project", "users.id"],
        name=f"{table}_project_user_reference",
        ondelete="CASCADE",
    )
