"""How many users a connection has, block by block: kept by triggers, whoever writes and in whatever way.

A page far into a long list begins where the sums lead, and the whole list is counted in a few rows.
"""

from collections.abc import Iterator
from typing import Final

from sqlalchemy import DDL, BigInteger, Column, Integer, PrimaryKeyConstraint, Table, event

from service.database.tables.ground import metadata, of_connection, project
from service.database.types import Key

BITS: Final = 14  # of a user's number that tell those of one block apart

user_blocks = Table(
    "user_blocks",
    metadata,
    project(),
    Column("connection", Key, nullable=False),
    Column("block", BigInteger, nullable=False),  # the number of its users, without the last bits
    Column("part", Integer, nullable=False),  # one for each who writes, so that none waits for another
    Column("people", Integer, nullable=False),  # to be summed over the parts, of which some are below zero
    PrimaryKeyConstraint("project", "connection", "block", "part"),
    of_connection(),
)

# Whoever belongs to a connection and is not retired is in its list: what enters it, and what leaves it.
_WAYS: Final = (("enter", "INSERT", "NEW", 1), ("leave", "DELETE", "OLD", -1))
_MOVED: Final = "UPDATE OF connection, retired"


def _listed(row: str) -> str:
    return f"{row}.connection IS NOT NULL AND {row}.retired = ''"


def _counting(row: str, part: str, step: int) -> str:
    return (
        "INSERT INTO user_blocks (project, connection, block, part, people) VALUES "  # noqa: S608  # words of ours
        f"({row}.project, {row}.connection, {row}.number >> {BITS}, {part}, {step}) "
        "ON CONFLICT (project, connection, block, part) "
        "DO UPDATE SET people = user_blocks.people + excluded.people;"
    )


def _on_sqlite() -> Iterator[str]:
    for name, begins, row, step in _WAYS:
        for number, happening in enumerate((begins, _MOVED)):
            yield (
                f"CREATE TRIGGER users_{name}_{number} AFTER {happening} ON users "
                f"WHEN {_listed(row)} BEGIN {_counting(row, '0', step)} END"
            )


def _on_postgresql() -> Iterator[str]:
    for name, begins, row, step in _WAYS:
        yield (
            f"CREATE FUNCTION users_{name}() RETURNS trigger LANGUAGE plpgsql AS "
            f"$$ BEGIN {_counting(row, 'pg_backend_pid() & 15', step)} RETURN NULL; END $$"
        )
        yield (
            f"CREATE TRIGGER users_{name} AFTER {begins} OR {_MOVED} ON users FOR EACH ROW "
            f"WHEN ({_listed(row)}) EXECUTE FUNCTION users_{name}()"
        )


for _kind, _statements in (("sqlite", _on_sqlite()), ("postgresql", _on_postgresql())):
    for _statement in _statements:
        event.listen(metadata, "after_create", DDL(_statement).execute_if(dialect=_kind))  # type: ignore[no-untyped-call]  # SQLAlchemy's own
