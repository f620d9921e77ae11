"""A change that only looks at its user first loses nothing of what others write meanwhile."""

import asyncio
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Mapping
from typing import Any

import asyncpg
import pytest
from sqlalchemy import func, select, text

from service.api.scim_conditions import Condition
from service.database import Database, Transaction, now, open_database
from service.database.tables import letters, sessions, users
from service.dialects import scim_held
from service.users import records, session_starts
from service.users.model import Caller, Origin
from service.users.problems import Forbidden, Stale, Taken
from tests.core.people import a_provider, a_user, all_rows, history_of, set_row, user

HELD = ["SELECT", "BEGIN", "SELECT", "WITH", "COMMIT"]  # a change that has looked in vain
WAITING = select(func.count()).select_from(text("pg_locks")).where(text("NOT granted"))
Do = Callable[[], object]
Unit = Callable[..., Coroutine[Any, Any, Any]]


def nothing() -> None:
    """What happens meanwhile, mostly."""


async def ada(database: Database, caller: Caller) -> str:
    values = {"email": "ada@example.com", "user_name": "ada"}
    (key,) = await database.write(records.create, caller, [values])
    return key


async def change(
    tx: Transaction,
    /,
    caller: Caller,
    key: str,
    values: Mapping[str, object],
    meanwhile: Do = nothing,
    condition: Condition = Condition(),  # noqa: B008  # frozen
) -> int:
    """Change somebody as SCIM does; give the version."""
    row = await scim_held.look(tx, caller.project, key)
    if row is None:
        raise Forbidden
    condition.require(row["version"])
    meanwhile()
    held = {key: row}
    await records.change(tx, caller, {key: values}, held=held)
    return int(held[key]["version"])


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The first words of what this process tells PostgreSQL."""
    told: list[str] = []

    def noted(ask: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        def asked(connection: object, sql: str, *values: Any) -> Awaitable[Any]:
            if threading.current_thread() is threading.main_thread():
                told.append(sql.split(maxsplit=1)[0])
            return ask(connection, sql, *values)

        return asked

    for name in ("execute", "fetch", "fetchrow"):
        monkeypatch.setattr(asyncpg.Connection, name, noted(getattr(asyncpg.Connection, name)))
    return told


@pytest.fixture
async def house(said: list[str], postgresql_url: str) -> AsyncIterator[Database]:
    database = await open_database(postgresql_url)
    yield database
    await database.close()


@pytest.fixture
async def okta(house: Database) -> Caller:
    return await a_provider(house)


@pytest.fixture
async def key(house: Database, okta: Caller, said: list[str]) -> str:
    made = await ada(house, okta)
    said.clear()
    return made


@pytest.fixture
def elsewhere(postgresql_url: str) -> Callable[..., Do]:
    """Makes what another process does to the same database, once, and to its end where it is not `left`."""

    async def write(unit: Unit, *args: Any, **named: Any) -> None:
        database = await open_database(postgresql_url)
        try:
            await database.write(unit, *args, **named)
        finally:
            await database.close()

    def once(unit: Unit, *args: Any, until: threading.Event | None = None, **named: Any) -> Do:
        threads: list[threading.Thread] = []

        def do() -> None:
            if not threads:
                threads.append(threading.Thread(target=lambda: asyncio.run(write(unit, *args, **named))))
                threads[0].start()
                assert until.wait(30) if until else threads[0].join(30) is None

        return do

    return once


async def test_a_change_is_two_statements(house: Database, okta: Caller, key: str, said: list[str]) -> None:
    assert await house.write(change, okta, key, {"status": "suspended"}) == 2
    assert said == ["SELECT", "WITH"]
    said.clear()
    assert await house.write(change, okta, key, {"status": "suspended"}) == 2
    assert said == ["SELECT"]  # there was nothing to be done


async def test_a_change_that_asks_for_more_holds(
    house: Database, okta: Caller, key: str, said: list[str]
) -> None:
    assert await house.write(change, okta, key, {"external_identifier": "e1"}) == 2
    assert said[:3] == HELD[:3]
    assert said[-1] == "COMMIT"


async def test_a_letter_goes_with_the_change_that_owes_it(
    house: Database, okta: Caller, key: str, said: list[str]
) -> None:
    await house.write(change, okta, key, {"email": "lovelace@example.com"})
    assert said == ["SELECT", "WITH"]
    (letter,) = await house.read(all_rows, letters)
    assert (letter["kind"], letter["recipient"]) == ("email_changed", "ada@example.com")


async def test_a_removal_reads_first_and_does_the_rest_at_once(
    house: Database, okta: Caller, key: str, said: list[str]
) -> None:
    await house.write(records.remove, okta, [key])
    assert said == ["BEGIN", "SELECT", "SELECT", "WITH", "COMMIT"]


async def test_what_another_wrote_meanwhile_stays(
    house: Database, okta: Caller, key: str, said: list[str], elsewhere: Callable[..., Do]
) -> None:
    other = elsewhere(change, okta, key, {"first_name": "Ada"})
    assert await house.write(change, okta, key, {"title": "Countess"}, other) == 3
    assert said == [HELD[0], "WITH", *HELD[1:]]
    row = await user(house, key)
    assert (row["first_name"], row["title"], row["version"]) == ("Ada", "Countess", 3)
    deltas = [delta for _, _, delta in await history_of(house, key)][1:]
    assert deltas == [{"first_name": "Ada"}, {"title": "Countess"}]


async def test_a_version_that_another_has_taken_meanwhile_is_stale(
    house: Database, okta: Caller, key: str, elsewhere: Callable[..., Do]
) -> None:
    other, meant = elsewhere(change, okta, key, {"title": "Lady"}), Condition(frozenset({"1"}))
    with pytest.raises(Stale):
        await house.write(change, okta, key, {"title": "Countess"}, other, meant)
    assert (await user(house, key))["title"] == "Lady"


async def test_who_was_removed_meanwhile_is_not_there_and_leaves_no_history(
    house: Database, okta: Caller, key: str, elsewhere: Callable[..., Do]
) -> None:
    with pytest.raises(Forbidden):
        await house.write(change, okta, key, {"title": "Countess"}, elsewhere(records.remove, okta, [key]))
    assert await house.read(all_rows, users, id=key) == []
    assert [action for action, _, _ in await history_of(house, key)] == ["create", "delete"]


async def test_a_write_that_shows_nowhere_is_met_as_well(
    house: Database, okta: Caller, key: str, said: list[str], elsewhere: Callable[..., Do]
) -> None:
    other = elsewhere(set_row, users, key, last_page="/somewhere")
    assert await house.write(change, okta, key, {"title": "Countess"}, other) == 2
    assert said == [HELD[0], "WITH", *HELD[1:]]


async def test_a_session_that_begins_meanwhile_ends(
    house: Database, okta: Caller, key: str, said: list[str], elsewhere: Callable[..., Do]
) -> None:
    begun = threading.Event()

    async def sign_in(tx: Transaction) -> None:
        """Holds the user until somebody waits for them."""
        await session_starts.start(tx, "default", key, "okta", Origin(), 60.0)
        await tx.settle()
        begun.set()
        for _ in range(3000):
            (waiting,) = await tx.row(WAITING) or (0,)
            if waiting:
                return

    assert await house.write(change, okta, key, {"status": "suspended"}, elsewhere(sign_in, until=begun)) == 2
    assert said == [HELD[0], "WITH", *HELD[1:]]
    assert await house.read(all_rows, sessions) == []


async def test_who_was_here_just_now_is_held(
    house: Database, okta: Caller, key: str, said: list[str]
) -> None:
    await house.write(set_row, users, key, last_access=now())
    said.clear()
    assert await house.write(change, okta, key, {"status": "suspended"}) == 2
    assert said == HELD


async def test_a_name_that_somebody_has_is_taken(
    house: Database, okta: Caller, key: str, said: list[str]
) -> None:
    await a_user(house, email="babbage@example.com")
    said.clear()
    with pytest.raises(Taken, match="email"):
        await house.write(change, okta, key, {"email": "babbage@example.com"})
    assert (await user(house, key))["version"] == 1


async def test_many_changes_at_once_are_all_there(database: Database) -> None:
    okta = await a_provider(database)
    key = await ada(database, okta)
    names = ("first_name", "last_name", "title", "location", "description", "company", "language", "timezone")
    made = [database.write(change, okta, key, {name: name}) for name in names]
    versions = await asyncio.gather(*made)
    row = await user(database, key)
    assert [row[name] for name in names] == [*names]
    assert sorted(versions) == list(range(2, len(names) + 2))
    assert len(await history_of(database, key)) == len(names) + 1


async def test_of_a_change_and_a_removal_at_once_the_removal_is_last(database: Database) -> None:
    okta = await a_provider(database)
    for _ in range(5):
        key = await ada(database, okta)
        one = [database.write(change, okta, key, {"title": str(n)}) for n in range(3)]
        answers = await asyncio.gather(
            *one, database.write(records.remove, okta, [key]), return_exceptions=True
        )
        assert answers[-1] is None
        assert {type(answer) for answer in answers[:-1]} <= {int, Forbidden}
        assert await database.read(all_rows, users, id=key) == []
        assert (await history_of(database, key))[-1][0] == "delete"


async def test_who_is_put_out_while_they_sign_in_has_no_session(database: Database) -> None:
    okta = await a_provider(database)
    key = await ada(database, okta)
    for status in ("suspended", "active") * 5:
        starts = [
            database.write(session_starts.start, "default", key, "okta", Origin(), 60.0) for _ in range(3)
        ]
        await asyncio.gather(
            database.write(change, okta, key, {"status": status}), *starts, return_exceptions=True
        )
        if status == "suspended":
            assert await database.read(all_rows, sessions) == []
