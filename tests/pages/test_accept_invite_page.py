"""Accepting an invitation on its page: looking uses up nothing, the button works once, refusals are told."""

import asyncio
from datetime import datetime
from html import escape

import pytest

from service.tokens import Tokens, new_secret
from service.users import acceptance, invitation_states, invitations, model, projects
from tests.pages.invited import (
    GOOD,
    PATH,
    Page,
    can_sign_in,
    everything,
    expire,
    invite,
    look,
    name_project,
    newest,
    post,
    send,
    status_of,
)
from tests.served import Served

UNKNOWN = "This link does not work"


async def test_the_page_says_who_invites_whom_to_what_and_until_when(house: Served) -> None:
    invited = await invite(house)
    page = Page(await look(house, invited.token))
    assert page.status == 200
    assert page.heading == "Ada Lovelace has invited you to Analytical Engines"
    assert "grace@example.com" in page.text
    until = datetime.fromisoformat(invited.expires_at)
    assert f"until {until.day} {until:%B %Y, %H:%M} UTC" in page.text
    assert page.field("token")["value"] == invited.token
    password = page.field("password")
    assert (password["type"], password["autocomplete"]) == ("password", "new-password")
    assert page.field("username")["value"] == "grace@example.com"


async def test_a_hundred_looks_use_up_nothing(house: Served) -> None:
    invited = await invite(house)
    before = await everything(house)
    async with house.client() as client:
        for method in ("GET", "HEAD") * 100:
            answer = await client.request(method, PATH, params={"token": invited.token})
            assert answer.status_code == 200
            assert bool(answer.content) == (method == "GET")
    assert await everything(house) == before
    assert (await send(house, invited.token)).status_code == 303


async def test_the_button_opens_the_account_and_leads_to_a_page_that_can_be_loaded_again(
    house: Served,
) -> None:
    invited = await invite(house)
    answer = await send(house, invited.token)
    assert answer.status_code == 303
    for _ in range(2):
        page = Page(await house.ask("GET", answer.headers["location"], token=None))
        assert (page.status, page.heading) == (200, "Your account is open")
        assert "grace@example.com" in page.text
    assert await status_of(house, invited.user) == "active"
    assert await can_sign_in(house, "grace@example.com", GOOD)


async def test_a_used_invitation_says_so_and_keeps_the_first_password(house: Served) -> None:
    invited = await invite(house)
    await send(house, invited.token)
    before = await everything(house)
    other = "another fine set of words"
    for answer in (await send(house, invited.token, other), await look(house, invited.token)):
        page = Page(answer)
        assert (page.status, page.heading) == (410, "This invitation has been used")
        assert "grace@example.com" in page.text
        assert "tell Ada Lovelace" in page.text
        assert not page.has_form
    assert await everything(house) == before
    assert not await can_sign_in(house, "grace@example.com", other)


async def test_of_many_who_press_at_once_one_opens_the_account(house: Served) -> None:
    invited = await invite(house)
    passwords = [f"{GOOD}, number {number}" for number in range(8)]
    async with house.client() as client:
        answers = await asyncio.gather(*(post(client, invited.token, password) for password in passwords))
    assert sorted(answer.status_code for answer in answers) == [303] + [410] * 7
    good = [password for password in passwords if await can_sign_in(house, invited.email, password)]
    winner = next(place for place, answer in enumerate(answers) if answer.status_code == 303)
    assert good == [passwords[winner]]


async def test_an_expired_invitation_tells_since_when_and_offers_a_new_one(house: Served) -> None:
    invited = await expire(house, await invite(house))
    before = await everything(house)
    for answer in (await look(house, invited.token), await send(house, invited.token)):
        page = Page(answer)
        assert (page.status, page.heading) == (410, "This invitation has expired")
        assert "until 5 February 2021, 15:18 UTC" in page.text
        assert "Send me a new one" in page.text
    assert await everything(house) == before


async def test_a_newer_invitation_takes_the_place_of_an_older_one(house: Served) -> None:
    older = await invite(house)
    newer = await invite(house)
    assert newer.user == older.user
    for answer in (await look(house, older.token), await send(house, older.token)):
        page = Page(answer)
        assert (page.status, page.heading) == (410, "There is a newer invitation")
        assert not page.has_form
    assert await status_of(house, older.user) == "invited"
    assert (await send(house, newer.token)).status_code == 303


@pytest.mark.parametrize("change", [{"status": "suspended"}, {"email": "hopper@example.com"}, None])
async def test_an_invitation_dies_with_the_account_that_it_was_for(
    house: Served, change: dict[str, str] | None
) -> None:
    invited = await invite(house)
    method = "PATCH" if change else "DELETE"
    assert (await house.ask(method, f"/users/{invited.user}", change)).status_code in {200, 204}
    before = await everything(house)
    for answer in (await look(house, invited.token), await send(house, invited.token)):
        page = Page(answer)
        assert (page.status, page.heading) == (410, "This invitation is no longer valid")
        assert not page.has_form
    assert await everything(house) == before


