"""Signing in at a real directory through the whole house: JSON and the page, roles, codes, guesses."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.languages import factors
from tests.languages.eights import another
from tests.pages.invited import Page
from tests.peers.slapd import Directory
from tests.served import Served, refusal, served

ROLE = "0192f3a0-0000-7000-8000-00000000000a"


@pytest.fixture
async def house(database_url: str, tmp_path: Path, directory: Directory) -> AsyncIterator[Served]:
    """A house with a directory that lets people in, one that does not, and one that is down."""
    ways = {
        "dir": directory.settings(
            ALLOW_PUBLIC_REGISTRATION="true", ROLE_MAPPING=f'json:{{"Staff": "{ROLE}"}}', LABEL="Our Directory",
            REDIRECT_ALLOW_LIST="https://app.example.com/in",
        ),
        "closed": directory.settings(),
        "gone": directory.settings(CLIENT_URL="ldap://127.0.0.1:1"),
        "eight": directory.settings(
            ALLOW_PUBLIC_REGISTRATION="true", PROJECT="thumper", LABEL="Their Directory",
            REDIRECT_ALLOW_LIST="https://app.example.com/in",
        ),
    }  # fmt: skip
    told = {f"AUTH_{name.upper()}_{key}": text for name, way in ways.items() for key, text in way.items()}
    async with served(
        database_url, tmp_path / "data", lambda _: {"AUTH_PROVIDERS": ",".join(ways), **told}
    ) as house:
        made = await house.ask("POST", "/roles", {"id": ROLE, "name": "Employees"})
        assert made.status_code == 200, made.text
        yield house


def who(directory: Directory, identifier: str = "ada", **more: str) -> dict[str, str]:
    return {"identifier": identifier, "password": directory.password, **more}


async def test_a_person_of_the_directory_becomes_a_user_with_their_role(
    house: Served, directory: Directory
) -> None:
    keys = set()
    for mode in ("json", "cookie", "session"):
        answer = await house.ask("POST", "/auth/login/dir", who(directory, mode=mode), token=None)
        assert answer.status_code == 200, answer.text
        if mode == "json":
            keys.add(answer.json()["data"]["access_token"])
        else:
            assert "refresh_token" not in answer.json()["data"]
            assert (
                f"directus_{'refresh' if mode == 'cookie' else 'session'}_token"
                in answer.headers["set-cookie"]
            )
    me = (await house.ask("GET", "/users/me", token=keys.pop())).json()["data"]
    assert (me["provider"], me["email"], me["role"]) == ("dir", "ada@example.com", ROLE)
    assert (me["first_name"], me["last_name"], me["status"]) == ("Ada", "Lovelace", "active")
    assert me["external_identifier"] == me["auth_data"]["entryUUID"]
    assert directory.password not in str(me)
    found = await house.ask("GET", "/users", params={"search": "ada@example.com"})
    assert len(found.json()["data"]) == 1
    listed = (await house.ask("GET", "/auth", token=None)).json()["data"][0]
    assert listed == {"name": "dir", "label": "Our Directory", "driver": "ldap", "icon": "account_circle"}


async def test_who_does_not_come_in(house: Served, directory: Directory) -> None:
    wrong = [
        {"identifier": "ada", "password": "wrong"}, {"identifier": "nobody", "password": "wrong"},
        {"identifier": "a*", "password": directory.password}, {"identifier": "x" * 9000, "password": "y"},
        {"identifier": "ada", "password": ""}, {"identifier": "", "password": "x"}, {"identifier": "ada"},
        {"identifier": {"$ne": ""}, "password": "x"}, {"email": "ada", "password": "x"},
    ]  # fmt: skip
    refused = [refusal(await house.ask("POST", "/auth/login/dir", body, token=None)) for body in wrong]
    assert refused == [(401, "INVALID_CREDENTIALS")] * 3 + [(400, "INVALID_PAYLOAD")] * 6
    stranger = await house.ask("POST", "/auth/login/closed", who(directory), token=None)
    assert refusal(stranger) == (401, "INVALID_CREDENTIALS")
    down = await house.ask("POST", "/auth/login/gone", who(directory), token=None)
    assert refusal(down) == (503, "SERVICE_UNAVAILABLE")
    for path in ("/auth/login/none", "/auth/login/default"):
        assert (await house.ask("POST", path, who(directory), token=None)).status_code == 404
    assert (await house.ask("GET", "/auth/login/dir/callback?code=x", token=None)).status_code == 404
    users = await house.ask("GET", "/users?meta=total_count&limit=0")
    assert users.json()["meta"]["total_count"] == 1


async def test_guesses_are_counted_before_the_directory_hears_of_them(
    house: Served, directory: Directory
) -> None:
    bad = {"identifier": "grace", "password": "wrong"}
    statuses = [(await house.ask("POST", "/auth/login/dir", bad, token=None)).status_code for _ in range(21)]
    assert statuses == [401] * 20 + [429]
    assert (
        await house.ask("POST", "/auth/login/dir", who(directory, "GRACE"), token=None)
    ).status_code == 429
    assert (await house.ask("POST", "/auth/login/dir", who(directory), token=None)).status_code == 200


async def test_what_ends_in_the_directory_counts_here_and_the_other_way_round(
    house: Served, directory: Directory
) -> None:
    answer = await house.ask("POST", "/auth/login/dir", who(directory), token=None)
    access = answer.json()["data"]["access_token"]
    key = (await house.ask("GET", "/users/me", token=access)).json()["data"]["id"]
    assert (await house.ask("PATCH", f"/users/{key}", {"status": "suspended"})).status_code == 200
    assert (await house.ask("GET", "/users/me", token=access)).status_code == 401
    assert (await house.ask("POST", "/auth/login/dir", who(directory), token=None)).status_code == 401
    page = Page(await house.ask("POST", "/admin/login/with/dir", token=None, data=who(directory)))
    assert "Your account here is not active." in page.text


async def test_a_second_factor_of_ours_is_asked_for(house: Served, directory: Directory) -> None:
    answer = await house.ask("POST", "/auth/login/dir", who(directory), token=None)
    token = answer.json()["data"]["access_token"]
    made = await house.ask("POST", "/users/me/tfa/generate", {}, token=token)
    secret = made.json()["data"]["secret"]
    body = {"secret": secret, "otp": factors.code(secret)}
    assert (await house.ask("POST", "/users/me/tfa/enable", body, token=token)).status_code == 204
    await factors.forget_steps(house)
    first = await house.ask("POST", "/auth/login/dir", who(directory), token=None)
    assert refusal(first) == (401, "INVALID_OTP")
    wrong = await house.ask("POST", "/auth/login/dir", who(directory, otp=factors.wrong(secret)), token=None)
    assert refusal(wrong) == (401, "INVALID_OTP")
    async with house.client() as client:
        owed = await client.post("/admin/login/with/dir", data=who(directory))
        assert (owed.status_code, owed.headers["location"]) == (303, "/admin/login/code")
        paid = await client.post("/admin/login/code", data={"otp": factors.code(secret)})
        assert paid.headers["location"] == f"{house.url}/admin/welcome"


async def test_the_page_takes_the_password_without_any_script(house: Served, directory: Directory) -> None:
    async with house.client() as client:
        choices = Page(await client.get("/admin/login"))
        button = next(
            given["href"] for tag, given in choices.tags if "/auth/login/dir" in given.get("href", "")
        )
        sent = await client.get(button)
        page = Page(await client.get(sent.headers["location"]))
        assert (page.status, page.heading) == (200, "Sign in with Our Directory")
        fields = {given["name"]: given.get("value", "") for tag, given in page.tags if tag == "input"}
        assert fields == {"redirect": f"{house.url}/admin/welcome", "identifier": "", "password": ""}
        assert not [tag for tag, _ in page.tags if tag == "script"]
        wrong = Page(
            await client.post("/admin/login/with/dir", data={**fields, **who(directory), "password": "no"})
        )
        assert (wrong.status, wrong.title.startswith("Error: ")) == (422, True)
        assert "The name or the password is not right." in wrong.text
        assert "ada" in [given.get("value") for _, given in wrong.tags]
        good = await client.post("/admin/login/with/dir", data={**fields, **who(directory)})
        assert (good.status_code, good.headers["location"]) == (303, f"{house.url}/admin/welcome")
        assert Page(await client.get("/admin/welcome")).heading == "You are signed in"


async def test_the_page_leads_only_where_it_may(house: Served, directory: Directory) -> None:
    async with house.client() as client:
        allowed = "https://app.example.com/in"
        sent = await client.get("/auth/login/dir", params={"redirect": allowed})
        shown = await client.get(sent.headers["location"])
        assert "form-action 'self' https://app.example.com;" in shown.headers["content-security-policy"]
        good = await client.post("/admin/login/with/dir", data={**who(directory), "redirect": allowed})
        assert good.headers["location"] == allowed
        for hostile in ("https://evil.example/", "//evil.example", "https://app.example.com/other"):
            data = {**who(directory), "redirect": hostile}
            assert (await client.post("/admin/login/with/dir", data=data)).status_code == 400
            assert (
                await client.get("/admin/login/with/dir", params={"redirect": hostile})
            ).status_code == 400
        for headers in ({"sec-fetch-site": "cross-site"}, {"origin": "https://evil.example"}):
            answer = await client.post("/admin/login/with/dir", data=who(directory), headers=headers)
            assert answer.status_code == 403
        assert (await client.get("/admin/login/with/none")).status_code == 404


async def test_people_of_a_project_sign_in_by_the_page_of_generation_8(
    house: Served, directory: Directory
) -> None:
    admin, app, start = (
        await another(house, "thumper"),
        "https://app.example.com/in",
        "/thumper/auth/sso/eight",
    )
    listed = await house.ask("GET", "/thumper/auth/sso", token=None)
    assert listed.json()["data"] == ["eight"]
    told = await house.ask("GET", start, token=None, params={"redirect_url": app})
    assert told.json()["data"]["state"] is None
    async with house.client() as client:
        page = Page(await client.get(told.json()["data"]["authorization_url"]))
        assert (page.status, page.heading) == (200, "Sign in with Their Directory")
        fields = {given["name"]: given.get("value", "") for tag, given in page.tags if tag == "input"}
        assert fields == {"redirect": app, "mode": "jwt", "identifier": "", "password": ""}
        (action,) = [given["action"] for tag, given in page.tags if tag == "form"]
        assert action == f"{start}/password"
        wrong = await client.post(action, data={**fields, **who(directory), "password": "no"})
        assert wrong.status_code == 303
        again = Page(await client.get(wrong.headers["location"]))
        assert "The name or the password is not right." in again.text
        assert app in [given.get("value") for _, given in again.tags]
        home = await client.post(action, data={**fields, **who(directory)})
        landed, _, token = home.headers["location"].partition("?request_token=")
        assert landed == app
        answer = await client.post("/thumper/auth/sso/access_token", json={"request_token": token})
        me = await house.ask("GET", "/thumper/users/me", token=answer.json()["data"]["token"])
        assert me.json()["data"]["email"] == "ada@example.com"
        cookie = await client.post(action, data={**who(directory), "mode": "cookie"})
        assert (cookie.status_code, cookie.json()) == (200, {"public": True})
        assert (await client.get("/thumper/users/me")).json()["data"]["first_name"] == "Ada"
        for hostile in ("https://evil.example/", "//evil.example"):
            assert (await client.get(action, params={"redirect": hostile})).status_code == 400
            refused = await client.post(action, data={**who(directory), "redirect": hostile})
            assert refused.status_code == 400
        crossing = await client.post(action, data=who(directory), headers={"sec-fetch-site": "cross-site"})
        assert crossing.status_code == 403
        for path in (
            "/thumper/auth/sso/dir/password",
            "/-/8/auth/sso/eight/password",
            "/admin/login/with/eight",
        ):
            assert (await client.get(path)).status_code == 404
    assert (await house.ask("GET", "/thumper/users?meta=total_count", token=admin)).json()["meta"] == {
        "total_count": 2
    }
