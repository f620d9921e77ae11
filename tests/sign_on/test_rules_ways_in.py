"""The rules of linking, unlinking and ending sessions, against the whole house: the attack comes first."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from service.database.tables import activity, letters, sessions
from tests.core.people import all_rows, set_row
from tests.served import PASSWORD, Served
from tests.sign_on.issuer import Issuer
from tests.sign_on.liar import come_back, house_at, is_in, sign_on, tokens_of

LONG_AGO = "2021-02-05T15:18:13.000Z"


@pytest.fixture
async def house(database_url: str, tmp_path: Path, issuer: Issuer) -> AsyncIterator[Served]:
    async with house_at(database_url, tmp_path / "data", issuer) as house:
        yield house


async def eve(house: Served) -> tuple[str, str]:
    """Eve's key and an access token: she signs in with a password."""
    key, _ = await house.person("eve@example.com")
    body = {"email": "eve@example.com", "password": PASSWORD}
    answer = await house.ask("POST", "/auth/login", body, token=None)
    return key, answer.json()["data"]["access_token"]


async def depart(client: httpx2.AsyncClient, access: str, **body: Any) -> httpx2.Response:
    bearer = {"authorization": f"Bearer {access}"}
    return await client.post("/users/me/identities", json={"provider": "op", **body}, headers=bearer)


async def mine(house: Served, access: str) -> list[dict[str, Any]]:
    listed: list[dict[str, Any]] = (await house.ask("GET", "/users/me/identities", token=access)).json()[
        "data"
    ]
    return listed


async def test_rule_11_a_stolen_session_alone_links_nothing(house: Served, issuer: Issuer) -> None:
    """It takes the password again, or a sign-on that is minutes old."""
    _, access = await eve(house)
    async with house.client() as client:
        assert (await depart(client, access)).status_code == 400
        assert (await depart(client, access, password="wrong wrong wrong")).status_code == 401
        assert (await depart(client, access, provider="nope", password=PASSWORD)).status_code == 400
        hostile = await depart(client, access, password=PASSWORD, redirect="https://evil.example/")
        assert hostile.status_code == 400
        bearer = {"authorization": f"Bearer {access}", "sec-fetch-site": "cross-site"}
        body = {"provider": "op", "password": PASSWORD}
        crossed = await client.post("/users/me/identities", json=body, headers=bearer)
        assert crossed.status_code == 403
        assert "set-cookie" not in crossed.headers
    assert (await house.ask("POST", "/users/me/identities", body)).status_code == 400  # a static token
    stale = await tokens_of(house, issuer)
    (row,) = await house.house.database.read(all_rows, sessions, provider="op")
    await house.house.database.write(set_row, sessions, row["id"], created_at=LONG_AGO)
    async with house.client() as client:
        assert (await depart(client, stale["access_token"])).status_code == 400
    assert await mine(house, access) == []


async def test_rule_2_a_link_counts_once_in_its_own_browser_and_session(
    house: Served, issuer: Issuer
) -> None:
    key, access = await eve(house)
    async with house.client() as client, house.client() as stranger:
        away = (await depart(client, access, password=PASSWORD)).json()["data"]["redirect"]
        assert (await come_back(stranger, issuer, away, sub="eve-1")).status_code == 401
        assert await mine(house, access) == []
        good = await come_back(client, issuer, away, sub="eve-1", email="eve@elsewhere.example")
        assert good.status_code == 200, good.text
        assert "access_token" not in good.text
        assert (await come_back(client, issuer, away, sub="eve-2")).status_code == 401
        away = (await depart(client, access, password=PASSWORD)).json()["data"]["redirect"]
        for one in await house.house.database.read(all_rows, sessions, user=key):
            gone = await house.ask("DELETE", f"/users/{key}/sessions/{one['id']}")
            assert gone.status_code == 204
        late = await come_back(client, issuer, away, sub="eve-3")
        assert late.status_code == 401, late.text
    (linked,) = (await house.ask("GET", f"/users/{key}/identities")).json()["data"]
    assert (linked["provider"], linked["external_identifier"], linked["primary"]) == ("op", "eve-1", False)
    assert linked["email"] == "eve@elsewhere.example"
    told = await house.house.database.read(all_rows, letters, kind="sign_in_linked")
    assert [letter["recipient"] for letter in told] == ["eve@example.com"]
    noted = [row["comment"] for row in await house.house.database.read(all_rows, activity, item=key)]
    assert "op: linked eve-1" in noted
    by_provider = await tokens_of(house, issuer, sub="eve-1", email=None)
    me = (await house.ask("GET", "/users/me", token=by_provider["access_token"])).json()["data"]
    assert (me["id"], me["provider"]) == (key, "default")


