"""Connections with their terms, client credentials, the sync log, first loads."""

from alembic import op
from sqlalchemy import (
    Column,
    ForeignKeyConstraint,
    Integer,
    PrimaryKeyConstraint,
    Table,
    bindparam,
    column,
    select,
    table,
    update,
)
from sqlalchemy.schema import SchemaItem

from service.database.types import Document, Flag, Key, Moment, Words, new_key

revision = "0007"
down_revision = "0006"

_TERMS = ("name", "managed", "dry_run", "networks", "rate", "log_days", "jwks", "jwks_uri")
_LOG_DAYS = 30


def upgrade() -> None:
    _settle_connections()
    _name_tokens()
    _make("client_assertions", Column("fingerprint", Words, nullable=False),
          Column("expires_at", Moment, nullable=False), key="fingerprint")  # fmt: skip
    op.create_index("client_assertions_expires_at_index", "client_assertions", ["expires_at"])
    _make(
        "sync_log",
        Column("id", Key, nullable=False),
        Column("at", Moment, nullable=False),
        Column("method", Words, nullable=False),
        Column("path", Words, nullable=False),
        Column("status", Integer),
        Column("failed", Flag, nullable=False),
        Column("duration", Integer),
        Column("dry_run", Flag, nullable=False),
        Column("changed", Document),
        Column("request", Words),
        Column("answer", Words),
        Column("advice", Words),
        Column("ip", Words),
        Column("request_id", Words, nullable=False),
        key="id",
    )
    failures = ["project", "connection", "failed", "id"]
    op.create_index("sync_log_project_connection_failed_id_index", "sync_log", failures)
    _make(
        "imports",
        Column("fingerprint", Words, nullable=False),
        Column("line", Integer, nullable=False),
        Column("made", Integer, nullable=False),
        Column("failed", Integer, nullable=False),
        Column("finished", Flag, nullable=False),
        Column("changed_at", Moment, nullable=False),
        key="fingerprint",
    )


def downgrade() -> None:
    for name in ("imports", "sync_log", "client_assertions"):
        op.drop_table(name)
    op.execute("DELETE FROM connection_tokens WHERE kind <> 'token'")
    op.drop_index("connection_tokens_project_connection_index", "connection_tokens")
    op.drop_index("connection_tokens_expires_at_index", "connection_tokens")
    with op.batch_alter_table("connection_tokens", recreate="auto") as batch:
        for name in ("id", "kind", "name"):
            batch.drop_column(name)
    with op.batch_alter_table("connections", recreate="auto") as batch:
        batch.drop_constraint("connections_id_unique", type_="unique")
        for name in _TERMS:
            batch.drop_column(name)


def _settle_connections() -> None:
    """Connections that are there keep on as they did: named for their provider, without limits."""
    with op.batch_alter_table("connections", recreate="auto") as batch:
        batch.add_column(Column("name", Words))
        batch.add_column(Column("managed", Flag))
        batch.add_column(Column("dry_run", Flag))
        batch.add_column(Column("networks", Document))
        batch.add_column(Column("rate", Integer))
        batch.add_column(Column("log_days", Integer))
        batch.add_column(Column("jwks", Document))
        batch.add_column(Column("jwks_uri", Words))
    rows = table("connections", column("name"), column("provider"), column("managed", Flag()),
                 column("dry_run", Flag()), column("log_days"))  # fmt: skip
    op.get_bind().execute(
        update(rows).values(name=rows.c.provider, managed=False, dry_run=False, log_days=_LOG_DAYS)
    )
    with op.batch_alter_table("connections", recreate="auto") as batch:
        for name, kind in (
            ("name", Words()),
            ("managed", Flag()),
            ("dry_run", Flag()),
            ("log_days", Integer()),
        ):
            batch.alter_column(name, existing_type=kind, nullable=False)
        batch.create_unique_constraint("connections_id_unique", ["id"])


def _name_tokens() -> None:
    with op.batch_alter_table("connection_tokens", recreate="auto") as batch:
        batch.add_column(Column("id", Key))
        batch.add_column(Column("kind", Words))
        batch.add_column(Column("name", Words))
    rows = table("connection_tokens", column("fingerprint"), column("id", Key()), column("kind"))
    bind = op.get_bind()
    one = update(rows).where(rows.c.fingerprint == bindparam("of"))
    for (fingerprint,) in bind.execute(select(rows.c.fingerprint)).all():
        bind.execute(one.values(id=new_key(), kind="token"), {"of": fingerprint})
    with op.batch_alter_table("connection_tokens", recreate="auto") as batch:
        batch.alter_column("id", existing_type=Key(), nullable=False)
        batch.alter_column("kind", existing_type=Words(), nullable=False)
    op.create_index(
        "connection_tokens_project_connection_index", "connection_tokens", ["project", "connection"]
    )
    op.create_index("connection_tokens_expires_at_index", "connection_tokens", ["expires_at"])


def _make(name: str, *columns: SchemaItem, key: str) -> Table:
    """A table of rows that go with their connection."""
    return op.create_table(
        name,
        Column("project", Words, nullable=False),
        Column("connection", Key, nullable=False),
        *columns,
        ForeignKeyConstraint(
            ["project", "connection"],
            ["connections.project", "connections.id"],
            name=f"{name}_project_connection_reference",
            ondelete="CASCADE",
        ),
        PrimaryKeyConstraint("project", "connection", key, name=f"{name}_key"),
    )
