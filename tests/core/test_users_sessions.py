"""Sessions: who has one, how its refresh tokens turn over, and what ends it."""

import asyncio
from base64 import urlsafe_b64encode
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from service.database import Database, Transaction, new_key, now, open_database
from service.database.tables import attempts, sessions, users
from service.tokens import fingerprint
from service.users import records, refresh_tokens, session_starts
from service.users import sessions as opening
from service.users.clock import later
from service.users.model import Origin
from service.users.problems import WrongCredentials
from service.users.refreshing import GRACE, refresh
from service.users.sessions import Opened
from service.users.throttle import Attempt, Place, guarded
from tests.core.people import HOUSE, a_project, a_role, a_user, all_rows, history_of, set_row, user

BROWSER = Origin("192.0.2.1", "Firefox", "https://app.example.com")


async def opened(database: Database, id_: str, lifetime: float = 60) -> Opened:
    return await database.write(session_starts.start, "default", id_, "default", BROWSER, lifetime)


async def alive(database: Database, session: str) -> bool:
    return await database.read(opening.recognise, "default", session) is not None


async def aged(database: Database, session: str, seconds: float, *columns: str) -> None:
    """Let moments of a session lie further back."""
    (row,) = await database.read(all_rows, sessions, id=session)
    await database.write(set_row, sessions, session, **{name: later(row[name], -seconds) for name in columns})


async def test_a_session_tells_what_an_access_token_tells(database: Database) -> None:
    role = await a_role(database, admin_access=True)
    id_ = await a_user(database, role=role)
    session = await opened(database, id_)
    assert (session.user, session.role, session.admin, session.app) == (id_, role, True, True)
    found = await database.read(opening.recognise, "default", session.session)
    assert found is not None
    caller = found.caller("default", BROWSER)
    assert (caller.user, caller.role, caller.admin, caller.app) == (id_, role, True, True)
    assert (caller.session, caller.origin, caller.connection) == (session.session, BROWSER, None)
    assert found.expires_at == session.expires_at


async def test_a_user_without_a_role_may_nothing(database: Database) -> None:
    session = await opened(database, await a_user(database))
    assert (session.role, session.admin, session.app) == (None, False, False)


async def test_a_sign_in_is_written_down(database: Database) -> None:
    id_ = await a_user(database)
    await opened(database, id_)
    assert [action for action, _, _ in await history_of(database, id_)] == ["create", "login"]
    row = await user(database, id_)
    assert row["last_access"] is not None and row["version"] == 1


async def test_rule_32_only_hashes_of_refresh_tokens_are_kept(database: Database) -> None:
    """A reader of the database cannot go on with anybody's session."""
    session = await opened(database, await a_user(database))
    second = await refresh(database, "default", session.refresh_token)
    (row,) = await database.read(all_rows, sessions)
    assert row["refresh"] == fingerprint(second.refresh_token)
    assert row["previous"] == fingerprint(session.refresh_token)
    kept = str(row)
    assert session.refresh_token not in kept and second.refresh_token not in kept
    assert session.refresh_token not in repr(session)


async def test_a_refresh_token_has_64_characters_and_256_random_bits() -> None:
    session = new_key()
    token = refresh_tokens.make(session)
    assert len(token) == 64 and token != refresh_tokens.make(session)
    assert refresh_tokens.session_of(token) == session


@pytest.mark.parametrize(
    "token",
    [None, 5, "", "x" * 63, "x" * 65, "é" * 64, "\ud800" * 64, "=" * 64, "x" * 60 + "====", "\0" * 64, ["x"]],
)
async def test_what_is_no_refresh_token_is_wrong(database: Database, token: object) -> None:
    with pytest.raises(WrongCredentials):
        await refresh(database, "default", token)
    await database.write(opening.close, "default", token)


async def test_refreshing_turns_the_token_over_and_makes_nothing_live_longer(database: Database) -> None:
    first = await opened(database, await a_user(database))
    second = await refresh(database, "default", first.refresh_token)
    third = await refresh(database, "default", second.refresh_token)
    assert len({first.refresh_token, second.refresh_token, third.refresh_token}) == 3
    assert first.session == second.session == third.session
    assert first.expires_at == third.expires_at


