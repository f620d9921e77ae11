"""The migrations make exactly the schema that `tables` describes, once, whoever else is at it."""

import asyncio
import sqlite3
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, make_url, text

from service.database import Unavailable
from service.database.migrations import SchemaUnknown, head, known, migrate, pending, perform, revision, steps
from service.database.tables import metadata
from tests.postgresql import PostgreSQL

SQLITE = "SELECT type, name, tbl_name, sql FROM sqlite_master WHERE name NOT LIKE 'sqlite%'"
POSTGRESQL = (
    """SELECT c.relname, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attidentity,
       (SELECT collname FROM pg_collation l WHERE l.oid = a.attcollation)
       FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
       WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND a.attnum > 0""",
    """SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint
       WHERE connamespace = 'public'::regnamespace""",
    "SELECT tablename, indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'",
    """SELECT tgrelid::regclass::text, pg_get_triggerdef(t.oid), pg_get_functiondef(tgfoid) FROM pg_trigger t
       WHERE NOT tgisinternal""",
)


def schema(connection: Connection) -> set[Any]:
    """Everything that the database itself knows of its tables, but for Alembic's own."""
    if connection.dialect.name == "sqlite":
        rows = connection.execute(text(SQLITE)).all()
        found = {(kind, name, table, frozenset(_lines(sql))) for kind, name, table, sql in rows}
    else:
        found = {tuple(row) for query in POSTGRESQL for row in connection.execute(text(query))}
    return {row for row in found if "alembic_version" not in row}


def _lines(sql: str | None) -> list[str]:
    """The columns and constraints of a table, in whatever order and quotes they came."""
    whole = " ".join((sql or "").replace('"', "").split()).replace("( ", "(").replace(" )", ")")
    begun, _, inside = whole.partition("(")
    lines, depth = [begun.strip()], 0
    for piece in inside.removesuffix(")").split(","):
        lines.append(piece.strip()) if depth == 0 else lines.append(f"{lines.pop()},{piece}")
        depth += piece.count("(") - piece.count(")")
    return lines


async def test_the_migrated_schema_is_the_one_that_tables_describes(
    database_url: str, postgresql: PostgreSQL, tmp_path: Path
) -> None:
    other = (
        f"sqlite:///{tmp_path}/other.db" if database_url.startswith("sqlite") else await postgresql.fresh()
    )
    if not other.startswith("sqlite"):
        await perform(other, _empty)
    await perform(other, metadata.create_all)
    migrated, described = await perform(database_url, schema), await perform(other, schema)
    assert migrated == described
    assert len(migrated) > len(metadata.tables)


def _empty(connection: Connection) -> None:
    connection.execute(text("DROP SCHEMA public CASCADE"))
    connection.execute(text("CREATE SCHEMA public"))


async def test_down_and_up_again(database_url: str) -> None:
    before = await perform(database_url, schema)
    await perform(database_url, lambda connection: steps.down(connection, "base"))
    assert await perform(database_url, schema) == set()
    assert await pending(database_url)
    await migrate(database_url)
    assert await perform(database_url, schema) == before
    assert not await pending(database_url)


async def test_migrating_again_changes_nothing(database_url: str) -> None:
    before = await perform(database_url, schema)
    await migrate(database_url)
    assert await perform(database_url, schema) == before
    assert await revision(database_url) == head()


def test_the_numbers_of_the_files_are_the_revisions_that_alembic_knows() -> None:
    found = ScriptDirectory.from_config(steps.config())
    assert found.get_current_head() == head()
    assert sorted(script.revision for script in found.walk_revisions()) == list(known())


async def test_a_schema_of_the_future_is_left_alone(database_url: str) -> None:
    before = await perform(database_url, schema)
    await perform(
        database_url, lambda tx: tx.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    )
    for ask in (pending, migrate):
        with pytest.raises(SchemaUnknown, match="9999"):
            await ask(database_url)
    assert await perform(database_url, schema) == before


async def test_a_file_that_is_no_database_is_told_and_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "letter.txt"
    file.write_text("Dear Ada,\n" * 100)
    for ask in (pending, migrate):
        with pytest.raises(Unavailable, match=r"letter\.txt: .* no database"):
            await ask(f"sqlite:///{file}")
    assert file.read_text().startswith("Dear Ada")


