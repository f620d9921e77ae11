"""Lists of those who have a role that find their pages in an index."""

from alembic import op
from sqlalchemy import column

revision = "0022"
down_revision = "0020"


def upgrade() -> None:
    op.drop_index("users_project_role_index", "users")
    there = column("role").is_not(None)
    op.create_index(
        "users_project_role_id_index",
        "users",
        ["project", "role", "id"],
        postgresql_where=there,
        sqlite_where=there,
    )


def downgrade() -> None:
    op.drop_index("users_project_role_id_index", "users")
    op.create_index("users_project_role_index", "users", ["project", "role"])