async def test_a_lost_answer_is_given_again(database: Database) -> None:
    first = await opened(database, await a_user(database))
    lost = await refresh(database, "default", first.refresh_token)
    again = await refresh(database, "default", first.refresh_token)
    assert again.refresh_token == lost.refresh_token
    assert await refresh(database, "default", again.refresh_token)


async def test_two_tabs_that_refresh_at_once_go_on_with_the_same_token(database: Database) -> None:
    """directus #22360: a race of two tabs signed both out."""
    for _ in range(5):
        first = await opened(database, await a_user(database))
        tabs = await asyncio.gather(*(refresh(database, "default", first.refresh_token) for _ in range(4)))
        assert len({tab.refresh_token for tab in tabs}) == 1
        assert await alive(database, first.session)


async def test_rule_21_a_stolen_refresh_token_ends_the_session_for_both(database: Database) -> None:
    """The thief was first, and the owner's token is the older one."""
    first = await opened(database, await a_user(database))
    thiefs = await refresh(database, "default", first.refresh_token)
    await aged(database, first.session, GRACE + 1, "rotated_at")
    with pytest.raises(WrongCredentials):
        await refresh(database, "default", first.refresh_token)
    assert not await alive(database, first.session)
    with pytest.raises(WrongCredentials):
        await refresh(database, "default", thiefs.refresh_token)


async def test_rule_21_an_older_token_than_the_one_before_ends_the_session_at_once(
    database: Database,
) -> None:
    first = await opened(database, await a_user(database))
    second = await refresh(database, "default", first.refresh_token)
    await refresh(database, "default", second.refresh_token)
    with pytest.raises(WrongCredentials):
        await refresh(database, "default", first.refresh_token)
    assert await database.read(all_rows, sessions) == []


async def test_a_made_up_token_of_a_real_session_gets_nothing(database: Database) -> None:
    first = await opened(database, await a_user(database))
    made_up = urlsafe_b64encode(UUID(first.session).bytes + b"x" * 32).decode()
    with pytest.raises(WrongCredentials):
        await refresh(database, "default", made_up)


async def test_a_session_ends_with_its_time(database: Database) -> None:
    first = await opened(database, await a_user(database), lifetime=3600)
    await aged(database, first.session, 3601, "expires_at")
    assert not await alive(database, first.session)
    with pytest.raises(WrongCredentials):
        await refresh(database, "default", first.refresh_token)


async def test_logging_out_ends_the_session_and_may_be_repeated(database: Database) -> None:
    heard: list[Any] = []
    id_ = await a_user(database)
    first, other = await opened(database, id_), await opened(database, id_)
    second = await refresh(database, "default", first.refresh_token)
    database.on_commit(heard.extend)
    for _ in range(2):
        await database.write(opening.close, "default", second.refresh_token)
    assert not await alive(database, first.session) and await alive(database, other.session)
    assert heard == [("user", id_)]
    await database.write(opening.end, "default", other.session)
    assert not await alive(database, other.session)


async def test_the_token_before_may_log_out_too_but_no_made_up_one(database: Database) -> None:
    first = await opened(database, await a_user(database))
    await database.write(opening.close, "default", refresh_tokens.make(first.session))
    assert await alive(database, first.session)
    await refresh(database, "default", first.refresh_token)
    await database.write(opening.close, "default", first.refresh_token)
    assert not await alive(database, first.session)


async def test_a_session_belongs_to_its_project(database: Database) -> None:
    await database.write(a_project, "other")
    first = await opened(database, await a_user(database, token_fingerprint="f", token_sealed="s"))
    assert await database.read(opening.recognise, "other", first.session) is None
    assert await database.read(opening.recognise_token, "other", "f") is None
    with pytest.raises(WrongCredentials):
        await refresh(database, "other", first.refresh_token)
    await database.write(opening.close, "other", first.refresh_token)
    assert await alive(database, first.session)


async def test_a_static_token_names_an_active_user(database: Database) -> None:
    role = await a_role(database)
    id_ = await a_user(database, role=role, token_fingerprint="f", token_sealed="s")
    found = await database.read(opening.recognise_token, "default", "f")
    assert found is not None
    assert (found.user, found.role, found.admin, found.app, found.session) == (id_, role, False, True, None)
    assert await database.read(opening.recognise_token, "default", "g") is None


