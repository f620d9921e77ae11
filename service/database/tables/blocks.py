"""How many users a connection has, block by block: kept by triggers, whoever writes and in whatever way.

A page far into a long list begins where the sums lead, and the whole list is counted in a few rows.
"""

from collections.abc import Iterator
from typing import Final

from sqlalchemy import DDL, BigInteger, Column, Integer, PrimaryKeyConstraint, Table, event

from service.database.tables.ground import metadata, of_connection, project
from service.database.types import Key

BITS: Final = 12  # of a user's number that tell those of one block apart

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

# Whoever belongs to a connection and is not retired is in its list; a step is one who enters or leaves it.
_LISTED: Final = "{0}.connection IS NOT NULL AND {0}.retired = ''"
_COUNTING: Final = "INSERT INTO user_blocks (project, connection, block, part, people)"
_ADDING: Final = (
    "ON CONFLICT (project, connection, block, part) "
    "DO UPDATE SET people = user_blocks.people + excluded.people;"
)
_MOVED: Final = "UPDATE OF connection, retired"


def _on_sqlite() -> Iterator[str]:
    """Row by row."""
    for name, begins, row, step in (("enter", "INSERT", "NEW", 1), ("leave", "DELETE", "OLD", -1)):
        for number, happening in enumerate((begins, _MOVED)):
            yield (
                f"CREATE TRIGGER users_{name}_{number} AFTER {happening} ON users "
                f"WHEN {_LISTED.format(row)} BEGIN {_COUNTING} VALUES "
                f"({row}.project, {row}.connection, {row}.number >> {BITS}, 0, {step}) {_ADDING} END"
            )


# The rows that a statement has made and those that it has taken away.
_MADE, _TAKEN = "NEW TABLE AS made", "OLD TABLE AS taken"
_EVENTS: Final = {"INSERT": (_MADE,), "DELETE": (_TAKEN,), "UPDATE": (_MADE, _TAKEN)}


def _on_postgresql() -> Iterator[str]:
    """Statement by statement: to count each of many rows by itself would leave as many dead rows behind."""
    for happening, tables in _EVENTS.items():
        name = f"users_{happening.lower()}"
        steps = " UNION ALL ".join(
            f"SELECT project, connection, number >> {BITS} AS block, {1 if table is _MADE else -1} AS step "  # noqa: S608  # words of ours
            f"FROM {table.split()[-1]} AS moved WHERE {_LISTED.format('moved')}"
            for table in tables
        )
        summed = (
            f"SELECT project, connection, block, pg_backend_pid() & 255, sum(step) FROM ({steps}) AS steps "  # noqa: S608  # words of ours
            "GROUP BY project, connection, block HAVING sum(step) <> 0 ORDER BY project, connection, block"
        )
        yield (
            f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS "
            f"$$ BEGIN {_COUNTING} {summed} {_ADDING} RETURN NULL; END $$"
        )
        yield (
            f"CREATE TRIGGER {name} AFTER {happening} ON users REFERENCING {' '.join(tables)} "
            f"FOR EACH STATEMENT EXECUTE FUNCTION {name}()"
        )


for _kind, _statements in (("sqlite", _on_sqlite()), ("postgresql", _on_postgresql())):
    for _statement in _statements:
        event.listen(metadata, "after_create", DDL(_statement).execute_if(dialect=_kind))  # type: ignore[no-untyped-call]  # SQLAlchemy's own
