"""The whole way of a browser: off from idbridge, through a real OpenID provider, and back with tokens."""

from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest

from tests.peers.oidc import OpenIDProvider
from tests.served import PASSWORD, Served, refusal, served
from tests.sign_on.browser import Browser

USER = "urn:ietf:params:scim:schemas:core:2.0:User"


@pytest.fixture
async def house(database_url: str, tmp_path: Path, idp: OpenIDProvider) -> AsyncIterator[Served]:
    """A house with two clients at the provider: `op` lets people in, `closed` does not."""

    def variables(url: str) -> dict[str, str]:
        found = {"AUTH_PROVIDERS": "op,closed", "OUTBOUND_IP_ALLOW_LIST": "127.0.0.0/8"}
        for name in ("op", "closed"):
            client = idp.register(f"{url}/auth/login/{name}/callback")
            found |= {
                f"AUTH_{name.upper()}_DRIVER": "openid",
                f"AUTH_{name.upper()}_CLIENT_ID": client.client_id,
                f"AUTH_{name.upper()}_CLIENT_SECRET": client.client_secret or "",
                f"AUTH_{name.upper()}_ISSUER_URL": idp.issuer,
            }
        return found | {
            "AUTH_OP_ALLOW_PUBLIC_REGISTRATION": "true",
            "AUTH_OP_REDIRECT_ALLOW_LIST": "https://app.example.com/signed-on",
        }

    async with served(database_url, tmp_path / "data", variables) as house:
        yield house


async def _row(house: Served, email: str) -> dict[str, object]:
    found = await house.ask("GET", "/users", params={"filter": f'{{"email":{{"_eq":"{email}"}}}}'})
    (user,) = found.json()["data"]
    assert isinstance(user, dict)
    return user


async def test_a_person_signs_on_and_the_documented_fields_say_from_where(
    house: Served, idp: OpenIDProvider
) -> None:
    idp.describe(
        "Erin-1", email="erin@example.com", email_verified=True, given_name="Erin", family_name="Field"
    )
    async with Browser() as browser:
        first = await browser.visit(f"{house.url}/auth/login/op", login="Erin-1")
        assert first.status_code == 200, first.text
        tokens = first.json()["data"]
        again = await browser.visit(f"{house.url}/auth/login/op", login="Erin-1")
        assert again.status_code == 200
    me = (await house.ask("GET", "/users/me", token=tokens["access_token"])).json()["data"]
    assert (me["provider"], me["external_identifier"], me["status"]) == ("op", "Erin-1", "active")
    assert (me["email"], me["first_name"], me["last_name"]) == ("erin@example.com", "Erin", "Field")
    assert isinstance(me["auth_data"], dict)
    assert me["auth_data"]["email_verified"] is True
    assert me["password"] is None
    refreshed = await house.ask(
        "POST", "/auth/refresh", {"refresh_token": tokens["refresh_token"]}, token=None
    )
    assert refreshed.status_code == 200
    listed = (await house.ask("GET", "/auth", token=None)).json()["data"]
    assert [(one["name"], one["driver"]) for one in listed] == [("op", "openid"), ("closed", "openid")]


async def test_a_redirect_leads_home_with_a_cookie_and_nowhere_else(
    house: Served, idp: OpenIDProvider
) -> None:
    idp.describe("Rene", email="rene@example.com", email_verified=True)
    async with Browser() as browser:
        start = f"{house.url}/auth/login/op?redirect=https%3A%2F%2Fapp.example.com%2Fsigned-on"
        landed = await browser.sign_on(start, login="Rene", stop_at="https://app.example.com/")
        assert landed == "https://app.example.com/signed-on"
        kept = browser.http.cookies.get("directus_refresh_token")
    fresh = await house.ask(
        "POST", "/auth/refresh", token=None, headers={"cookie": f"directus_refresh_token={kept}"}
    )
    assert fresh.status_code == 200
    for hostile in (
        "https://evil.example/", "//evil.example", "/\\evil.example", "https://app.example.com@evil.example/",
        "https://app.example.com/other", "javascript:alert(1)", "https://app.example.com/signed-on\r\nx: y",
        "http://app.example.com/signed-on", "\thttps://evil.example", "https:evil.example",
    ):  # fmt: skip
        refused = await house.ask("GET", "/auth/login/op", token=None, params={"redirect": hostile})
        assert refused.status_code == 400, (hostile, refused.headers.get("location"))


async def test_a_callback_counts_once_and_in_its_own_browser(house: Served, idp: OpenIDProvider) -> None:
    idp.describe("Cara", email="cara@example.com", email_verified=True)
    callback = f"{house.url}/auth/login/op/callback"
    async with Browser() as browser, Browser() as stranger:
        url = await browser.sign_on(f"{house.url}/auth/login/op", login="Cara", stop_at=callback)
        assert (await stranger.http.get(url)).status_code == 401
        tampered = url.replace("state=", "state=x")
        assert (await browser.http.get(tampered)).status_code == 401
        # The first look used the departure up, so that the honest answer comes too late as well.
        assert (await browser.http.get(url)).status_code == 401
        url = await browser.sign_on(f"{house.url}/auth/login/op", login="Cara", stop_at=callback)
        other = url.replace("/op/callback", "/closed/callback")
        assert (await browser.http.get(other)).status_code == 401
        assert (await browser.http.get(f"{url}&state=twice")).status_code == 401
    assert (await house.ask("GET", "/users", params={"search": "cara"})).json()["data"] == []


