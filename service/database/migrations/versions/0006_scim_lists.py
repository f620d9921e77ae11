"""Lists over SCIM that find their pages and their totals in an index alone."""

from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.drop_index("users_project_connection_id_index", "users")
    op.create_index(
        "users_project_connection_retired_id_index", "users", ["project", "connection", "retired", "id"]
    )


def downgrade() -> None:
    op.drop_index("users_project_connection_retired_id_index", "users")
    op.create_index("users_project_connection_id_index", "users", ["project", "connection", "id"])
