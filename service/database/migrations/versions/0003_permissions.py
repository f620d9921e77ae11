"""What roles may do: permissions."""

from alembic import op
from sqlalchemy import BigInteger, Column, ForeignKeyConstraint, Identity, Integer

from service.database.types import Document, Key, Words

revision = "0003"
down_revision = "0002"

Number = BigInteger().with_variant(Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "permissions",
        Column("project", Words, nullable=False),
        Column("id", Number, Identity(), primary_key=True),
        Column("role", Key),
        Column("collection", Words, nullable=False),
        Column("action", Words, nullable=False),
        Column("permissions", Document),
        Column("validation", Document),
        Column("presets", Document),
        Column("fields", Document),
        ForeignKeyConstraint(["project"], ["projects.name"], name="permissions_project_reference"),
        ForeignKeyConstraint(
            ["project", "role"],
            ["roles.project", "roles.id"],
            name="permissions_project_role_reference",
            ondelete="CASCADE",
        ),
        sqlite_autoincrement=True,
    )
    op.create_index("permissions_project_role_id_index", "permissions", ["project", "role", "id"])


def downgrade() -> None:
    op.drop_table("permissions")
