"""The page on which a signed-in person changes their password: for a proof, and with everybody else signed out."""

import httpx2
import pytest

from service.database.tables import letters, sessions, users
from service.users.throttle import LIMITS
from tests.core.people import all_rows, set_row
from tests.pages.invited import GOOD, Page, can_sign_in, everything
from tests.pages.test_account_page import PATH as ACCOUNT
from tests.pages.test_sessions_page import enter, field
from tests.served import PASSWORD, Served
from tests.sign_on.liar import is_in

PATH = "/admin/password"
ADA = "ada@example.com"


async def press(client: httpx2.AsyncClient, **fields: str) -> httpx2.Response:
    """What the button leads to, on the page that is there now."""
    (mark,) = set(field(Page(await client.get(PATH)), "mark"))
    return await client.post(PATH, data={"mark": mark, **fields})


async def test_a_new_password_signs_everybody_else_out_and_a_letter_tells_of_it(house: Served) -> None:
    key, token = await house.person(ADA)
    body = {"email": ADA, "password": PASSWORD}
    other = (await house.ask("POST", "/auth/login", body, token=None)).json()["data"]
    async with house.client() as client:
        assert (await client.get(PATH)).headers["location"] == "/admin/login"
        await enter(client)
        assert PATH in [given.get("href") for _, given in Page(await client.get(ACCOUNT)).tags]
        page = Page(await client.get(PATH))
        assert (page.status, page.heading) == (200, "Change your password")
        assert page.field("password")["autocomplete"] == "current-password"
        assert page.field("chosen")["autocomplete"] == "new-password"
        done = await press(client, password=PASSWORD, chosen=GOOD)
        assert (done.status_code, done.headers["location"]) == (303, f"{ACCOUNT}?done=password")
        told = Page(await client.get(done.headers["location"]))
        assert "Your password was changed" in told.text
        assert not await is_in(house, other)
    assert [await can_sign_in(house, ADA, one) for one in (PASSWORD, GOOD)] == [False, True]
    assert (await house.ask("GET", "/users/me", token=token)).status_code == 200  # static tokens stay
    (letter,) = await house.house.database.read(all_rows, letters)
    assert (letter["kind"], letter["recipient"]) == ("password_changed", ADA)
    done = (await house.ask("GET", f"/activity?filter[item][_eq]={key}&filter[action][_eq]=update")).json()
    assert [one["user"] for one in done["data"]] == [key]


@pytest.mark.parametrize(
    ("fields", "at"),
    [
        ({"password": "not the password", "chosen": GOOD}, "password"),
        ({"password": "", "chosen": GOOD}, "password"),
        ({"chosen": GOOD}, "password"),
        ({"password": PASSWORD, "chosen": "short"}, "chosen"),
        ({"password": PASSWORD, "chosen": "password123"}, "chosen"),
        ({"password": PASSWORD, "chosen": "w" * 129}, "chosen"),
        ({"password": PASSWORD, "chosen": "a quiet\0 walk"}, "chosen"),
        ({"password": PASSWORD}, "chosen"),
    ],
)
async def test_what_is_wrong_is_said_at_its_field_and_changes_nothing(
    house: Served, fields: dict[str, str], at: str
) -> None:
    await house.person(ADA)
    async with house.client() as client:
        await enter(client)
        before = await everything(house)
        page = Page(await press(client, **fields))
        assert (page.status, page.title.partition(":")[0]) == (422, "Error")
        wrong = [given["name"] for tag, given in page.tags if tag == "input" and "aria-invalid" in given]
        assert wrong == [at]
        assert "autofocus" in page.field(at)
        assert await everything(house) == before
    assert await can_sign_in(house, ADA, PASSWORD)


async def test_guesses_are_counted_as_at_the_sign_in(house: Served) -> None:
    await house.person(ADA)
    async with house.client() as client:
        await enter(client)
        for _ in range(LIMITS["password"]["pair"].most + 1):
            page = Page(await press(client, password="not the password", chosen=GOOD))
        assert "too many attempts" in page.text
        assert Page(await press(client, password=PASSWORD, chosen=GOOD)).status == 422


async def test_no_other_site_and_no_stale_mark_changes_it(house: Served) -> None:
    await house.person(ADA)
    async with house.client() as client:
        await enter(client)
        (mark,) = set(field(Page(await client.get(PATH)), "mark"))
        sent = {"password": PASSWORD, "chosen": GOOD}
        for fields, headers in (
            (sent, {}),
            ({**sent, "mark": "x"}, {}),
            ({**sent, "mark": mark}, {"sec-fetch-site": "cross-site"}),
        ):
            assert (await client.post(PATH, data=fields, headers=headers)).status_code == 403
        async with house.client() as stranger:
            answer = await stranger.post(PATH, data={**sent, "mark": mark})
            assert answer.headers["location"] == "/admin/login"
    assert await can_sign_in(house, ADA, PASSWORD)


async def test_who_has_none_chooses_one_after_a_sign_in_that_is_minutes_old(house: Served) -> None:
    key, _ = await house.person(ADA)
    async with house.client() as client:
        await enter(client)
        await house.house.database.write(set_row, users, key, password_hash=None)
        page = Page(await client.get(PATH))
        assert page.heading == "Choose your password"
        assert "Sign in once more" in page.text
        assert not page.has_form
        (session,) = await house.house.database.read(all_rows, sessions)
        await house.house.database.write(set_row, sessions, session["id"], provider="passkey")
        assert "password" not in [given.get("name") for _, given in Page(await client.get(PATH)).tags]
        assert (await press(client, chosen=GOOD)).status_code == 303
    assert await can_sign_in(house, ADA, GOOD)


async def test_whose_provider_signs_them_in_has_no_use_for_one(house: Served) -> None:
    key, _ = await house.person(ADA)
    async with house.client() as client:
        await enter(client)
        (mark,) = set(field(Page(await client.get(PATH)), "mark"))
        await house.house.database.write(set_row, users, key, provider="okta", external_identifier="ada")
        assert (await client.get(PATH)).headers["location"] == ACCOUNT
        assert PATH not in [given.get("href") for _, given in Page(await client.get(ACCOUNT)).tags]
        await client.post(PATH, data={"mark": mark, "password": PASSWORD, "chosen": GOOD})
    assert await house.house.database.read(all_rows, letters) == []
