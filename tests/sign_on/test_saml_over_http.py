"""The whole way of a browser with SAML: off, back by a post without cookies, and in, once."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import pytest

from tests.peers.saml import ADA, IdentityProvider, Pair
from tests.served import Served, served
from tests.sign_on.assertions import at, issue
from tests.sign_on.test_auth_check import check

ROLE = "0192f3a0-0000-7000-8000-00000000000b"


@pytest.fixture
async def house(database_url: str, tmp_path: Path, saml_idp: IdentityProvider) -> AsyncIterator[Served]:
    """A house with the identity provider three times: as it is, closed, and sending people unasked."""
    common = {
        "DRIVER": "saml", "IDP_metadata": saml_idp.metadata, "VERIFIED_DOMAINS": "example.com",
        "ROLE_MAPPING": f'json:{{"Staff": "{ROLE}"}}',
    }  # fmt: skip
    opened = {**common, "ALLOW_PUBLIC_REGISTRATION": "true", "REQUIRE_VERIFIED_EMAIL": "false"}
    ways = {"op": opened, "closed": common, "portal": {**opened, "ALLOW_IDP_INITIATED": "true"}}
    told = {f"AUTH_{name.upper()}_{key}": text for name, way in ways.items() for key, text in way.items()}
    async with served(
        database_url, tmp_path / "data", lambda _: {"AUTH_PROVIDERS": ",".join(ways), **told}
    ) as house:
        made = await house.ask("POST", "/roles", {"id": ROLE, "name": "Employees"})
        assert made.status_code == 200, made.text
        yield house


def us(house: Served, name: str = "op") -> tuple[str, str]:
    """The address that takes answers, and our name."""
    return f"{house.url}/auth/login/{name}/acs", f"{house.url}/auth/login/{name}/metadata"


async def leave(
    house: Served, idp: IdentityProvider, browser: httpx2.AsyncClient, name: str = "op", **more: str
) -> dict[str, str]:
    """Off to the identity provider; what it has the browser post."""
    acs, _ = us(house, name)
    sent = await browser.get(f"/auth/login/{name}", params=more)
    form = idp.answer(sent.headers["location"], recipient=acs, destination=acs)
    assert form.action == acs
    return form.fields


async def post(house: Served, fields: dict[str, str], name: str = "op") -> str:
    """The post comes from another site, without a cookie of ours; the address that it leads to."""
    headers = {"sec-fetch-site": "cross-site", "origin": "https://idp.example"}
    async with house.client() as elsewhere:
        answer = await elsewhere.post(f"/auth/login/{name}/acs", data=fields, headers=headers)
    assert (answer.status_code, "set-cookie" in answer.headers) == (303, False), answer.text
    location = str(answer.headers["location"])
    assert not [value for value in fields.values() if len(value) > 9 and value in location]
    return location


async def test_a_person_signs_on_with_case_role_and_fields(house: Served, saml_idp: IdentityProvider) -> None:
    for _ in range(2):
        async with house.client() as browser:
            landed = await browser.get(await post(house, await leave(house, saml_idp, browser)))
            assert landed.status_code == 200, landed.text
    me = (await house.ask("GET", "/users/me", token=landed.json()["data"]["access_token"])).json()["data"]
    assert (me["provider"], me["external_identifier"], me["role"]) == ("op", "Ada-1", ROLE)
    assert (me["email"], me["first_name"], me["last_name"]) == ("ada@example.com", "Ada", "Lovelace")
    assert me["auth_data"]["nameID"] == "Ada-1"
    found = await house.ask("GET", "/users", params={"search": "ada@example.com"})
    assert len(found.json()["data"]) == 1
    async with house.client() as browser:
        fields = await leave(house, saml_idp, browser, redirect="/admin/welcome")
        away = await browser.get(await post(house, fields))
        assert away.headers["location"] == f"{house.url}/admin/welcome"
        assert "directus_refresh_token" in away.headers["set-cookie"]


async def test_rule_14_an_answer_counts_once_and_in_the_browser_that_left(
    house: Served, saml_idp: IdentityProvider
) -> None:
    async with house.client() as browser, house.client() as stranger:
        fields = await leave(house, saml_idp, browser)
        assert (await stranger.get(await post(house, fields))).status_code == 401  # login CSRF
        foreign = await leave(house, saml_idp, stranger)
        assert (await browser.get(await post(house, foreign))).status_code == 401
        fields = await leave(house, saml_idp, browser)
        place = await post(house, fields)
        assert (await browser.get(place)).status_code == 200
        assert (await browser.get(place)).status_code == 401
        await leave(house, saml_idp, browser)  # the same answer, behind a new departure
        assert (await browser.get(await post(house, fields))).status_code == 401
        assert (await browser.get(f"/auth/login/op/callback?SAMLResponse={'x' * 99}")).status_code == 401


async def test_rule_14_whoever_comes_unasked_comes_once_and_only_where_it_is_allowed(
    house: Served, saml_idp: IdentityProvider
) -> None:
    for name in ("op", "portal"):
        fields = {
            "SAMLResponse": issue(saml_idp.pair, None, *us(house, name)),
            "RelayState": "https://evil.example",
        }
        async with house.client() as browser, house.client() as other:
            first = await browser.get(await post(house, fields, name))
            again = await other.get(await post(house, fields, name))
        if name == "op":
            assert first.status_code == again.status_code == 401
        else:
            assert (first.status_code, first.headers["location"]) == (302, f"{house.url}/admin/welcome")
            assert "reason=INVALID_CREDENTIALS" in again.headers["location"]
            assert "set-cookie" not in again.headers or "refresh_token" not in again.headers["set-cookie"]
    story = await house.ask("GET", "/activity", params={"filter": '{"action":{"_eq":"refused"}}'})
    assert "portal: replayed" in story.text


async def test_no_session_outlives_the_one_at_the_provider(house: Served, saml_idp: IdentityProvider) -> None:
    session = f' SessionNotOnOrAfter="{at(2)}"'
    fields = {"SAMLResponse": issue(saml_idp.pair, None, *us(house, "portal"), session=session)}
    async with house.client() as browser:
        await browser.get(await post(house, fields, "portal"))
        token = browser.cookies.get("directus_refresh_token")
    rows = await house.ask("POST", "/auth/refresh", {"refresh_token": token}, token=None)
    assert rows.status_code == 200
    await asyncio.sleep(2.5)
    newer = rows.json()["data"]["refresh_token"]
    late = await house.ask("POST", "/auth/refresh", {"refresh_token": newer}, token=None)
    assert late.status_code == 401


async def test_who_does_not_come_in(house: Served, saml_idp: IdentityProvider) -> None:
    async with house.client() as browser:
        fields = await leave(house, saml_idp, browser, "closed")
        assert (await browser.get(await post(house, fields, "closed"))).status_code == 401
        sent = await browser.get("/auth/login/op")
        acs, _ = us(house)
        admin = {**ADA, "nameID": "Eve", "email": "admin@example.com"}
        form = saml_idp.answer(sent.headers["location"], admin, recipient=acs, destination=acs)
        taken = await browser.get(await post(house, form.fields))
        assert taken.status_code == 403  # nobody becomes somebody by their address
        assert taken.json()["errors"][0]["extensions"]["code"] == "INVALID_PROVIDER"
        for fields in ({}, {"SAMLResponse": "x"}, {"RelayState": "x", "SAMLResponse": "%%%"}):
            await browser.get("/auth/login/op")
            assert (await browser.get(await post(house, fields))).status_code == 401
        twice = await browser.post("/auth/login/op/acs", content="SAMLResponse=a&SAMLResponse=b")
        large = await browser.post("/auth/login/op/acs", content=b"SAMLResponse=" + b"A" * 200_000)
        assert (twice.status_code, large.status_code) == (401, 413)
        assert (await browser.post("/auth/login/none/acs", data={})).status_code == 404
        assert (await browser.get("/auth/login/none/metadata")).status_code == 404
    counted = await house.ask("GET", "/users?meta=total_count&limit=0")
    assert counted.json()["meta"]["total_count"] == 1


async def test_our_metadata_is_at_its_address(house: Served) -> None:
    acs, entity_id = us(house)
    answer = await house.ask("GET", "/auth/login/op/metadata", token=None)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/samlmetadata+xml")
    assert f'entityID="{entity_id}"' in answer.text
    assert f'Location="{acs}"' in answer.text


async def test_both_sides_can_be_checked(saml_idp: IdentityProvider) -> None:
    status, said = await check(DRIVER="saml", IDP_metadata=f"{saml_idp.url}/metadata", ALLOW_SHA1="true")
    assert (status, "/auth/login/op/acs" in said, "/auth/login/op/metadata" in said) == (1, True, True), said
    for sentence in ("over plain http", "has run out", "ALLOW_SHA1 lets signatures count"):
        assert sentence in said
    ours, other = Pair(), Pair()
    for certificate, sentence in (
        ("", "SP_CERTIFICATE is not: nobody could verify"), (other.certificate_pem, "is another key's"),
        ("-----BEGIN CERTIFICATE-----\nx", "no certificate in PEM"), (ours.certificate_pem, ""),
    ):  # fmt: skip
        pair = {"SP_PRIVATE_KEY": ours.key_pem, "SP_CERTIFICATE": certificate}
        status, said = await check(DRIVER="saml", IDP_metadata=f"{saml_idp.url}/metadata", **pair)
        assert (status, sentence in said, "nobody could verify" in said and not sentence) == (
            1,
            True,
            False,
        ), said
    status, said = await check(DRIVER="saml", IDP_metadata="<x/>")
    assert (status, "describes 0 identity providers" in said) == (1, True), said
