"""The controls of IPSIE, levels SL2 and AL2 with what they build on, each against the whole house.

    SL1  sessions begin with a verified, single-use assertion (code flow, PKCE) and last no longer than it says
    SL2  nobody comes unasked; the ways of authentication that we ask for are held; the provider ends sessions
         and tokens, and only a new assertion of its own lets the person go on
    AL1  the provider suspends and deletes
    AL2  the provider makes and changes people before they sign on, nobody here does; its groups give roles

A test is named by the level whose control it proves.
"""

import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from service.database.tables import sessions, users
from tests.core.people import all_rows
from tests.peers.saml import IdentityProvider
from tests.served import Served
from tests.sign_on.assertions import issue
from tests.sign_on.issuer import Issuer, json, sign
from tests.sign_on.liar import house_at, is_in, sign_on, tokens_of
from tests.sign_on.logout_house import here, logout_house
from tests.sign_on.test_rules_logout import honest, send
from tests.sign_on.test_rules_signals import PUSH, REVOKED, made, push

_USER = "urn:ietf:params:scim:schemas:core:2.0:User"
_GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
ADA = {
    "schemas": [_USER], "userName": "ada@example.com", "externalId": "ada", "active": True,
    "name": {"givenName": "Ada", "familyName": "Lovelace"}, "emails": [{"value": "ada@example.com", "primary": True}],
}  # fmt: skip


@pytest.fixture
async def house(database_url: str, tmp_path: Path, issuer: Issuer) -> AsyncIterator[Served]:
    issuer.answers["/.well-known/ssf-configuration"] = lambda: json(
        {"issuer": issuer.url, "jwks_uri": f"{issuer.url}/keys", "spec_version": "1_0"}
    )
    more = {
        "AUTH_OP_SSF_ISSUER": issuer.url, "AUTH_OP_SSF_PUSH_TOKEN": PUSH, "AUTH_OP_MAX_AGE": "1h",
        "AUTH_OP_ACR_VALUES": "phr",
    }  # fmt: skip
    async with house_at(database_url, tmp_path / "data", issuer, **more) as house:
        yield house


def proven(**claims: Any) -> dict[str, Any]:
    """What the provider says of a sign-on as it was asked for."""
    return {"acr": "phr", "auth_time": int(time.time()) - 5, **claims}


async def managed(house: Served) -> str:
    """The SCIM token of the provider's connection, which manages its people."""
    return await house.scim_token("op", managed=True, domains=["example.com"])


async def provision(house: Served, token: str) -> str:
    """Ada's key, after the provider has made her over SCIM."""
    answer = await house.ask("POST", "/scim/v2/Users", ADA, token=token)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


async def test_sl1_only_a_verified_assertion_begins_a_session_and_only_once(
    house: Served, issuer: Issuer
) -> None:
    async with house.client() as client:
        away = await client.get("/auth/login/op")
        asked = parse_qs(urlsplit(away.headers["location"]).query)
        assert (asked["response_type"], asked["code_challenge_method"]) == (["code"], ["S256"])
        for claims in ({"aud": "other"}, {"iss": "https://evil.example"}, {"exp": 1}, {"nonce": "other"}):
            assert (await sign_on(client, issuer, **proven(**claims))).status_code == 401, claims
        good = await sign_on(client, issuer, **proven())
        again = await client.get(str(good.url))
        assert (good.status_code, again.status_code) == (200, 401)


async def test_sl1_a_session_is_no_longer_than_the_assertion_says(house: Served, issuer: Issuer) -> None:
    await tokens_of(house, issuer, **proven(session_expiry=int(time.time()) + 600))
    (row,) = await house.house.database.read(all_rows, sessions)
    from datetime import datetime

    lasts = datetime.fromisoformat(row["expires_at"]) - datetime.fromisoformat(row["created_at"])
    assert 590 <= lasts.total_seconds() <= 600


async def test_sl2_nobody_comes_unasked(house: Served, issuer: Issuer, saml_idp: IdentityProvider) -> None:
    issuer.id_token = sign(issuer.claims("n", **proven()))
    async with house.client() as client:
        back = {"code": "c", "state": "s", "iss": issuer.url}
        assert (await client.get("/auth/login/op/callback", params=back)).status_code == 401
        assert (await client.post("/auth/login/op/callback", data=back)).status_code == 303
    assert issuer.seen["/token"] == 0
    assert await house.house.database.read(all_rows, sessions) == []


