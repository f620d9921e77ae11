"""A new secret takes over from an old one: what was sealed is sealed anew, and opens without the old one."""

import secrets
from contextlib import closing

import msgspec
import pyotp
import pytest
from sqlalchemy import insert, select, update

from providers.contract import Tokens
from providers.secret import Secret
from service.database import Database, Transaction, new_key, now
from service.database.tables import connections, identities, metadata, users
from service.sealing import Place, Sealer
from service.users import connection_changes, resealing, second_factor
from service.users.event_keys import EventKeys
from service.users.grants import Grants
from service.users.passwords import Hasher
from service.users.problems import WrongOtp
from service.users.resealing import KINDS, PAGE, Key, Page
from service.users.second_factor import SecondFactor
from service.users.secrets import Secrets
from tests.core.people import HOUSE, a_user, all_rows, person, user

OLD, NEW = secrets.token_hex(32), secrets.token_hex(32)
GRANT = ("okta", "00u1")


async def reseal(database: Database, sealer: Sealer) -> list[Page]:
    pages = []
    for kind in KINDS:
        after: Key | None = ()
        while after is not None:
            pages.append(await database.write(resealing.page, sealer, kind, after))
            after = pages[-1].last
    return pages


def summed(pages: list[Page]) -> tuple[int, int, int]:
    return tuple(sum(page[n] for page in pages) for n in range(3))  # type: ignore[return-value]


async def sealed_under(database: Database, secret: str) -> set[tuple[str, str]]:
    """Every column of every table in which something lies sealed under this secret."""
    mark = Sealer([secret]).seal("", Place("", "", ""))[:5]  # of six characters, the key's id alone
    return {
        (table.name, column)
        for table in metadata.sorted_tables
        for row in await database.scan(all_rows, table)
        for column, value in row.items()
        if isinstance(value, str) and value.startswith(mark)
    }


async def settled(tx: Transaction, id_: str, other: str) -> None:
    """Somebody who came from a provider, with a second factor; somebody else is about to have one."""
    arrived = {"provider": GRANT[0], "external_identifier": GRANT[1], "linked_at": now()}
    await tx.run(insert(identities), project="default", user=id_, **arrived)
    await Grants(Sealer([OLD])).keep(tx, "default", GRANT, Tokens(Secret("refresh"), Secret("hint")))
    factor = SecondFactor(Sealer([OLD]))
    made = await factor.generate(tx, person(id_), "idbridge", armed=False)
    await factor.enable(tx, person(id_), made.secret, pyotp.TOTP(made.secret).now())
    await factor.generate(tx, person(other), "idbridge", armed=False)


async def test_nothing_at_rest_needs_the_old_secret_any_longer(database: Database) -> None:
    old, both, new = Sealer([OLD]), Sealer([NEW, OLD]), Sealer([NEW])
    with closing(Hasher()) as hasher:
        values = await Secrets(hasher, old).take(HOUSE, {"email": "ada@example.com", "token": "t0ken-t0ken"})
    id_, other = await a_user(database, **values), await a_user(database, email="bob@example.com")
    await database.write(settled, id_, other)
    terms = {"provider": "okta", "events": True, "events_authorization": "Bearer receiver"}
    terms["events_url"] = "https://app.example/events"
    key = await database.write(connection_changes.create, HOUSE, terms, old)
    signing = await database.write(EventKeys(old).settle, "default")
    places = {("users", "token_sealed"), ("users", "tfa_secret"), ("second_factors", "pending")}
    places |= {("identities", "tokens"), ("connections", "events_authorization"), ("event_keys", "private")}
    assert await sealed_under(database, OLD) == places

    assert summed(await reseal(database, both)) == (len(places), 0, 0)
    assert await sealed_under(database, OLD) == set()
    assert await sealed_under(database, NEW) == places
    assert summed(await reseal(database, both)) == (0, len(places), 0)

    row = await user(database, id_)
    with closing(Hasher()) as hasher:
        assert Secrets(hasher, new).reveal("default", id_, row["token_sealed"]) == "t0ken-t0ken"
    hint = await database.read(Grants(new).hint, "default", GRANT)
    assert hint is not None and hint.reveal() == "hint"
    assert (await database.write(EventKeys(new).settle, "default")).kid == signing.kid
    (held,) = await database.read(all_rows, connections)
    place = connection_changes.place("default", key, "events_authorization")
    assert new.open(held["events_authorization"], place) == "Bearer receiver"
    secret = new.open(row["tfa_secret"], second_factor.place("users", "default", id_))
    assert len(secret) >= 26


async def test_more_than_a_page_and_what_nobody_can_open(database: Database) -> None:
    old, both = Sealer([OLD]), Sealer([NEW, OLD])
    ids = [await a_user(database) for _ in range(3)]

    async def fill(tx: Transaction) -> None:
        (found,) = await tx.rows(select(users).where(users.c.id == ids[0]))
        model = dict(zip((column.name for column in users.c), found, strict=True))
        more = [{**model, "id": new_key(), "number": 10_000 + n} for n in range(PAGE)]
        await tx.run_many(insert(users), more)
        for (key,) in await tx.rows(select(users.c.id)):
            lost = Sealer([secrets.token_hex(32)]) if key == ids[1] else old
            sealed = lost.seal("x", second_factor.place("users", "default", key))
            await tx.run(update(users).where(users.c.id == key), tfa_secret=sealed)

    await database.write(fill)
    assert summed(await reseal(database, both)) == (PAGE + 2, 0, 1)
    assert ("users", "tfa_secret") not in await sealed_under(database, OLD)


async def test_what_changes_meanwhile_is_left_as_it_is(database: Database) -> None:
    id_ = await a_user(database)
    place = second_factor.place("users", "default", id_)
    kind = next(kind for kind in KINDS if "tfa_secret" in str(kind.first))
    stale, fresh = (Sealer([OLD]).seal(text, place) for text in ("stale", "fresh"))
    row = {"of_project": "default", "of_id": id_, "of_sealed": stale, "sealed": "anew"}

    async def late(tx: Transaction) -> None:
        await tx.run(update(users), tfa_secret=fresh)
        await tx.run_many(kind.store, [row])

    await database.write(late)
    assert (await user(database, id_))["tfa_secret"] == fresh


def test_a_text_under_the_first_secret_stays_itself() -> None:
    place = Place("users", msgspec.json.encode("x").decode(), "tfa_secret")
    sealed = Sealer([NEW]).seal("x", place)
    assert Sealer([NEW, OLD]).renew(sealed, place) == sealed


async def test_a_factor_under_a_secret_that_is_gone_stays_closed_and_is_told_of(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    id_ = await a_user(database, email="ada@example.com")
    old = SecondFactor(Sealer([OLD]), clock=lambda: 1e9)
    made = await database.write(old.generate, person(id_), "idbridge", armed=False)
    totp = pyotp.TOTP(made.secret)
    await database.write(old.enable, person(id_), made.secret, totp.at(1e9))
    later, code = (lambda: 1e9 + 60), totp.at(1e9 + 60)
    with pytest.raises(WrongOtp):
        await database.write(SecondFactor(Sealer([NEW]), later).check, person(id_), code)
    assert "a SECRET that is gone" in caplog.text
    assert made.secret not in caplog.text
    await database.write(SecondFactor(Sealer([NEW, OLD]), later).check, person(id_), code)
