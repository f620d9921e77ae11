"""The page of one's own account: ways in are added with a fresh proof and removed, sessions end, all by forms."""

import re
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx2
import pytest
from sqlalchemy import delete, insert, update

from service.database import Transaction, new_key, now
from service.database.tables import letters, passkeys, sessions, users
from tests.core.people import all_rows, set_row
from tests.languages.factors import protect
from tests.pages.invited import Page
from tests.pages.test_sessions_page import PHONE, enter, field
from tests.served import PASSWORD, Served
from tests.sign_on.issuer import Issuer, running_issuer
from tests.sign_on.liar import come_back, house_at, is_in, sign_on

PATH = "/admin/account"
ADA = {"email": "ada@example.com", "password": PASSWORD}


@pytest.fixture
def issuer() -> Iterator[Issuer]:
    with running_issuer() as liar:
        yield liar


@pytest.fixture
async def house(database_url: str, tmp_path: Path, issuer: Issuer) -> AsyncIterator[Served]:
    more = {"AUTH_OP_LABEL": "The Hub"}
    async with house_at(database_url, tmp_path / "data", issuer, **more) as house:
        yield house


async def _open(client: httpx2.AsyncClient, **query: str) -> Page:
    answer = await client.get(PATH, params=query)
    assert answer.status_code == 200, answer.text
    return Page(answer)


async def _post(client: httpx2.AsyncClient, **fields: str) -> httpx2.Response:
    (mark,) = set(field(await _open(client), "mark"))
    return await client.post(PATH, data={"mark": mark, **fields})


async def _link(client: httpx2.AsyncClient, issuer: Issuer, sub: str, **fields: str) -> httpx2.Response:
    page = await _post(client, link="op", **fields)
    assert page.status_code == 200, page.text
    (away,) = re.findall(rf'href="({re.escape(issuer.url)}/[^"]+)"', page.text)
    return await come_back(client, issuer, away.replace("&amp;", "&"), sub=sub, email="ada@hub.example")


async def test_a_way_in_is_added_after_the_password_and_removed_again(house: Served, issuer: Issuer) -> None:
    key, _ = await house.person("ada@example.com")
    async with house.client() as client:
        assert (await client.get(PATH)).headers["location"] == "/admin/login"
        await enter(client)
        page = await _open(client)
        assert page.heading == "Your account"
        assert "ada@example.com" in page.text and "The Hub" in page.text
        assert page.field("password")["type"] == "password"
        assert field(page, "unlink") == []
        for wrong, why in (("wrong wrong", "The password is not right"), ("", "Type your password")):
            refused = await _post(client, link="op", password=wrong)
            assert refused.status_code == 422
            assert why in Page(refused).text
            assert Page(refused).field("password")["aria-describedby"] == "wrong"
            assert not [name for name in client.cookies if "departure" in name]
        added = await _link(client, issuer, "ada-1", password=PASSWORD)
        assert added.headers["location"].endswith(f"{PATH}?done=linked")
        page = await _open(client, done="linked")
        assert "It was added" in page.text and "ada@hub.example" in page.text
        (unlink,) = field(page, "unlink")
        asked = Page(await _post(client, unlink=unlink))
        assert (asked.status, asked.heading) == (200, "Remove this way to sign in?")
        assert "The Hub (ada@hub.example)" in asked.text
        assert field(await _open(client), "unlink") == [unlink]  # nothing has happened yet
        for wrong, why in (("wrong wrong", "The password is not right"), ("", "Type your password")):
            refused = Page(await _post(client, unlinked=unlink, password=wrong))
            assert (refused.status, refused.heading) == (422, "Remove this way to sign in?")
            assert why in refused.text and refused.field("password")["aria-invalid"] == "true"
            assert field(await _open(client), "unlink") == [unlink]
        removed = await _post(client, unlinked=unlink, password=PASSWORD)
        assert removed.headers["location"] == f"{PATH}?done=unlinked"
        assert field(await _open(client, done="unlinked"), "unlink") == []
        again = await _post(client, unlinked=unlink, password=PASSWORD)
        assert again.status_code == 303  # gone already, as after a reload
    told = await house.house.database.read(all_rows, letters, reference=key)
    assert [(one["kind"], one["recipient"], one["data"]["provider"]) for one in told] == [
        ("sign_in_linked", "ada@example.com", "op"),
        ("sign_in_unlinked", "ada@example.com", "op"),
    ]


async def test_who_signed_on_minutes_ago_needs_no_password_and_keeps_the_last_way(
    house: Served, issuer: Issuer
) -> None:
    async with house.client() as client:
        assert (await sign_on(client, issuer, "/auth/login/op?redirect=/admin/account")).status_code == 302
        page = await _open(client)
        assert "password" not in [given.get("name") for _, given in page.tags]
        assert field(page, "unlink") == []
        (own,) = (await house.ask("GET", f"/users/{await _ada(house)}/identities")).json()["data"]
        kept = await _post(client, unlink=own["id"])
        assert kept.status_code == 422
        assert "your last way in" in Page(kept).text
        assert (await _link(client, issuer, "ada-2")).headers["location"].endswith("?done=linked")
        assert len(field(await _open(client), "unlink")) == 2
        assert "password" not in [
            given.get("name") for _, given in Page(await _post(client, unlink=own["id"])).tags
        ]
        assert (await _post(client, unlinked=own["id"])).status_code == 303
        left = (await house.ask("GET", f"/users/{await _ada(house)}/identities")).json()["data"]
        assert [one["external_identifier"] for one in left] == ["ada-2"]