async def test_who_may_not_come_in(house: Served, idp: OpenIDProvider) -> None:
    idp.describe("Una", email="una@example.com", email_verified=False)
    idp.describe("Admin", email="ADMIN@example.com", email_verified=True)
    idp.describe("Nobody", email="nobody@example.com", email_verified=True)

    async def arrive(name: str, login: str, *, deny: bool = False) -> httpx2.Response:
        async with Browser() as browser:
            return await browser.visit(f"{house.url}/auth/login/{name}", login=login, deny=deny)

    for answer, code in (
        (await arrive("op", "Una"), "INVALID_CREDENTIALS"),
        (await arrive("op", "Admin"), "INVALID_PROVIDER"),
        (await arrive("closed", "Nobody"), "INVALID_CREDENTIALS"),
        (await arrive("op", "Nobody", deny=True), "INVALID_CREDENTIALS"),
    ):
        assert answer.status_code in (401, 403)
        assert answer.json()["errors"][0]["extensions"]["code"] == code
    counted = await house.ask("GET", "/users?meta=total_count&limit=0")
    assert counted.json()["meta"]["total_count"] == 1
    async with Browser() as browser:
        away = await browser.sign_on(
            f"{house.url}/auth/login/closed?redirect=/admin/login?a=b", login="Nobody",
            stop_at=f"{house.url}/admin/login",
        )  # fmt: skip
    assert parse_qs(urlsplit(away).query) == {"reason": ["INVALID_CREDENTIALS"], "cause": ["unknown"]}
    assert (await house.ask("GET", "/auth/login/nope", token=None)).status_code == 404
    assert (await house.ask("GET", "/auth/login/op/callback?code=x", token=None)).status_code == 401


async def test_an_invited_person_accepts_by_signing_on(house: Served, idp: OpenIDProvider) -> None:
    body = {"email": "inga@example.com", "role": house.role}
    assert (await house.ask("POST", "/users/invite", body)).status_code == 204
    idp.describe("Inga", email="inga@example.com", email_verified=True, given_name="Inga")
    async with Browser() as browser:
        assert (await browser.visit(f"{house.url}/auth/login/op", login="Inga")).status_code == 200
    user = await _row(house, "inga@example.com")
    assert (user["status"], user["provider"], user["external_identifier"]) == ("active", "op", "Inga")


async def test_a_provider_claims_the_user_whom_it_provisioned(house: Served, idp: OpenIDProvider) -> None:
    token = await house.scim_token("op")
    for login, given in (("sub-1", {"externalId": "sub-1"}), ("sub-2", {"externalId": "object-2"})):
        email = f"{login}@example.com"
        made = {"schemas": [USER], "userName": email, "emails": [{"value": email}], **given}
        answer = await house.ask("POST", "/scim/v2/Users", made, token=token)
        assert answer.status_code == 201, answer.text
        idp.describe(login, email=email, email_verified=True)
        async with Browser() as browser:
            signed = await browser.visit(f"{house.url}/auth/login/closed", login=login)
            assert signed.status_code in (401, 403)  # another provider's name claims nothing
            signed = await browser.visit(f"{house.url}/auth/login/op", login=login)
        assert signed.status_code == 200, signed.text
        me = await house.ask("GET", "/users/me", token=signed.json()["data"]["access_token"])
        assert me.json()["data"]["id"] == answer.json()["id"]
        assert me.json()["data"]["external_identifier"] == given["externalId"]


async def test_deprovisioning_ends_a_signed_on_session(house: Served, idp: OpenIDProvider) -> None:
    token = await house.scim_token("op")
    made = {"schemas": [USER], "userName": "leo@example.com", "externalId": "leo"}
    key = (await house.ask("POST", "/scim/v2/Users", made, token=token)).json()["id"]
    idp.describe("leo", email="leo@example.com", email_verified=True)
    async with Browser() as browser:
        access = (await browser.visit(f"{house.url}/auth/login/op", login="leo")).json()["data"][
            "access_token"
        ]
        assert (await house.ask("GET", "/users/me", token=access)).status_code == 200
        patch = {"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
                 "Operations": [{"op": "replace", "value": {"active": False}}]}  # fmt: skip
        assert (await house.ask("PATCH", f"/scim/v2/Users/{key}", patch, token=token)).status_code == 200
        assert (await house.ask("GET", "/users/me", token=access)).status_code == 401
        assert (await browser.visit(f"{house.url}/auth/login/op", login="leo")).status_code == 401


async def test_a_provider_that_is_down_says_so_and_hurts_nobody_else(
    database_url: str, tmp_path: Path
) -> None:
    variables = {
        "AUTH_PROVIDERS": "gone", "AUTH_GONE_DRIVER": "openid", "AUTH_GONE_CLIENT_ID": "x",
        "AUTH_GONE_ISSUER_URL": "http://127.0.0.1:1", "OUTBOUND_IP_ALLOW_LIST": "127.0.0.0/8",
    }  # fmt: skip
    async with served(database_url, tmp_path / "data", lambda _: variables) as house:
        answer = await house.ask("GET", "/auth/login/gone", token=None)
        assert refusal(answer) == (503, "SERVICE_UNAVAILABLE")
        await house.person("eve@example.com")
        body = {"email": "eve@example.com", "password": PASSWORD}
        assert (await house.ask("POST", "/auth/login", body, token=None)).status_code == 200