async def test_rule_9_nobody_links_what_is_somebody_elses(house: Served, issuer: Issuer) -> None:
    await tokens_of(house, issuer)  # Ada's
    _, access = await eve(house)
    async with house.client() as client:
        start = await depart(client, access, password=PASSWORD, redirect="https://app.example.com/in")
        taken = await come_back(client, issuer, start.json()["data"]["redirect"])
        assert taken.headers["location"] == "https://app.example.com/in?reason=INVALID_PROVIDER"
    assert await mine(house, access) == []


async def test_the_last_way_in_stays_and_what_goes_takes_its_sessions_along(
    house: Served, issuer: Issuer
) -> None:
    key, access = await eve(house)
    async with house.client() as client:
        for sub in ("eve-1", "eve-2"):
            away = (await depart(client, access, password=PASSWORD)).json()["data"]["redirect"]
            assert (await come_back(client, issuer, away, sub=sub)).status_code == 200
    first = await tokens_of(house, issuer, sub="eve-1")
    second = await tokens_of(house, issuer, sub="eve-2", sid="s-2")
    marks = {one["external_identifier"]: one["id"] for one in await mine(house, access)}
    stranger = (await house.person("mallory@example.com"))[1]
    for whose in (key, "me"):
        address = f"/users/{whose}/identities/{marks['eve-1']}"
        stolen = await house.ask("DELETE", address, {"password": PASSWORD}, token=stranger)
        assert stolen.status_code == 403
    own = f"/users/me/identities/{marks['eve-1']}"
    gone = await house.ask("DELETE", own, {"password": PASSWORD}, token=access)
    assert gone.status_code == 204
    (told,) = await house.house.database.read(all_rows, letters, kind="sign_in_unlinked")
    assert (told["recipient"], told["status"], told["data"]["provider"]) == (
        "eve@example.com",
        "queued",
        "op",
    )
    assert [await is_in(house, first), await is_in(house, second)] == [False, True]
    ada = await tokens_of(house, issuer)
    (own,) = await mine(house, ada["access_token"])
    assert own["primary"]
    kept = await house.ask("DELETE", f"/users/me/identities/{own['id']}", token=ada["access_token"])
    assert kept.status_code == 422, kept.text
    async with house.client() as client:
        away = (await depart(client, ada["access_token"])).json()["data"][
            "redirect"
        ]  # minutes old is proof enough
        assert (await come_back(client, issuer, away, sub="ada-2")).status_code == 200
    gone = await house.ask("DELETE", f"/users/me/identities/{own['id']}", token=ada["access_token"])
    assert gone.status_code == 204, gone.text
    me = (await house.ask("GET", "/users/me", token=ada["access_token"])).json()["data"]
    assert (me["provider"], me["external_identifier"]) == ("op", "ada-2")
    assert [one["primary"] for one in await mine(house, ada["access_token"])] == [True]


async def test_a_stolen_session_alone_unlinks_nothing(house: Served, issuer: Issuer) -> None:
    """It takes the proof that linking takes; an administrator needs none for somebody else's."""
    key, access = await eve(house)
    async with house.client() as client:
        away = (await depart(client, access, password=PASSWORD)).json()["data"]["redirect"]
        assert (await come_back(client, issuer, away, sub="eve-1")).status_code == 200
    (linked,) = await mine(house, access)
    for address in (f"/users/me/identities/{linked['id']}", f"/users/{key}/identities/{linked['id']}"):
        for body, status in (
            (None, 400), ({}, 400), ({"password": "wrong wrong wrong"}, 401), ({"password": 5}, 400),
        ):  # fmt: skip
            assert (await house.ask("DELETE", address, body, token=access)).status_code == status
    _, static = await house.person("mallory@example.com")
    foreign = await house.ask(
        "DELETE", f"/users/{key}/identities/{linked['id']}", {"password": PASSWORD}, token=static
    )
    assert foreign.status_code == 403
    assert [one["id"] for one in await mine(house, access)] == [linked["id"]]
    by_admin = await house.ask("DELETE", f"/users/{key}/identities/{linked['id']}")
    assert by_admin.status_code == 204
    assert await mine(house, access) == []