async def test_a_file_that_is_not_there_is_pending_and_stays_away(tmp_path: Path) -> None:
    assert await pending(f"sqlite:///{tmp_path}/none.db")
    assert not (tmp_path / "none.db").exists()


MIGRATE = (
    "import asyncio, sys; from service.database.migrations import migrate; asyncio.run(migrate(sys.argv[1]))"
)


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
async def test_processes_that_start_at_once_migrate_once(
    kind: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    url = f"sqlite:///{tmp_path}/made/new.db"
    if kind == "postgresql":
        url = await request.getfixturevalue("postgresql").fresh()
        await perform(url, _empty)
    processes = [
        await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", MIGRATE, url),
            cwd=Path(__file__).parents[2],
            stderr=asyncio.subprocess.PIPE,
        )
        for _ in range(3)
    ]
    for process in processes:
        _, said = await process.communicate()
        assert (process.returncode, said) == (0, b"")
    assert not await pending(url)


async def test_a_migration_that_fails_leaves_nothing(tmp_path: Path, postgresql_url: str) -> None:
    def fail(connection: Connection) -> None:
        connection.execute(text("CREATE TABLE half (id INTEGER)"))
        raise LookupError

    for url in (f"sqlite:///{tmp_path}/new.db", postgresql_url):
        before = await perform(url, schema)
        with pytest.raises(LookupError):
            await perform(url, fail)
        assert await perform(url, schema) == before


async def test_a_role_that_may_make_no_tables_is_told_how_it_may(postgresql: PostgreSQL) -> None:
    postgresql.psql("CREATE ROLE guest LOGIN")
    postgresql.psql("CREATE DATABASE theirs")
    guest = make_url(postgresql.url("theirs")).set(username="guest")
    with pytest.raises(Unavailable, match="ALTER DATABASE name OWNER TO user"):
        await migrate(guest.render_as_string(hide_password=False))


async def test_a_wrong_address_is_told_by_what_is_wrong_with_it(postgresql_url: str) -> None:
    sign = "&" if "?" in postgresql_url else "?"
    with pytest.raises(Unavailable, match="`sslmode` parameter must be one of"):
        await pending(f"{postgresql_url}{sign}sslmode=bogus")


async def test_no_server_is_unavailable(tmp_path: Path) -> None:
    for url in ("postgresql://127.0.0.1:1/none", f"sqlite:///{tmp_path}"):
        with pytest.raises(Unavailable):
            await migrate(url)


async def test_the_default_project_has_the_time_of_its_making(database_url: str, tmp_path: Path) -> None:
    if database_url.startswith("sqlite"):
        with closing(sqlite3.connect(database_url.removeprefix("sqlite:///"))) as raw:
            assert raw.execute("SELECT length(created_at) FROM projects").fetchall() == [(24,)]
    else:
        admin = await asyncpg.connect(database_url)
        assert await admin.fetchval("SELECT count(*) FROM projects WHERE created_at <= now()") == 1
        await admin.close()


async def test_connections_that_were_there_keep_on_as_they_did(database_url: str) -> None:
    """Up with rows in the tables that are made anew on SQLite, down, and up again."""
    step = {
        "down": lambda connection: steps.down(connection, "0002"),
        "up": lambda connection: steps.up(connection, "0007"),
    }
    await perform(database_url, step["down"])
    for statement in (
        "INSERT INTO connections (project, id, provider, profile, adopt, created_at) VALUES ('default', '01890a5d-ac96-774b-bcce-b302099a8057', 'okta', 'entra', true, '2026-01-01T00:00:00.000Z')",
        "INSERT INTO connection_tokens (project, connection, fingerprint, hint, created_at) VALUES ('default', '01890a5d-ac96-774b-bcce-b302099a8057', 'f00d', 'x', '2026-01-01T00:00:00.000Z')",
    ):
        await perform(database_url, lambda connection, said=statement: connection.execute(text(said)))
    kept = text(
        "SELECT c.name, c.profile, c.adopt, c.managed, c.dry_run, c.log_days, t.kind, t.id IS NOT NULL"
        " FROM connections c JOIN connection_tokens t ON t.connection = c.id"
    )
    for way in ("up", "down", "up"):
        await perform(database_url, step[way])
        if way == "up":
            rows = await perform(database_url, lambda connection: connection.execute(kept).all())
            assert [tuple(row) for row in rows] == [("okta", "entra", True, False, False, 30, "token", True)]
