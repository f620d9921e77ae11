"""Sign-on: codes that are still awaited, factors that a provider answers for, grants that are asked about."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy import Column, ForeignKeyConstraint, PrimaryKeyConstraint

from service.database.types import Flag, Key, Moment, Words

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.create_table(
        "awaited_codes",
        Column("project", Words, nullable=False),
        Column("fingerprint", Words, nullable=False),
        Column("user", Key, nullable=False),
        Column("provider", Words, nullable=False),
        Column("redirect", Words),
        Column("expires_at", Moment, nullable=False),
        ForeignKeyConstraint(
            ["project", "user"],
            ["users.project", "users.id"],
            name="awaited_codes_project_user_reference",
            ondelete="CASCADE",
        ),
        PrimaryKeyConstraint("project", "fingerprint", name="awaited_codes_key"),
    )
    op.create_index("awaited_codes_project_user_index", "awaited_codes", ["project", "user"])
    op.create_index("awaited_codes_expires_at_index", "awaited_codes", ["expires_at"])
    op.add_column("identities", Column("asked_at", Moment))
    op.add_column("sessions", Column("factor", Flag, nullable=False, server_default=sa.false()))


def downgrade() -> None:
    op.drop_column("sessions", "factor")
    op.drop_column("identities", "asked_at")
    op.drop_table("awaited_codes")
