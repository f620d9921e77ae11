"""Pages of a second factor that is on: the app is taken off for a code of it, recovery codes are made anew."""

import httpx2
import pytest

from service.database.tables import letters, sessions
from tests.core.people import all_rows, set_row
from tests.languages import factors
from tests.pages.invited import Page, everything
from tests.pages.test_account_page import PATH as ACCOUNT
from tests.pages.test_sessions_page import field
from tests.served import PASSWORD, Served

EMAIL = "eve@example.com"
OFF = "/admin/tfa-setup"
CODES = "/admin/recovery-codes"


async def enter(house: Served, client: httpx2.AsyncClient) -> tuple[str, str]:
    """Eve, signed in with a password and then protected; her key and the app's secret."""
    key, token = await house.person(EMAIL)
    body = {"email": EMAIL, "password": PASSWORD}
    assert (await client.post("/admin/login", data=body)).status_code == 303
    return key, await factors.protect(house, token)


async def press(client: httpx2.AsyncClient, path: str, **fields: str) -> httpx2.Response:
    """What the button leads to, on the page that is there now."""
    (mark,) = set(field(Page(await client.get(path)), "mark"))
    return await client.post(path, data={"mark": mark, **fields})


async def kinds(house: Served) -> list[str]:
    return [letter["kind"] for letter in await house.house.database.read(all_rows, letters)]


async def test_the_app_goes_for_a_code_of_it_and_a_letter_tells_of_it(house: Served) -> None:
    async with house.client() as client:
        _, secret = await enter(house, client)
        assert OFF in [given.get("href") for _, given in Page(await client.get(ACCOUNT)).tags]
        before = await everything(house)
        for otp in (factors.wrong(secret), "", "x" * 200, "AAAA-AAAA-AAAA-AAAA"):
            page = Page(await press(client, OFF, otp=otp))
            assert (page.status, page.title.partition(":")[0]) == (422, "Error")
            assert "autofocus" in page.field("otp")
        assert await everything(house) == before
        done = await press(client, OFF, otp=factors.code(secret))
        assert (done.status_code, done.headers["location"]) == (303, f"{ACCOUNT}?done=app")
        told = Page(await client.get(done.headers["location"]))
        assert "The app was taken off" in told.text
        assert "It is off: set it up" in told.text
        assert CODES not in [given.get("href") for _, given in told.tags]
        assert Page(await client.get(OFF)).heading == "A second lock for your account"
        assert (await client.get(CODES)).headers["location"] == ACCOUNT
    assert (await factors.login(house)).status_code == 200
    assert sorted(await kinds(house)) == ["app_added", "app_removed"]


async def test_guessed_codes_are_counted(house: Served) -> None:
    async with house.client() as client:
        _, secret = await enter(house, client)
        for _ in range(8):
            page = Page(await press(client, OFF, otp=factors.wrong(secret)))
        assert "too many attempts" in page.text
        assert Page(await press(client, OFF, otp=factors.code(secret))).status == 422
    assert "app_removed" not in await kinds(house)


async def test_new_recovery_codes_take_the_place_of_the_old(house: Served) -> None:
    async with house.client() as client:
        await enter(house, client)
        assert "You have none left" in Page(await client.get(ACCOUNT)).text
        for wrong in ("not the password", ""):
            page = Page(await press(client, CODES, password=wrong))
            assert (page.status, page.codes) == (422, [])
            assert page.field("password")["aria-invalid"] == "true"
        first = Page(await press(client, CODES, password=PASSWORD))
        assert (first.status, first.heading) == (200, "Your new recovery codes")
        second = Page(await press(client, CODES, password=PASSWORD)).codes
        assert (len(first.codes), len(second), set(second) & set(first.codes)) == (10, 10, set())
        assert (await factors.login(house, first.codes[0])).status_code == 401
        assert (await factors.login(house, second[0])).status_code == 200
        assert "You have 9 left" in Page(await client.get(ACCOUNT)).text
        assert "You have 9 left" in Page(await client.get(CODES)).text
        assert (await press(client, OFF, otp=second[1])).status_code == 303


async def test_who_has_no_password_of_ours_proves_it_by_a_fresh_sign_in(house: Served) -> None:
    async with house.client() as client:
        await enter(house, client)
        (session,) = await house.house.database.read(all_rows, sessions)
        await house.house.database.write(set_row, sessions, session["id"], provider="friend")
        assert "password" not in [given.get("name") for _, given in Page(await client.get(CODES)).tags]
        assert len(Page(await press(client, CODES)).codes) == 10


@pytest.mark.parametrize("path", [OFF, CODES])
async def test_no_other_site_and_no_stale_mark_does_it(house: Served, path: str) -> None:
    async with house.client() as client:
        assert (await client.get(CODES)).headers["location"] == "/admin/login"
        _, secret = await enter(house, client)
        (mark,) = set(field(Page(await client.get(path)), "mark"))
        sent = {"password": PASSWORD, "otp": factors.code(secret)}
        assert (await client.post(path, data={**sent, "mark": "x"})).status_code == 403
        foreign = {"sec-fetch-site": "cross-site"}
        assert (await client.post(path, data={**sent, "mark": mark}, headers=foreign)).status_code == 403
        async with house.client() as stranger:
            answer = await stranger.post(path, data={**sent, "mark": mark})
            assert answer.headers["location"] == "/admin/login"
    assert (await factors.login(house)).status_code == 401