@pytest.mark.parametrize(
    ("password", "told"),
    [
        ("", "too short"),
        ("seven77", "too short"),
        ("password123", "strangers try first"),
        ("a" * 129, "128 characters at most"),
        ("not\0here either", "cannot be kept"),
    ],
)
async def test_a_refused_password_is_typed_again_on_the_same_page(
    house: Served, password: str, told: str
) -> None:
    invited = await invite(house)
    before = await everything(house)
    answer = await send(house, invited.token, password)
    page = Page(answer)
    assert page.status == 422
    assert page.title.startswith("Error: ")
    assert told in page.text
    field = page.field("password")
    assert field["aria-invalid"] == "true"
    assert "autofocus" in field
    assert "value" not in field
    ids = [given.get("id") for _, given in page.tags]
    assert [name for name in field["aria-describedby"].split() if name not in ids] == []
    assert field["aria-describedby"].startswith("password-error")
    if password:
        assert password not in answer.text
    assert await everything(house) == before
    assert (await send(house, page.field("token")["value"])).status_code == 303


async def test_a_link_that_is_not_ours_learns_nothing_and_changes_nothing(house: Served) -> None:
    invited = await invite(house)
    before = await everything(house)
    for forged in _forgeries(house, invited.token):
        for answer in (await look(house, forged), await send(house, forged)):
            page = Page(answer)
            assert (page.status, page.heading) == (400, UNKNOWN), forged
            assert "grace@example.com" not in answer.text
            assert "Analytical Engines" not in answer.text
            assert len(forged) < 8 or forged not in answer.text
    assert await everything(house) == before


def _forgeries(house: Served, token: str) -> list[str]:
    head, body, signature = token.split(".")
    tokens, life = house.house.tokens, {"expires_at": 4_000_000_000}
    jti = acceptance.read(tokens, token).id
    claims = {"jti": jti, "email": "grace@example.com", "id": jti, "session": jti}
    return [
        "",
        "x",
        "\0",
        "a" * 5000,
        f"{token}x",
        f"{head}.{body}.",
        f"{head}.{body[:-2]}AA.{signature}",
        f"{head}.{body}.{signature[::-1]}",
        f"eyJhbGciOiJub25lIn0.{body}.",
        tokens.sign("access", claims, **life),
        tokens.sign("reset", claims, **life),
        Tokens([new_secret("")]).sign("invite", claims, **life),
    ]


async def test_a_signed_token_of_an_invitation_that_never_was_opens_nothing(house: Served) -> None:
    claims = {"jti": "019a0000-0000-7000-8000-000000000000", "email": "grace@example.com"}
    token = house.house.tokens.sign("invite", claims, expires_at=4_000_000_000)
    for answer in (await look(house, token), await send(house, token)):
        page = Page(answer)
        assert (page.status, page.heading) == (410, "This invitation is no longer valid")
        assert "the person who invited you" in page.text


@pytest.mark.parametrize("query", ["", "?token", "?token=a&token=b", "?token[x]=y", "?token=%ff", "?[=1"])
async def test_an_address_without_one_token_is_a_link_that_does_not_work(house: Served, query: str) -> None:
    page = Page(await house.ask("GET", f"{PATH}{query}", token=None))
    assert (page.status, page.heading) == (400, UNKNOWN)


async def test_an_invitation_of_another_project_shows_and_opens_an_account_there(house: Served) -> None:
    database = house.house.database
    role = await database.write(projects.create, "looms", "Looms of Lyon")
    terms = invitations.Terms(3600)
    await database.write(invitations.invite, model.house("looms"), ["grace@example.com"], role, terms)
    invited = await newest(house, "grace@example.com")
    assert invited.project == "looms"
    page = Page(await look(house, invited.token))
    assert page.heading == "You have been invited to Looms of Lyon"
    answer = await send(house, invited.token)
    assert "Looms of Lyon" in Page(await house.ask("GET", answer.headers["location"], token=None)).title
    assert (await house.ask("GET", f"/users/{invited.user}")).status_code == 403
    again = await database.read(invitation_states.look, "looms", invited.id)
    assert again is not None
    assert again.state == "used"


async def test_done_shows_nothing_that_has_not_happened(house: Served) -> None:
    invited = await invite(house)
    page = Page(await house.ask("GET", f"{PATH}?done&token={invited.token}", token=None))
    assert page.has_form
    assert Page(await house.ask("GET", f"{PATH}?done", token=None)).heading == UNKNOWN


@pytest.mark.parametrize(
    "name", ["<script>alert(1)</script>", "\"'><img src=x onerror=alert(1)>", "{{ 7*7 }}"]
)
async def test_names_are_text_and_nothing_else(house: Served, name: str) -> None:
    email = "o'onfocus='alert`1`'@example.com"
    invited = await invite(house, email)
    await name_project(house, name)
    for user in (house.admin, invited.user):
        await house.ask("PATCH", f"/users/{user}", {"first_name": name, "last_name": None})
    answer = await look(house, invited.token)
    page = Page(answer)
    assert page.heading == f"{name} has invited you to {name}"
    assert f"Hello {name}," in page.text
    assert name not in answer.text or name == escape(name)
    assert {"script", "img"}.isdisjoint(tag for tag, _ in page.tags)
    assert page.field("username") == {
        "hidden": "", "type": "text", "name": "username", "value": email, "autocomplete": "username"
    }  # fmt: skip


async def test_names_that_would_be_a_message_of_their_own_are_left_out(house: Served) -> None:
    invited = await invite(house)
    await name_project(house, "Win at https://evil.example")
    await house.ask("PATCH", f"/users/{house.admin}", {"first_name": "Call evil.example", "last_name": None})
    answer = await look(house, invited.token)
    assert "evil" not in answer.text
    assert Page(answer).heading == f"You have been invited to {house.url.removeprefix('http://')}"
