"""Passkeys: public keys of people's authenticators."""

from alembic import op
from sqlalchemy import BigInteger, Column, ForeignKeyConstraint, PrimaryKeyConstraint, UniqueConstraint

from service.database.types import Document, Flag, Key, Moment, Words

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    op.create_table(
        "passkeys",
        Column("project", Words, nullable=False),
        Column("id", Key, nullable=False),
        Column("user", Key, nullable=False),
        Column("credential", Words, nullable=False),
        Column("public_key", Words, nullable=False),
        Column("sign_count", BigInteger, nullable=False),
        Column("transports", Document, nullable=False),
        Column("eligible", Flag, nullable=False),
        Column("backed_up", Flag, nullable=False),
        Column("name", Words, nullable=False),
        Column("created_at", Moment, nullable=False),
        Column("last_used_at", Moment),
        ForeignKeyConstraint(
            ["project", "user"],
            ["users.project", "users.id"],
            name="passkeys_project_user_reference",
            ondelete="CASCADE",
        ),
        PrimaryKeyConstraint("project", "id", name="passkeys_key"),
        UniqueConstraint("project", "credential", name="passkeys_project_credential_unique"),
    )
    op.create_index("passkeys_project_user_index", "passkeys", ["project", "user"])


def downgrade() -> None:
    op.drop_table("passkeys")
