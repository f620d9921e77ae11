"""Setting up a second factor on its pages: from the password to the recovery codes, and every way to fail."""

import re
from pathlib import Path

import pytest

from tests.languages import factors
from tests.pages.invited import Page, everything
from tests.served import PASSWORD, Served, refusal, served

PATH = "/admin/tfa-setup"
EMAIL = "eve@example.com"


async def press(house: Served, form: dict[str, str], **headers: str) -> Page:
    """Press a button; the page that comes."""
    ours = {"origin": "null", "sec-fetch-site": "same-origin", **headers}
    async with house.client() as client:
        return Page(await client.post(PATH, data=form, headers=ours))


async def begin(house: Served, password: str = PASSWORD, **headers: str) -> Page:
    return await press(house, {"email": EMAIL, "password": password}, **headers)


def carried(page: Page) -> dict[str, str]:
    """What the form takes along."""
    return {name: page.field(name)["value"] for name in ("token", "email", "secret")}


async def _guarded(house: Served) -> str:
    """A role whose people need a second factor, and Eve in it."""
    made = await house.ask("POST", "/roles", {"name": "Guarded", "enforce_tfa": True})
    role: str = made.json()["data"]["id"]
    await house.person(EMAIL, role=role)
    return role


async def test_a_person_whose_role_asks_for_it_sets_it_up_and_gets_in(house: Served) -> None:
    await _guarded(house)
    held = (await factors.login(house)).json()["data"]["access_token"]
    assert refusal(await house.ask("GET", "/users/me", token=held)) == (403, "FORBIDDEN")
    looked = Page(await house.ask("GET", PATH, token=None))
    assert (looked.status, looked.heading) == (200, "A second lock for your account")
    page = await begin(house)
    assert (page.status, page.heading) == (200, "Scan this with your app")
    form = carried(page)
    assert form["secret"] in page.text.replace(" ", "")
    assert [given["viewbox"] for tag, given in page.tags if tag == "svg" and "viewbox" in given]
    done = await press(house, {**form, "otp": " ".join(re.findall("...", factors.code(form["secret"])))})
    assert (done.status, done.heading) == (200, "Two-factor authentication is on")
    codes = done.codes
    assert len(set(codes)) == 10
    assert (await house.ask("GET", "/users/me", token=held)).status_code == 200
    assert refusal(await factors.login(house)) == (401, "INVALID_OTP")
    assert (await factors.login(house, codes[0])).status_code == 200
    assert refusal(await factors.login(house, codes[0])) == (401, "INVALID_OTP")
    assert (await begin(house)).heading == "Your account has its second factor"
    again = await press(house, {**form, "otp": factors.code(form["secret"])})
    assert (again.status, again.heading) == (422, "A second lock for your account")
    assert refusal(await house.ask("GET", "/users/me", token=form["token"])) == (401, "INVALID_CREDENTIALS")


async def test_a_wrong_code_is_told_on_the_same_picture(house: Served) -> None:
    await house.person(EMAIL)
    first = carried(await begin(house))
    page = await press(house, {**first, "otp": factors.wrong(first["secret"])})
    assert (page.status, page.heading) == (422, "Scan this with your app")
    assert page.title.startswith("Error: ") and page.field("otp")["aria-invalid"] == "true"
    assert carried(page) == first
    second = carried(await begin(house))
    stale = await press(house, {**first, "otp": factors.code(first["secret"])})
    assert (stale.status, stale.heading) == (422, "A second lock for your account")
    assert "begun anew" in stale.text
    assert (await factors.login(house)).status_code == 200  # nothing is in force yet
    done = await press(house, {**second, "otp": factors.code(second["secret"])})
    assert done.heading == "Two-factor authentication is on"


async def test_strangers_get_no_further_than_the_way_in(house: Served) -> None:
    await house.person(EMAIL)
    before = await everything(house)
    for page in (
        await begin(house, "not the password"),
        await press(house, {"email": "nobody@example.com", "password": PASSWORD}),
        await press(house, {"email": "", "password": ""}),
        await press(house, {"token": "x", "secret": "y", "otp": "000000"}),
        await press(house, {"token": house.token, "otp": "000000"}),
    ):
        assert (page.status, page.heading) == (422, "A second lock for your account")
        assert page.title.startswith("Error: ")
    crossed = await begin(house, **{"sec-fetch-site": "cross-site"})
    assert (crossed.status, crossed.heading) == (403, "Nothing was changed")
    assert (await everything(house))["users"] == before["users"]


async def test_guessing_is_slowed_down(house: Served) -> None:
    await house.person(EMAIL)
    form = carried(await begin(house))
    wrong = factors.wrong(form["secret"])
    statuses = [(await press(house, {**form, "otp": wrong})).status for _ in range(7)]
    assert statuses[0] == 422 and statuses[-1] == 429
    page = await press(house, {**form, "otp": factors.code(form["secret"])})
    assert (page.status, page.heading) == (429, "A second lock for your account")


@pytest.mark.parametrize("mode", ["cookie", "session"])
async def test_a_session_that_is_held_up_is_led_here(house: Served, mode: str) -> None:
    await _guarded(house)
    async with house.client() as client:
        await client.post("/auth/login", json={"email": EMAIL, "password": PASSWORD, "mode": mode})
        welcome = Page(await client.get("/admin/welcome"))
        assert welcome.heading == "One step is missing"
        assert [given["href"] for tag, given in welcome.tags if tag == "a" and given["href"] == PATH]
        assert (
            "Until it is set up, you can do nothing else here" in Page(await client.get("/admin/login")).text
        )


async def test_there_is_nothing_to_set_up_without_passwords_of_ours(sqlite_url: str, tmp_path: Path) -> None:
    off = {"AUTH_DISABLE_DEFAULT": "true", "AUTH_PROVIDERS": "friend", "AUTH_FRIEND_DRIVER": "mock"}
    async with served(sqlite_url, tmp_path / "data", lambda _: off) as house:
        assert Page(await house.ask("GET", PATH, token=None)).status == 404
        assert (await begin(house)).status == 404
        assert PATH not in (await house.ask("GET", "/admin/login", token=None)).text
