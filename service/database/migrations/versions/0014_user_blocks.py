"""Users of connections, counted block by block; lists over SCIM in the order in which users came."""

from alembic import op
from sqlalchemy import BigInteger, Column, ForeignKeyConstraint, Integer, PrimaryKeyConstraint

from service.database.types import Key, Words

revision = "0014"
down_revision = "0012"

_OWNED = "{0}.connection IS NOT NULL AND {0}.retired = ''"
_COUNTING = (
    "INSERT INTO user_blocks (project, connection, block, part, people) VALUES "
    "({0}.project, {0}.connection, {0}.number >> 14, {1}, {2}) "
    "ON CONFLICT (project, connection, block, part) "
    "DO UPDATE SET people = user_blocks.people + excluded.people;"
)
_MOVED = "UPDATE OF connection, retired"
_WAYS = (("enter", "INSERT", "NEW", 1), ("leave", "DELETE", "OLD", -1))


def upgrade() -> None:
    op.create_table(
        "user_blocks",
        Column("project", Words, nullable=False),
        Column("connection", Key, nullable=False),
        Column("block", BigInteger, nullable=False),
        Column("part", Integer, nullable=False),
        Column("people", Integer, nullable=False),
        ForeignKeyConstraint(
            ["project", "connection"],
            ["connections.project", "connections.id"],
            name="user_blocks_project_connection_reference",
            ondelete="CASCADE",
        ),
        PrimaryKeyConstraint("project", "connection", "block", "part", name="user_blocks_key"),
    )
    op.drop_index("users_project_connection_retired_id_index", "users")
    op.create_index(
        "users_project_connection_retired_number_index",
        "users",
        ["project", "connection", "retired", "number"],
    )
    # The triggers come first: on PostgreSQL nobody writes a user any more until all is counted.
    if op.get_bind().dialect.name == "sqlite":
        _on_sqlite()
    else:
        _on_postgresql()
    op.execute(
        "INSERT INTO user_blocks (project, connection, block, part, people) "  # noqa: S608  # words of ours
        "SELECT project, connection, number >> 14, 0, count(*) FROM users "
        f"WHERE {_OWNED.format('users')} GROUP BY project, connection, number >> 14"
    )


def _on_sqlite() -> None:
    for name, event, row, step in _WAYS:
        counting = _COUNTING.format(row, "0", step)
        for number, happening in enumerate((event, _MOVED)):
            op.execute(
                f"CREATE TRIGGER users_{name}_{number} AFTER {happening} ON users "
                f"WHEN {_OWNED.format(row)} BEGIN {counting} END"
            )


def _on_postgresql() -> None:
    for name, event, row, step in _WAYS:
        counting = _COUNTING.format(row, "pg_backend_pid() & 15", step)
        op.execute(
            f"CREATE FUNCTION users_{name}() RETURNS trigger LANGUAGE plpgsql AS "
            f"$$ BEGIN {counting} RETURN NULL; END $$"
        )
        op.execute(
            f"CREATE TRIGGER users_{name} AFTER {event} OR {_MOVED} ON users FOR EACH ROW "
            f"WHEN ({_OWNED.format(row)}) EXECUTE FUNCTION users_{name}()"
        )


def downgrade() -> None:
    sqlite = op.get_bind().dialect.name == "sqlite"
    for name, *_ in _WAYS:
        if sqlite:
            op.execute(f"DROP TRIGGER users_{name}_0")
            op.execute(f"DROP TRIGGER users_{name}_1")
        else:
            op.execute(f"DROP TRIGGER users_{name} ON users")
            op.execute(f"DROP FUNCTION users_{name}()")
    op.drop_index("users_project_connection_retired_number_index", "users")
    op.create_index(
        "users_project_connection_retired_id_index", "users", ["project", "connection", "retired", "id"]
    )
    op.drop_table("user_blocks")