async def test_the_last_access_is_noted_at_most_once_a_minute(database: Database) -> None:
    id_ = await a_user(database)
    heard: list[Any] = []
    database.on_commit(heard.extend)
    at = now()
    for moment in (at, later(at, 30), later(at, 59)):
        await database.write(opening.touch, "default", id_, moment)
    assert (await user(database, id_))["last_access"] == at
    assert heard == [("user", id_)]
    await database.write(opening.touch, "default", id_, later(at, 61))
    row = await user(database, id_)
    assert row["last_access"] == later(at, 61)
    assert row["version"] == 1 and len(await history_of(database, id_)) == 1


async def test_a_refresh_is_an_access(database: Database) -> None:
    id_ = await a_user(database)
    first = await opened(database, id_)
    await database.write(set_row, users, id_, last_access="2020-01-01T00:00:00.000Z")
    await refresh(database, "default", first.refresh_token)
    assert (await user(database, id_))["last_access"] > "2021"


async def test_sessions_past_their_time_are_swept_away(database: Database) -> None:
    id_ = await a_user(database)
    old, older, kept = [await opened(database, id_) for _ in range(3)]
    for session in (old, older):
        await aged(database, session.session, 61, "expires_at")
    await opened(database, await a_user(database))
    assert await database.write(opening.prune) == 2
    left = {row["id"] for row in await database.read(all_rows, sessions)}
    assert kept.session in left
    assert len(left) == 2


async def test_nobody_begins_a_session_for_who_is_not_there(database: Database) -> None:
    with pytest.raises(WrongCredentials):
        await opened(database, new_key())
    invited = await a_user(database, status="invited")
    with pytest.raises(WrongCredentials):
        await opened(database, invited)
    assert await database.read(all_rows, sessions) == []


async def test_rule_18_a_new_sign_in_is_a_new_session(database: Database) -> None:
    """Nobody is given a session that was there before."""
    id_ = await a_user(database)
    one, two = await opened(database, id_), await opened(database, id_)
    assert one.session != two.session


async def test_a_user_agent_of_any_length_fits(database: Database) -> None:
    id_ = await a_user(database)
    await database.write(session_starts.start, "default", id_, "default", Origin(user_agent="x" * 10_000), 60)
    (row,) = await database.read(all_rows, sessions)
    assert len(row["user_agent"]) == 512


async def test_removing_a_user_while_they_refresh_leaves_no_session(database: Database) -> None:
    for _ in range(5):
        id_ = await a_user(database)
        first = await opened(database, id_)
        await asyncio.gather(
            refresh(database, "default", first.refresh_token),
            database.write(records.remove, HOUSE, [id_]),
            return_exceptions=True,
        )
        assert await database.read(all_rows, sessions) == []


async def test_a_session_tells_of_the_role_that_the_person_has_now(postgresql_url: str) -> None:
    """PostgreSQL joins a row for which it has waited with what it read of the others before."""
    database = await open_database(postgresql_url)
    other = await asyncpg.connect(postgresql_url)
    role = await a_role(database, admin_access=True)
    id_ = await a_user(database, role=await a_role(database))
    async with other.transaction():
        await other.execute("UPDATE users SET role = $1 WHERE id = $2", role, id_)
        waiting = asyncio.create_task(opened(database, id_))
        for _ in range(500):
            await asyncio.sleep(0.01)
            if await other.fetchval("SELECT count(*) FROM pg_locks WHERE NOT granted"):
                break
    session = await waiting
    assert (session.role, session.admin) == (role, True)
    await other.close()
    await database.close()


async def test_a_hundred_sign_ins_of_one_person_wait_in_a_row(database: Database) -> None:
    """None of them is refused, and nothing stays counted: each gives back what it has taken."""
    id_ = await a_user(database)

    async def enter(number: int) -> Opened:
        attempt = Attempt("default", "a@example.com", f"192.0.2.{number % 5}")
        async with guarded(database, attempt) as place:
            return await database.write(_enter, id_, place)

    async with asyncio.timeout(60):
        begun = await asyncio.gather(*(enter(number) for number in range(100)))
    assert len({session.session for session in begun}) == 100
    assert {row["count"] for row in await database.read(all_rows, attempts)} == {0}


async def _enter(tx: Transaction, user: str, place: Place) -> Opened:
    await place.clear(tx)
    return await session_starts.start(tx, "default", user, "default", BROWSER, 60)
