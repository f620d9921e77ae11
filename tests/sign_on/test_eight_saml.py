"""SAML by the addresses of generation 8: every address that our metadata names is served, in its project alone."""

import re
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest

from tests.languages.eights import another
from tests.peers.saml import Form, IdentityProvider
from tests.served import Served, served
from tests.sign_on.logout_house import US, elsewhere, logout_house
from tests.sign_on.test_auth_check import check

HOME = "/thumper/auth/sso/op"
VISIT = {"sec-fetch-mode": "navigate"}


@pytest.fixture
async def house(database_url: str, tmp_path: Path, saml_idp: IdentityProvider) -> AsyncIterator[Served]:
    """A house whose project `thumper` has a SAML identity provider with which sign-outs travel both ways."""
    settings = {
        "DRIVER": "saml", "IDP_metadata": saml_idp.metadata, "SP_PRIVATE_KEY": US.key_pem,
        "SP_CERTIFICATE": US.certificate_pem, "VERIFIED_DOMAINS": "example.com",
        "ALLOW_PUBLIC_REGISTRATION": "true", "PROJECT": "thumper",
    }  # fmt: skip
    told = {f"AUTH_OP_{key}": text for key, text in settings.items()}
    async with served(database_url, tmp_path / "data", lambda _: {"AUTH_PROVIDERS": "op", **told}) as house:
        house.token = await another(house, "thumper")
        yield house


async def _come_in(house: Served, idp: IdentityProvider, browser: httpx2.AsyncClient) -> None:
    acs = f"{house.url}{HOME}/acs"
    sent = await browser.get(HOME, params={"mode": "cookie"}, headers=VISIT)
    form = idp.answer(
        sent.headers["location"], recipient=acs, destination=acs, sessionIndex="s-1",
        audience=f"{house.url}{HOME}/metadata",
    )  # fmt: skip
    posted = await browser.post(f"{HOME}/acs", data=form.fields)
    assert (await browser.get(posted.headers["location"])).status_code == 200
    assert (await browser.get("/thumper/users/me")).json()["data"]["email"] == "ada@example.com"


async def test_who_goes_to_a_provider_of_forms_passes_a_page_of_their_project(
    sqlite_url: str, tmp_path: Path, saml_idp: IdentityProvider
) -> None:
    more = {"IDP_metadata": saml_idp.metadata_of_forms, "PROJECT": "thumper"}
    async with logout_house(sqlite_url, tmp_path / "data", saml_idp, **more) as house:
        house.token = await another(house, "thumper")
        async with house.client() as browser:
            sent = await browser.get(HOME, headers=VISIT)
            page = sent.headers["location"]
            assert page.startswith(f"{house.url}{HOME}/onward?kept=")
            other = page.replace(f"{HOME}/onward", "/default/auth/sso/op/onward")
            assert (await browser.get(other)).status_code == 404
            form = Form((await browser.get(page)).text)
            assert form.action == f"{saml_idp.url}/post" and "SAMLRequest" in form.fields


async def test_our_metadata_names_addresses_that_are_there(house: Served) -> None:
    told = await house.ask("GET", f"{HOME}/metadata", token=None)
    assert told.headers["content-type"] == "application/samlmetadata+xml"
    assert f'entityID="{house.url}{HOME}/metadata"' in told.text
    places = set(re.findall(r'Location="([^"]+)"', told.text))
    assert places == {f"{house.url}{HOME}/acs", f"{house.url}{HOME}/logout"}
    for place in places:
        answer = await house.ask("POST", urlsplit(place).path, token=None, data={"SAMLResponse": "x"})
        assert answer.status_code == 303 or answer.json()["error"]["code"] == 100, answer.text
    for path in ("/auth/login/op/metadata", "/default/auth/sso/op/metadata", "/thumper/auth/sso/x/metadata"):
        assert (await house.ask("GET", path, token=None)).status_code == 404


async def test_the_check_tells_the_address_of_the_project(saml_idp: IdentityProvider) -> None:
    _, said = await check(DRIVER="saml", IDP_METADATA=saml_idp.metadata, PROJECT="thumper")
    assert f"our metadata http://127.0.0.1:8055{HOME}/metadata" in said
    _, said = await check(DRIVER="saml", IDP_METADATA=saml_idp.metadata)
    assert "our metadata http://127.0.0.1:8055/auth/login/op/metadata" in said


async def test_who_signs_out_there_signs_out_here(house: Served, saml_idp: IdentityProvider) -> None:
    known = {
        "serviceProviderId": f"{house.url}{HOME}/metadata", "nameId": "Ada-1", "sessionIndex": "s-1",
        "nameIdFormat": "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent",
        "binding": "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect",
        "serviceProviderLogoutURL": f"{house.url}{HOME}/logout", "cert": US.certificate_pem,
    }  # fmt: skip
    async with house.client() as browser:
        await _come_in(house, saml_idp, browser)
        assert (await elsewhere("PUT", f"{saml_idp.url}/_test/participants", json=[known])).status_code == 200
        begun = await elsewhere("GET", f"{saml_idp.url}/slo")
        answered = await browser.get(begun.headers["location"])
        assert "SAMLResponse" in parse_qs(urlsplit(answered.headers["location"]).query)
        assert (await elsewhere("GET", answered.headers["location"])).status_code == 200  # it verifies it
        assert (await browser.get("/thumper/users/me")).status_code == 401


async def test_an_empty_form_signs_out_here_and_there(house: Served, saml_idp: IdentityProvider) -> None:
    async with house.client() as browser:
        await _come_in(house, saml_idp, browser)
        for path in (f"{HOME}/logout", "/thumper/auth/logout"):
            crossed = await browser.post(path, data={}, headers={"sec-fetch-site": "cross-site"})
            assert "set-cookie" not in crossed.headers
            assert (await browser.get("/thumper/users/me")).status_code == 200
        left = await browser.post(f"{HOME}/logout", data={}, headers={"sec-fetch-site": "same-origin"})
        assert left.status_code == 303
        assert left.headers["location"].startswith(f"{saml_idp.url}/slo?SAMLRequest=")
        assert (await browser.get("/thumper/users/me")).status_code in (401, 403)