async def test_sl2_nobody_comes_unasked_by_saml(
    sqlite_url: str, tmp_path: Path, saml_idp: IdentityProvider
) -> None:
    async with logout_house(sqlite_url, tmp_path / "data", saml_idp) as house, house.client() as client:
        acs, us = here(house).replace("logout", "acs"), here(house).replace("logout", "metadata")
        posted = await client.post(
            "/auth/login/op/acs", data={"SAMLResponse": issue(saml_idp.pair, None, acs, us)}
        )
        assert (await client.get(posted.headers["location"])).status_code == 401
        assert await house.house.database.read(all_rows, sessions) == []


@pytest.mark.parametrize("said", [{"acr": "pwd"}, {"acr": None}, {"auth_time": 1}, {"auth_time": None}])
async def test_sl2_the_authentication_that_we_ask_for_is_held(
    house: Served, issuer: Issuer, said: dict[str, Any]
) -> None:
    async with house.client() as client:
        away = await client.get("/auth/login/op")
        asked = parse_qs(urlsplit(away.headers["location"]).query)
        assert (asked["acr_values"], asked["max_age"]) == (["phr"], ["3600"])
        assert (await sign_on(client, issuer, **proven(**said))).status_code == 401
        assert (await sign_on(client, issuer, **proven())).status_code == 200


async def test_sl2_the_authentication_that_we_ask_for_is_held_by_saml(
    sqlite_url: str, tmp_path: Path, saml_idp: IdentityProvider
) -> None:
    more = {"ACR_VALUES": "urn:loa:2,urn:loa:3", "MAX_AGE": "15m"}
    async with logout_house(sqlite_url, tmp_path / "data", saml_idp, **more) as house:
        acs = here(house).replace("logout", "acs")
        for context, status in (("urn:loa:1", 401), ("urn:loa:2", 200)):
            async with house.client() as client:
                away = (await client.get("/auth/login/op")).headers["location"]
                told = {"recipient": acs, "destination": acs, "authnContextClassRef": context}
                form = saml_idp.answer(away, **told)
                posted = await client.post("/auth/login/op/acs", data=form.fields)
                assert (await client.get(posted.headers["location"])).status_code == status
        asked = question(away)
        assert 'ForceAuthn="true"' in asked
        assert "<saml:AuthnContextClassRef>urn:loa:3</saml:AuthnContextClassRef>" in asked


@pytest.mark.parametrize("way", ["back channel", "signal"])
async def test_sl2_the_provider_ends_sessions_and_tokens_and_asks_for_a_new_assertion(
    house: Served, issuer: Issuer, way: str
) -> None:
    tokens = await tokens_of(house, issuer, **proven())
    other = await tokens_of(house, issuer, **proven(sub="eve", email="eve@example.com", sid="s-2"))
    if way == "signal":
        assert (await push(house, made(house, issuer, REVOKED))).status_code == 202
    else:
        assert (await send(house, honest(issuer))).status_code == 200
    assert not await is_in(house, tokens)
    refresh = {"refresh_token": tokens["refresh_token"]}
    assert (await house.ask("POST", "/auth/refresh", refresh, token=None)).status_code == 401
    assert await is_in(house, other)
    assert await is_in(house, await tokens_of(house, issuer, **proven()))


@pytest.mark.parametrize("deed", ["suspend", "delete"])
async def test_al1_whom_the_provider_suspends_or_deletes_is_out_at_once(
    house: Served, issuer: Issuer, deed: str
) -> None:
    token = await managed(house)
    key = await provision(house, token)
    tokens = await tokens_of(house, issuer, **proven())
    place = f"/scim/v2/Users/{key}"
    if deed == "delete":
        assert (await house.ask("DELETE", place, token=token)).status_code == 204
    else:
        assert (await house.ask("PUT", place, {**ADA, "active": False}, token=token)).status_code == 200
    assert not await is_in(house, tokens)
    async with house.client() as client:
        late = await sign_on(client, issuer, "/auth/login/op?redirect=/admin/welcome", **proven())
        assert "reason=INVALID_CREDENTIALS" in late.headers["location"]
    if deed == "suspend":
        assert (await house.ask("PUT", place, ADA, token=token)).status_code == 200
        assert await is_in(house, await tokens_of(house, issuer, **proven()))


async def test_al2_people_are_made_and_changed_before_they_sign_on(house: Served, issuer: Issuer) -> None:
    token = await managed(house)
    key = await provision(house, token)
    changed = {**ADA, "name": {"givenName": "Augusta", "familyName": "King"}}
    assert (await house.ask("PUT", f"/scim/v2/Users/{key}", changed, token=token)).status_code == 200
    access = (await tokens_of(house, issuer, **proven(given_name="Mallory")))["access_token"]
    me = (await house.ask("GET", "/users/me", token=access)).json()["data"]
    assert (me["id"], me["first_name"], me["last_name"]) == (key, "Augusta", "King")


