"""Look-ups that PostgreSQL is asked together: which may be, and that they are planned once."""

import asyncpg
from sqlalchemy import bindparam, exists, select, union

from service.database.postgres.together import together
from service.database.shapes import Statement, shape
from service.database.tables import group_groups, group_users, users

MINE = users.c.project == bindparam("project")
LOOK_UP = select(users.c.id, users.c.user_name).where(MINE, users.c.email_key == bindparam("email"))
MEMBER = exists(
    union(
        select(group_users.c.group).where(group_users.c.user == users.c.id),
        select(group_groups.c.group).where(group_groups.c.member == users.c.id),
    )
)


def _together(statement: Statement, *names: str) -> str | None:
    return together(shape(statement, names, "postgresql").sql)


def test_what_stands_in_brackets_is_part_of_a_look_up() -> None:
    assert _together(LOOK_UP.where(MEMBER), "project", "email") is not None
    few = users.c.id.in_(select(users.c.id).order_by(users.c.number).limit(1))
    assert _together(LOOK_UP.where(few), "project", "email") is not None


def test_what_is_more_than_a_look_up_is_asked_alone() -> None:
    for more in (
        LOOK_UP.order_by(users.c.id),
        LOOK_UP.limit(1),
        LOOK_UP.with_for_update(),
        LOOK_UP.union(LOOK_UP),
    ):
        assert _together(more, "project", "email") is None, str(more)
    assert _together(select(users.c.id)) is None


async def test_look_ups_are_planned_once_however_many_go_together(postgresql_url: str) -> None:
    sql = _together(LOOK_UP.where(MEMBER), "project", "email")
    assert sql is not None
    connection = await asyncpg.connect(postgresql_url)
    try:
        statement = await connection.prepare(sql)
        for many in range(1, 21):
            assert await statement.fetch(["default"] * many, ["nobody@example.com"] * many) == []
        counted = "SELECT generic_plans, custom_plans FROM pg_prepared_statements WHERE statement = $1"
        plans = await connection.fetchrow(counted, sql)
    finally:
        await connection.close()
    assert tuple(plans or ()) == (15, 5)  # PostgreSQL tries five before it keeps one
