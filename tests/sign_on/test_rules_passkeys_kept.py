"""Whose passkeys are whose: added for a fresh proof, named, removed, and never the last way in."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from service.database.tables import activity, letters, sessions, users
from tests.core.people import set_row
from tests.served import PASSWORD, Served, refusal
from tests.sign_on.passkeys import (
    add,
    added,
    an_authenticator,
    enter,
    house_at_a_name,
    options,
    rows,
    signed_in,
)

LONG_AGO = "2021-02-05T15:18:13.000Z"
WRONG = (401, "INVALID_CREDENTIALS")


@pytest.fixture
async def house(database_url: str, tmp_path: Path) -> AsyncIterator[Served]:
    async with house_at_a_name(database_url, tmp_path / "data") as house:
        yield house


async def test_it_takes_a_fresh_proof_and_a_session(house: Served) -> None:
    """security.md, 11: a stolen token alone adds no way in, and takes no factor away."""
    user, token = await signed_in(house)
    static = (await house.person("mallory@example.com"))[1]
    path = "/users/me/passkeys"
    assert refusal(await house.ask("POST", f"{path}/options", {}, token=token))[0] == 400
    wrong = await house.ask("POST", f"{path}/options", {"password": "wrong"}, token=token)
    assert refusal(wrong) == WRONG
    assert refusal(await house.ask("POST", f"{path}/options", {"password": PASSWORD}, token=static))[0] == 400
    assert (await house.ask("POST", f"{path}/options", {}, token=None)).status_code in (401, 403)
    other = await house.ask("POST", f"/users/{user}/passkeys/options", {"password": PASSWORD}, token=static)
    assert refusal(other) == (403, "FORBIDDEN")
    by_admin = await house.ask("POST", f"/users/{user}/passkeys/options", {"password": PASSWORD})
    assert refusal(by_admin) == (403, "FORBIDDEN")
    key = an_authenticator(house)
    first = await added(house, token, key)
    assert refusal(await house.ask("DELETE", f"{path}/{first}", token=token))[0] == 400
    # Who has just shown a passkey need not tell a password again; ten minutes later they have to.
    opened = (await enter(house, key)).json()["data"]["access_token"]
    assert (await house.ask("POST", f"{path}/options", {}, token=opened)).status_code == 200
    for row in await rows(house, sessions, provider="passkey"):
        await house.house.database.write(set_row, sessions, row["id"], created_at=LONG_AGO)
    assert refusal(await house.ask("POST", f"{path}/options", {}, token=opened))[0] == 400
    assert (
        await house.ask("DELETE", f"{path}/{first}", {"password": PASSWORD}, token=token)
    ).status_code == 204


async def test_a_passkey_belongs_to_one_person_who_is_told_of_it(house: Served) -> None:
    user, token = await signed_in(house)
    _, other = await signed_in(house, "mallory@example.com")
    key = an_authenticator(house)
    first = await added(house, token, key, "My  laptop")
    again = an_authenticator(house, credential=key.credential)
    assert refusal(await add(house, other, again))[0] == 400
    for method, body in (("PATCH", {"name": "Mine"}), ("DELETE", {"password": PASSWORD})):
        for who in ("me", user):
            stolen = await house.ask(method, f"/users/{who}/passkeys/{first}", body, token=other)
            assert refusal(stolen) == (403, "FORBIDDEN")
    assert refusal(await house.ask("GET", f"/users/{user}/passkeys", token=other)) == (403, "FORBIDDEN")
    assert (
        await house.ask("PATCH", f"/users/me/passkeys/{first}", {"name": "Desk"}, token=token)
    ).status_code == 204
    for bad in ("", " ", "x" * 101, "a\u0000b", "\ud800"):
        body = {"name": bad}
        refused = await house.ask("PATCH", f"/users/me/passkeys/{first}", body, token=token)
        assert refused.status_code == 400, bad
    (listed,) = (await house.ask("GET", f"/users/{user}/passkeys")).json()["data"]
    assert listed["name"] == "Desk"
    assert refusal(await house.ask("PATCH", f"/users/{user}/passkeys/{first}", {"name": "x"})) == (
        403,
        "FORBIDDEN",
    )
    assert (await house.ask("DELETE", f"/users/{user}/passkeys/{first}")).status_code == 204
    told = {row["kind"]: row for row in await rows(house, letters)}
    assert told.keys() == {"passkey_added", "passkey_removed"}
    assert told["passkey_added"]["recipient"] == "eve@example.com"
    noted = [row["comment"] for row in await rows(house, activity, item=user, action="update")]
    assert noted == ["passkey added: My laptop", "passkey named: Desk", "passkey removed: Desk"]


async def test_what_goes_takes_its_sessions_along(house: Served) -> None:
    _, token = await signed_in(house)
    desk, phone = an_authenticator(house), an_authenticator(house)
    first = await added(house, token, desk)
    await added(house, token, phone, "Phone")
    opened = [(await enter(house, key)).json()["data"]["access_token"] for key in (desk, phone)]
    gone = await house.ask("DELETE", f"/users/me/passkeys/{first}", {"password": PASSWORD}, token=token)
    assert gone.status_code == 204
    alive = [(await house.ask("GET", "/users/me", token=one)).status_code for one in opened]
    assert alive == [401, 200]
    assert refusal(await enter(house, desk)) == WRONG


async def test_there_are_so_many_and_no_more(house: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("service.users.passkeys.MOST", 2)
    _, token = await signed_in(house)
    answers = [(await add(house, token, an_authenticator(house))).status_code for _ in range(3)]
    assert answers == [200, 200, 400]
    assert len((await options(house, token))["excludeCredentials"]) == 2


async def test_the_last_way_in_stays(house: Served) -> None:
    user, token = await signed_in(house)
    key = an_authenticator(house)
    first = await added(house, token, key)
    await house.house.database.write(set_row, users, user, password_hash=None)
    opened = (await enter(house, key)).json()["data"]["access_token"]
    for bearer in (opened, house.token):
        stays = await house.ask("DELETE", f"/users/{user}/passkeys/{first}", token=bearer)
        assert stays.status_code == 422, stays.text
        assert "last way to sign in" in stays.text
    assert (await enter(house, key)).status_code == 200