async def test_al2_nobody_makes_the_providers_people_here(house: Served, issuer: Issuer) -> None:
    """Not by signing on, by invitation, by hand or by moving a user of ours: until the provider has."""
    token = await managed(house)
    async with house.client() as client:
        landed = await sign_on(client, issuer, "/auth/login/op?redirect=/admin/welcome", **proven())
        assert "cause=unprovisioned" in landed.headers["location"]
        invited = await house.ask("POST", "/users/invite", {"email": "ada@example.com", "role": house.role})
        assert invited.status_code == 204, invited.text
        again = await sign_on(client, issuer, "/auth/login/op?redirect=/admin/welcome", **proven())
        assert "cause=unprovisioned" in again.headers["location"]
    eve, _ = await house.person("eve@example.com")
    body = {"provider": "op", "external_identifier": "eve"}
    for method, path, more in (
        ("POST", "/users", {"email": "new@example.com"}),
        ("PATCH", f"/users/{eve}", {}),
    ):
        refused = await house.ask(method, path, {**body, **more})
        assert (refused.status_code, "managed by the connection" in refused.text) == (403, True), refused.text
    assert await house.house.database.read(all_rows, users, provider="op") == []
    story = await house.ask("GET", "/activity", params={"filter": '{"action":{"_eq":"refused"}}'})
    assert "op: unprovisioned (a managed connection makes this provider's users" in story.text
    await house.ask(
        "DELETE",
        "/users",
        [row["id"] for row in await house.house.database.read(all_rows, users, status="invited")],
    )
    assert await provision(house, token)


async def test_al2_nobody_changes_or_removes_the_providers_people_here(house: Served, issuer: Issuer) -> None:
    token = await managed(house)
    key = await provision(house, token)
    access = (await tokens_of(house, issuer, **proven()))["access_token"]
    for method, path, body, bearer in (
        ("PATCH", f"/users/{key}", {"first_name": "X"}, house.token), ("PATCH", "/users/me", {"last_name": "X"}, access),
        ("PATCH", f"/users/{key}", {"status": "suspended"}, house.token), ("PATCH", f"/users/{key}", {"email": "x@example.com"}, house.token),
        ("DELETE", f"/users/{key}", None, house.token), ("DELETE", "/users", [key], house.token),
        ("DELETE", f"/default/users/{key}", None, house.token),
    ):  # fmt: skip
        refused = await house.ask(method, path, body, token=bearer)
        assert (refused.status_code, "managed" in refused.text) == (403, True), (method, path, refused.text)
    (row,) = await house.house.database.read(all_rows, users, id=key)
    assert (row["first_name"], row["status"], row["version"]) == ("Ada", "active", 1)
    assert (await house.ask("DELETE", f"/scim/v2/Users/{key}", token=token)).status_code == 204


async def test_al2_groups_of_the_provider_give_roles(house: Served, issuer: Issuer) -> None:
    token = await managed(house)
    key = await provision(house, token)
    role = (await house.ask("POST", "/roles", {"name": "Staff"})).json()["data"]["id"]
    (connection,) = (await house.ask("GET", "/connections")).json()["data"]
    put = await house.ask(
        "PUT", f"/connections/{connection['id']}/group-roles", [{"group": "Staff", "role": role}]
    )
    assert put.status_code == 200, put.text
    group = {"schemas": [_GROUP], "displayName": "Staff", "members": [{"value": key}]}
    made_ = await house.ask("POST", "/scim/v2/Groups", group, token=token)
    assert made_.status_code == 201, made_.text
    access = (await tokens_of(house, issuer, **proven()))["access_token"]
    assert (await house.ask("GET", "/users/me", token=access)).json()["data"]["role"] == role
    place = f"/scim/v2/Groups/{made_.json()['id']}"
    assert (await house.ask("PUT", place, {**group, "members": []}, token=token)).status_code == 200
    assert (await house.ask("GET", "/users/me", token=access)).json()["data"]["role"] is None


def question(url: str) -> str:
    """The AuthnRequest that an address carries."""
    import zlib
    from base64 import b64decode

    packed = parse_qs(urlsplit(url).query)["SAMLRequest"][0]
    return zlib.decompress(b64decode(packed), -15).decode()
