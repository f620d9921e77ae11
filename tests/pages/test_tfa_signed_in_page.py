"""An authenticator app for whoever is signed in: with a password, with a passkey alone, with a provider alone."""

from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urljoin

import httpx2
import pytest

from service.database.tables import sessions, users
from tests.core.people import set_row
from tests.languages import factors
from tests.pages.invited import Page, everything
from tests.pages.test_sessions_page import field
from tests.pages.test_tfa_setup_page import PATH
from tests.served import PASSWORD, Served, refusal, served
from tests.sign_on.passkeys import added, an_authenticator, ask, house_at_a_name, rows, signed_in

EMAIL = "eve@example.com"
LONG_AGO = "2021-02-05T15:18:13.000Z"
BEGIN = "A second lock for your account"
SCAN = "Scan this with your app"
DONE = "Two-factor authentication is on"


@pytest.fixture
async def house(database_url: str, tmp_path: Path) -> AsyncIterator[Served]:
    async with house_at_a_name(database_url, tmp_path / "data") as house:
        yield house


async def look(client: httpx2.AsyncClient) -> Page:
    return Page(await client.get(PATH))


async def press(client: httpx2.AsyncClient, **fields: str) -> Page:
    """What the button leads to, on the page that is there now."""
    (mark,) = set(field(await look(client), "mark"))
    return Page(await client.post(PATH, data={"mark": mark, **fields}))


async def set_up(client: httpx2.AsyncClient, picture: Page) -> Page:
    """A wrong code, which is told on the same picture, then the right one."""
    assert (picture.status, picture.heading) == (200, SCAN)
    carried = {name: picture.field(name)["value"] for name in ("mark", "email", "secret")}
    secret = carried["secret"]
    refused = Page(await client.post(PATH, data={**carried, "otp": factors.wrong(secret)}))
    assert (refused.status, refused.heading) == (422, SCAN)
    assert refused.field("secret")["value"] == secret
    return Page(await client.post(PATH, data={**carried, "otp": factors.code(secret)}))


async def by_password(house: Served, client: httpx2.AsyncClient) -> str:
    key, _ = await house.person(EMAIL)
    body = {"email": EMAIL, "password": PASSWORD}
    assert (await client.post("/admin/login", data=body)).status_code == 303
    return key


async def test_who_is_signed_in_types_no_address_and_stays_signed_in(house: Served) -> None:
    async with house.client() as client:
        await by_password(house, client)
        page = await look(client)
        assert (page.status, page.heading) == (200, BEGIN)
        assert not [given for _, given in page.tags if given.get("name") == "email"]
        for wrong in ("wrong wrong", ""):
            refused = await press(client, password=wrong)
            assert (refused.status, refused.heading) == (422, BEGIN)
            assert refused.field("password")["aria-invalid"] == "true"
        done = await set_up(client, await press(client, password=PASSWORD))
        assert (done.status, done.heading) == (200, DONE)
        assert (await client.get("/admin/account")).status_code == 200
        again = await look(client)
        assert again.heading == DONE
        assert again.field("otp")["autocomplete"] == "one-time-code"
    assert refusal(await factors.login(house)) == (401, "INVALID_OTP")


async def test_who_has_a_passkey_alone_proves_it_by_a_sign_in_that_is_minutes_old(house: Served) -> None:
    user, token = await signed_in(house)
    key = an_authenticator(house)
    await added(house, token, key)
    await house.house.database.write(set_row, users, user, password_hash=None)
    async with house.client() as client:
        body = {"credential": key.get(await ask(client)), "mode": "cookie"}
        assert (await client.post("/auth/passkey", json=body)).status_code == 200
        account = Page(await client.get("/admin/account"))
        assert [given["href"] for tag, given in account.tags if tag == "a" and given["href"] == PATH]
        (session,) = await rows(house, sessions, provider="passkey")
        await house.house.database.write(set_row, sessions, session["id"], created_at=LONG_AGO)
        (mark,) = set(field(account, "mark"))
        assert "Sign in once more" in (await look(client)).text
        before = await everything(house)
        for fields in ({}, {"password": PASSWORD}):
            stale = Page(await client.post(PATH, data={"mark": mark, **fields}))
            assert (stale.status, stale.heading) == (422, BEGIN)
        for table in ("users", "second_factors"):
            assert (await everything(house)).get(table) == before.get(table)
    async with house.client() as client:
        body = {"credential": key.get(await ask(client)), "mode": "cookie"}
        assert (await client.post("/auth/passkey", json=body)).status_code == 200
        assert "password" not in [given.get("name") for _, given in (await look(client)).tags]
        done = await set_up(client, await press(client))
        assert (done.status, done.heading) == (200, DONE)
        assert "a code of your app will do" in done.text
        assert "It is on: you are asked for a code of your app, or for one of your passkeys." in (
            Page(await client.get("/admin/account")).text
        )


async def test_who_signs_on_with_a_provider_is_not_held_up_for_ever(
    database_url: str, tmp_path: Path
) -> None:
    """A role that asks for a factor, a provider that answers for none, and no passwords of ours."""
    ways = {
        "AUTH_DISABLE_DEFAULT": "true",
        "AUTH_PROVIDERS": "friend",
        "AUTH_FRIEND_DRIVER": "mock",
        "AUTH_FRIEND_ALLOW_PUBLIC_REGISTRATION": "true",
    }
    async with served(database_url, tmp_path / "data", lambda _: ways) as house, house.client() as client:
        role = (await house.ask("POST", "/roles", {"name": "Guarded", "enforce_tfa": True})).json()["data"]
        for _ in range(2):
            url = f"{house.url}/auth/login/friend?redirect=/admin/welcome"
            while (answer := await client.get(url)).is_redirect:
                url = urljoin(url, answer.headers["location"])
            (person,) = (await house.ask("GET", "/users?filter[provider][_eq]=friend")).json()["data"]
            await house.ask("PATCH", f"/users/{person['id']}", {"role": role["id"]})
        assert Page(answer).heading == "One step is missing"
        done = await set_up(client, await press(client))
        assert done.heading == DONE
        assert Page(await client.get("/admin/welcome")).heading == "You are signed in"


async def test_no_other_site_and_no_stale_form_begins_or_ends_it(house: Served) -> None:
    async with house.client() as client:
        user = await by_password(house, client)
        (mark,) = set(field(await look(client), "mark"))
        sent = {"mark": mark, "password": PASSWORD}
        crossed = await client.post(PATH, data=sent, headers={"sec-fetch-site": "cross-site"})
        assert crossed.status_code == 403
        assert (await client.post(PATH, data={**sent, "mark": "x"})).status_code == 403
        async with house.client() as stranger:
            assert (await stranger.post(PATH, data=sent)).headers["location"] == "/admin/login"
        first = await press(client, password=PASSWORD)
        old = {name: first.field(name)["value"] for name in ("mark", "email", "secret")}
        second = await press(client, password=PASSWORD)
        stale = Page(await client.post(PATH, data={**old, "otp": factors.code(old["secret"])}))
        assert (stale.status, stale.heading) == (422, BEGIN)
        assert "begun anew" in stale.text
        (row,) = await rows(house, users, id=user)
        assert row["tfa_secret"] is None
        assert (await set_up(client, second)).heading == DONE


async def test_who_has_no_address_is_told_what_is_missing(house: Served) -> None:
    async with house.client() as client:
        user = await by_password(house, client)
        await house.house.database.write(set_row, users, user, email=None, email_key=None)
        page = await look(client)
        assert "Your account has no e-mail address yet" in page.text
        assert not page.has_form