async def test_a_sign_on_that_is_old_unlinks_nothing_until_it_is_made_anew(
    house: Served, issuer: Issuer
) -> None:
    first = await tokens_of(house, issuer)
    async with house.client() as client:
        away = (await depart(client, first["access_token"])).json()["data"]["redirect"]
        assert (await come_back(client, issuer, away, sub="ada-2")).status_code == 200
    (row,) = await house.house.database.read(all_rows, sessions, provider="op")
    await house.house.database.write(set_row, sessions, row["id"], created_at=LONG_AGO)
    spare = next(one["id"] for one in await mine(house, first["access_token"]) if not one["primary"])
    address = f"/users/me/identities/{spare}"
    assert (await house.ask("DELETE", address, token=first["access_token"])).status_code == 400
    anew = await tokens_of(house, issuer)
    assert (await house.ask("DELETE", address, token=anew["access_token"])).status_code == 204


async def test_people_see_and_end_their_own_sessions_and_nobody_elses(house: Served, issuer: Issuer) -> None:
    key, first = await eve(house)
    _, stranger = await house.person("mallory@example.com")
    body = {"email": "eve@example.com", "password": PASSWORD}
    second = (await house.ask("POST", "/auth/login", body, token=None)).json()["data"]
    path = "/users/me/sessions"
    listed = (await house.ask("GET", path, token=first)).json()["data"]
    assert [one["provider"] for one in listed] == ["default", "default"]
    assert [one["current"] for one in listed].count(True) == 1
    assert all(one["ip"] and one["user_agent"] and one["expires_at"] > one["used_at"] for one in listed)
    assert "refresh" not in str(listed)
    (other,) = (one["id"] for one in listed if not one["current"])
    for method, where in (
        ("GET", f"/users/{key}/sessions"), ("DELETE", f"/users/{key}/sessions"),
        ("DELETE", f"/users/{key}/sessions/{other}"), ("DELETE", f"/users/me/sessions/{other}"),
        ("DELETE", "/users/me/sessions/nonsense"), ("GET", f"/users/{key}/identities"),
    ):  # fmt: skip
        assert (await house.ask(method, where, token=stranger)).status_code == 403, where
        if not where.startswith("/users/me"):
            assert (await house.ask(method, where, token=None)).status_code in (401, 403), where
    assert await is_in(house, second)
    assert (await house.ask("DELETE", f"{path}/{other}", token=first)).status_code == 204
    assert not await is_in(house, second)
    third = (await house.ask("POST", "/auth/login", body, token=None)).json()["data"]
    assert (await house.ask("DELETE", path, token=first)).status_code == 204
    assert not await is_in(house, third)
    assert len((await house.ask("GET", path, token=first)).json()["data"]) == 1
    assert len((await house.ask("GET", f"/users/{key}/sessions")).json()["data"]) == 1
    assert (await house.ask("DELETE", f"/users/{key}/sessions")).status_code == 204
    assert (await house.ask("GET", path, token=first)).status_code == 401
    noted = [row["comment"] for row in await house.house.database.read(all_rows, activity, item=key)]
    assert noted.count("sessions ended: 1") == 3


async def test_rule_18_every_sign_on_begins_a_session_of_its_own(house: Served, issuer: Issuer) -> None:
    planted = await tokens_of(house, issuer)
    async with house.client() as client:
        client.cookies.set("directus_refresh_token", planted["refresh_token"])
        fresh = (await sign_on(client, issuer)).json()["data"]
    assert fresh["refresh_token"][:22] != planted["refresh_token"][:22]
