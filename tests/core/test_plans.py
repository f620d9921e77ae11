"""What lists and look-ups cost does not grow with the table: an index leads to their rows, on both databases,
and PostgreSQL plans them once."""

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from typing import Any

import asyncpg
import pytest
from sqlalchemy import insert

from providers.scim.tolerance import DEFAULT
from service.database import Database, Transaction, new_key, now, open_database
from service.database.postgres import lane
from service.database.postgres.together import together
from service.database.shapes import Shape as Compiled
from service.database.shapes import shape
from service.database.tables import users
from service.database.url import sqlite_path
from service.dialects import access_paths, question, scim_blocks, scim_filters, scim_pages, statements
from service.dialects.nodes import Joined, Node, Term
from service.dialects.paths import Path
from service.dialects.scim_orders import Order
from service.dialects.statements import Asking, Shape
from service.users import group_roles
from service.users.model import Caller
from tests.connecting import connect
from tests.core.people import HOUSE

OTHERS, OWN = 1000, 4000
ADMIN = Caller("default", admin=True)
WALK = "users_project_connection_retired_number_index"


def _row(number: int, connection: str | None) -> dict[str, object]:
    name = f"u{number:05}@example.com"
    return {
        "project": "default", "id": new_key(), "email": name, "email_key": name, "status": "active",
        "provider": "okta", "email_notifications": True, "retired": "", "search_text": name, "version": 1,
        "created_at": now(), "changed_at": now(), "connection": connection, "user_name_key": name,
        "external_identifier": f"x{number}",
    }  # fmt: skip


async def _fill(tx: Transaction, connection: str) -> list[str]:
    """The connection's own come after many of nobody's; all ids, in the order in which they came."""
    rows = [_row(number, connection if number >= OTHERS else None) for number in range(OTHERS + OWN)]
    await tx.run_many(insert(users), rows)
    return [str(row["id"]) for row in rows]


class Crowd:
    """A table of some size, and how its database would look into it."""

    def __init__(self, database: Database, url: str, connection: str, ids: list[str]) -> None:
        self.database, self.url, self.connection, self.ids = database, url, connection, ids
        self.values = {
            "caller_project": "default",
            "caller_connection": connection,
            "limit": 100,
            "offset": 0,
        }

    def compiled(self, asking: Asking, values: Mapping[str, object]) -> tuple[Compiled, list[Any]]:
        made = shape(asking.statement, asking.names, self.database.kind)
        return made, made.arguments({name: {**self.values, **values}[name] for name in asking.names})

    async def plan(self, asking: Asking, **values: object) -> str:
        made, arguments = self.compiled(asking, values)
        if path := sqlite_path(self.url):
            with closing(sqlite3.connect(path)) as raw:
                told = raw.execute(f"EXPLAIN QUERY PLAN {made.sql}", arguments).fetchall()
            return "\n".join(row[3] for row in told)
        connection = await lane.connect(self.url)
        told = await connection.fetch(f"EXPLAIN {made.sql}", *arguments)
        await connection.close()
        return "\n".join(row[0] for row in told)


@pytest.fixture
async def crowd(database: Database, database_url: str) -> Crowd:
    return await _crowd(database, database_url)


async def _crowd(database: Database, database_url: str) -> Crowd:
    await database.write(connect, HOUSE, "okta")
    connection = await database.read(group_roles.connection_of, HOUSE, "okta")
    ids = await database.write(_fill, connection)
    if database.kind == "postgresql":
        admin = await asyncpg.connect(database_url)
        await admin.execute("VACUUM ANALYZE users")
        await admin.close()
    return Crowd(database, database_url, connection, ids)


def _people(where: Node | None = None) -> Shape:
    return Shape("rest10", "directus_users", "all", ("id", "email"), where=where, paged=True)