async def test_a_passkey_is_a_way_in_beside_which_another_may_go(house: Served, issuer: Issuer) -> None:
    key, _ = await house.person("ada@example.com")
    async with house.client() as client:
        await enter(client)
        assert (await _link(client, issuer, "ada-1", password=PASSWORD)).status_code == 302
        await house.house.database.write(set_row, users, key, password_hash=None)
        assert field(await _open(client), "unlink") == []
        await house.house.database.write(_give_passkey, key)
        (unlink,) = field(await _open(client), "unlink")
        stale = Page(await _post(client, unlinked=unlink))  # no password any more, and no fresh sign-in
        assert (stale.status, "Sign in once more" in stale.text) == (422, True)
        await house.house.database.write(_sign_in_by_passkey, key)
        assert (await _post(client, unlinked=unlink)).headers["location"] == f"{PATH}?done=unlinked"


async def _give_passkey(tx: Transaction, user: str) -> None:
    kept = {"sign_count": 0, "transports": [], "eligible": False, "backed_up": False, "name": "Laptop"}
    unread = {"credential": new_key(), "public_key": "", "created_at": now()}
    await tx.run(insert(passkeys), project="default", id=new_key(), user=user, **kept, **unread)


async def _sign_in_by_passkey(tx: Transaction, user: str) -> None:
    """As if the session had begun with a passkey just now."""
    await tx.run(update(sessions).where(sessions.c.user == user), provider="passkey", created_at=now())


async def _take_passkeys(tx: Transaction) -> None:
    await tx.run(delete(passkeys))


async def test_what_is_somebody_elses_is_refused_in_words(house: Served, issuer: Issuer) -> None:
    async with house.client() as client:
        await sign_on(client, issuer, sub="grace", email="grace@example.com")
    await house.person("ada@example.com")
    async with house.client() as client:
        await enter(client)
        taken = await _link(client, issuer, "grace", password=PASSWORD)
        assert taken.headers["location"].endswith(f"{PATH}?reason=INVALID_PROVIDER")
        page = await _open(client, reason="INVALID_PROVIDER")
        assert "belongs to somebody else" in page.text
        assert page.title.startswith("Error: ")
        assert "could not be added" in (await _open(client, reason="<b>")).text


async def test_no_other_site_and_no_stale_mark_changes_anything(house: Served, issuer: Issuer) -> None:
    await house.person("ada@example.com")
    async with house.client() as client:
        await enter(client)
        await _link(client, issuer, "ada-1", password=PASSWORD)
        page = await _open(client)
        (mark,), (unlink,) = set(field(page, "mark")), field(page, "unlink")
        sent = {"unlinked": unlink, "password": PASSWORD}
        assert (await client.post(PATH, data=sent)).status_code == 403
        assert (await client.post(PATH, data={**sent, "mark": "x"})).status_code == 403
        crossed = await client.post(
            PATH, data={**sent, "mark": mark}, headers={"sec-fetch-site": "cross-site"}
        )
        assert crossed.status_code == 403
        async with house.client() as stranger:
            answer = await stranger.post(PATH, data={**sent, "mark": mark})
            assert answer.headers["location"] == "/admin/login"
        assert field(await _open(client), "unlink") == [unlink]


async def test_sessions_end_from_here_and_the_person_stays_here(house: Served) -> None:
    await house.person("ada@example.com")
    others = [
        (await house.ask("POST", "/auth/login", ADA, token=None, headers={"user-agent": PHONE})).json()[
            "data"
        ]
        for _ in range(3)
    ]
    async with house.client() as client:
        await enter(client)
        page = await _open(client)
        (mark,), (_, theirs, *_) = set(field(page, "mark")), field(page, "session")
        sent = {"mark": mark, "account": "yes"}
        ended = await client.post("/admin/sessions", data={**sent, "session": theirs})
        assert (ended.status_code, ended.headers["location"]) == (303, PATH)
        assert [await is_in(house, one) for one in others].count(True) == 2
        ended = await client.post("/admin/sessions", data={**sent, "others": "yes"})
        assert ended.headers["location"] == PATH
        assert [await is_in(house, one) for one in others] == [False] * 3
        assert len(field(await _open(client), "session")) == 1


async def test_whom_a_role_confines_is_led_to_the_second_factor(house: Served) -> None:
    key, _ = await house.person("ada@example.com")
    async with house.client() as client:
        await enter(client)
        assert "It is off: set it up" in (await _open(client)).text
        role = (await house.ask("POST", "/roles", {"name": "Careful", "enforce_tfa": True})).json()["data"]
        changed = await house.ask("PATCH", f"/users/{key}", {"role": role["id"]})
        assert changed.status_code == 200, changed.text
        if (await client.get(PATH)).status_code == 303:  # a change of role may end what was open
            await enter(client)
        page = await _open(client)
        assert page.heading == "One step is missing"
        assert "unlink" not in str(page.tags)


async def _ada(house: Served) -> str:
    listed = (await house.ask("GET", "/users?filter[email][_eq]=ada@example.com&fields=id")).json()["data"]
    return str(listed[0]["id"])


async def test_it_says_which_factor_is_asked_for(house: Served) -> None:
    user, token = await house.person("ada@example.com")
    async with house.client() as client:
        await enter(client)
        assert "It is off: set it up" in (await _open(client)).text
        await house.house.database.write(_give_passkey, user)
        page = await _open(client)
        assert "It is on: who signs in another way is asked for one of your passkeys, too." in page.text
        assert "It is off" not in page.text
        await protect(house, token)
        assert "It is on: you are asked for a code of your app, or for one of your passkeys." in (
            (await _open(client)).text
        )
        await house.house.database.write(_take_passkeys)
        assert "It is on: after your password you are asked for a code" in (await _open(client)).text
