"""Users of connections, counted block by block; lists over SCIM in the order in which users came."""

from alembic import op
from sqlalchemy import BigInteger, Column, ForeignKeyConstraint, Integer, PrimaryKeyConstraint

from service.database.types import Key, Words

revision = "0014"
down_revision = "0013"

_LISTED = "{0}.connection IS NOT NULL AND {0}.retired = ''"
_COUNTING = "INSERT INTO user_blocks (project, connection, block, part, people)"
_ADDING = (
    "ON CONFLICT (project, connection, block, part) "
    "DO UPDATE SET people = user_blocks.people + excluded.people;"
)
_ROWS = (("enter", "INSERT", "NEW", 1), ("leave", "DELETE", "OLD", -1))
_MADE, _TAKEN = "NEW TABLE AS made", "OLD TABLE AS taken"
_EVENTS = {"INSERT": (_MADE,), "DELETE": (_TAKEN,), "UPDATE": (_MADE, _TAKEN)}


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
        "SELECT project, connection, number >> 12, 0, count(*) FROM users "
        f"WHERE {_LISTED.format('users')} GROUP BY project, connection, number >> 12"
    )


def _on_sqlite() -> None:
    for name, event, row, step in _ROWS:
        for number, happening in enumerate((event, "UPDATE OF connection, retired")):
            op.execute(
                f"CREATE TRIGGER users_{name}_{number} AFTER {happening} ON users "
                f"WHEN {_LISTED.format(row)} BEGIN {_COUNTING} VALUES "
                f"({row}.project, {row}.connection, {row}.number >> 12, 0, {step}) {_ADDING} END"
            )


def _on_postgresql() -> None:
    for event, tables in _EVENTS.items():
        name = f"users_{event.lower()}"
        steps = " UNION ALL ".join(
            f"SELECT project, connection, number >> 12 AS block, {1 if table is _MADE else -1} AS step "  # noqa: S608  # words of ours
            f"FROM {table.split()[-1]} AS moved WHERE {_LISTED.format('moved')}"
            for table in tables
        )
        summed = (
            f"SELECT project, connection, block, pg_backend_pid() & 255, sum(step) FROM ({steps}) AS steps "  # noqa: S608  # words of ours
            "GROUP BY project, connection, block HAVING sum(step) <> 0 ORDER BY project, connection, block"
        )
        op.execute(
            f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS "
            f"$$ BEGIN {_COUNTING} {summed} {_ADDING} RETURN NULL; END $$"
        )
        op.execute(
            f"CREATE TRIGGER {name} AFTER {event} ON users REFERENCING {' '.join(tables)} "
            f"FOR EACH STATEMENT EXECUTE FUNCTION {name}()"
        )


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for name, *_ in _ROWS:
            op.execute(f"DROP TRIGGER users_{name}_0")
            op.execute(f"DROP TRIGGER users_{name}_1")
    else:
        for event in _EVENTS:
            op.execute(f"DROP TRIGGER users_{event.lower()} ON users")
            op.execute(f"DROP FUNCTION users_{event.lower()}()")
    op.drop_index("users_project_connection_retired_number_index", "users")
    op.create_index(
        "users_project_connection_retired_id_index", "users", ["project", "connection", "retired", "id"]
    )
    op.drop_table("user_blocks")