async def test_pages_of_a_connection_do_not_pass_over_those_of_others(crowd: Crowd) -> None:
    """Although nearly all users are its own, which lets the index of all numbers look as good."""
    shape_ = Shape("scim", "directus_users", "owned", ())
    kind, place = crowd.database.kind, {"k0": OTHERS + OWN // 2, "passed": OWN // 2}
    for step in ("first", "after", "before"):
        assert WALK in await crowd.plan(scim_pages._page(shape_, Order(), step, 100, kind), **place), step
    far = await crowd.plan(scim_blocks._page(shape_, 100, kind), **place)
    assert far.count(WALK) == 2, far
    assert "users_key" not in far


@pytest.mark.parametrize(
    "text",
    [
        'emails.value eq "u04000@example.com"',
        'emails[type eq "work"].value eq "u04000@example.com"',
        'id eq "01a202d2-cdca-748f-a2ba-a3a09d1031e6"',
        'userName eq "u04000@example.com" or externalId eq "x4001"',
        'userName eq "u04000@example.com" and active eq true',
        'groups.value eq "01a202d2-cdca-748f-a2ba-a3a09d1031e6"',
    ],
)
async def test_a_filter_by_keys_is_led_to_its_rows(crowd: Crowd, text: str) -> None:
    asked = scim_filters.read(text, DEFAULT)
    shape_ = Shape("scim", "directus_users", "owned", (), where=asked.where)
    values = {f"v{place}": value for place, value in enumerate(asked.values)}
    kind = crowd.database.kind
    for page in (scim_pages._page(shape_, Order(), "first", 100, kind), scim_pages._few(shape_, kind)):
        plan = await crowd.plan(page, **values)
        assert "Seq Scan on users" not in plan, plan
        assert WALK not in plan, plan
        assert "AND connection=?)" not in plan, plan  # SQLite: all of a connection


@pytest.mark.parametrize(("how", "beside"), [("and", "status"), ("or", "email")])
async def test_what_stands_beside_a_key_does_not_hide_it(crowd: Crowd, how: Any, beside: str) -> None:
    asked = _people(Joined(how, (Term("email", "eq", 0), Term(beside, "eq", 1))))
    assert access_paths.is_found(asked)
    plan = await crowd.plan(statements.rows(asked, crowd.database.kind), v0="u04000@example.com", v1="x")
    assert "Seq Scan" not in plan, plan
    assert "(project=?)" not in plan, plan


async def test_what_no_key_leads_to_is_nothing_that_is_found() -> None:
    key, other = Term("email", "eq", 0), Term("status", "eq", 1)
    assert not access_paths.is_found(_people(Joined("or", (key, other))))
    assert not access_paths.is_found(_people(Joined("or", (key, Term("external_identifier", "eq", 1)))))
    assert not access_paths.is_found(_people(Joined("and", (other, other))))
    assert not access_paths.is_found(_people(Term("role", "eq", 0)))  # whoever has it may be everybody


async def test_a_list_of_a_role_is_a_walk_in_an_index(crowd: Crowd) -> None:
    plan = await crowd.plan(
        statements.rows(_people(Term("role", "eq", 0)), crowd.database.kind), v0=new_key()
    )
    assert "users_project_role_id_index" in plan, plan
    assert "Seq Scan" not in plan, plan
    if crowd.database.kind == "sqlite":
        assert "TEMP B-TREE" not in plan, plan


async def test_far_and_sorted_pages_are_those_of_the_list(crowd: Crowd) -> None:
    ids = sorted(crowd.ids)

    async def page(offset: int, sort: Any = ()) -> list[str]:
        asked = question.ask(ADMIN, "rest10", "directus_users", ("id",), sort=sort, limit=100, offset=offset)
        assert asked.shape.remote == bool(sort or offset > 1000)
        return [row[0] for row in await crowd.database.scan(question.rows, asked)]

    for offset in (0, 50, 1000, 1001, 4950, 6000):
        assert await page(offset) == ids[offset : offset + 100], offset
    by_email = [((Path((), "email"), True),)]
    for offset in (0, 3000):
        assert await page(offset, by_email[0]) == crowd.ids[::-1][offset : offset + 100]


async def test_postgresql_plans_its_pages_and_look_ups_once(postgresql_url: str) -> None:
    """A plan for these very values is made anew each time; the one that it keeps is the generic one."""
    database = await open_database(postgresql_url)
    crowd = await _crowd(database, postgresql_url)
    await database.close()
    listed = question.ask(ADMIN, "rest10", "directus_users", ("id", "email"), limit=100).shape
    owned = Shape("scim", "directus_users", "owned", ("groups",))
    one = Shape("rest10", "directus_users", "all", ("id", "email"), by_id=True)
    pages = {
        "list": statements.rows(listed, "postgresql"),
        "first": scim_pages._page(owned, Order(), "first", 100, "postgresql"),
        "after": scim_pages._page(owned, Order(), "after", 100, "postgresql"),
    }
    connection = await lane.connect(crowd.url)
    asked = [(name, *crowd.compiled(page, {"k0": 2000})) for name, page in pages.items()]
    questions = [(name, made.sql, arguments) for name, made, arguments in asked]
    made, arguments = crowd.compiled(statements.rows(one, "postgresql"), {"key": crowd.ids[0]})
    joined = together(made.sql)
    assert joined is not None
    questions.append(("together", joined, [[value] * 3 for value in arguments]))
    for name, sql, values in questions:
        for _ in range(8):
            assert await connection.fetch(sql, *values)
        (plans,) = await connection.fetch(
            "SELECT generic_plans FROM pg_prepared_statements WHERE statement = $1", sql
        )
        assert plans[0] > 0, name
    await connection.close()
