"""A real SAML identity provider (samlp) that takes forms alone: a page of ours posts to it, there and back."""

import json
from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import pytest

from tests.peers.saml import ADA, Form, IdentityProvider
from tests.served import Served
from tests.sign_on.liar import is_in
from tests.sign_on.logout_house import US, come_in, elsewhere, here, logout_house
from tests.sign_on.logout_messages import in_a_form, request
from tests.sign_on.test_single_logout import logout, still_there, there

_POST = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"


@pytest.fixture
async def house(database_url: str, tmp_path: Path, saml_idp: IdentityProvider) -> AsyncIterator[Served]:
    """Where questions go by redirect, and sign-outs by form."""
    more = {"IDP_metadata": _logout_by_form(saml_idp)}
    async with logout_house(database_url, tmp_path / "data", saml_idp, **more) as house:
        yield house


def _logout_by_form(idp: IdentityProvider) -> str:
    kind = '<SingleLogoutService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-'
    return idp.metadata.replace(f"{kind}Redirect", f"{kind}POST")


async def posting(house: Served, url: str) -> tuple[Form, httpx2.Response]:
    """The page that leads on, and the form in it."""
    async with house.client() as browser:
        page = await browser.get(url)
    assert page.status_code == 200, page.text
    return Form(page.text), page


async def test_who_signs_out_here_signs_out_there_by_a_form(
    house: Served, saml_idp: IdentityProvider
) -> None:
    tokens = await come_in(house, saml_idp, "s-1")
    await there(saml_idp, house, "s-1", binding=_POST)
    url = await logout(house, tokens)
    assert url.startswith(f"{house.url}/admin/onward/op?kept=")
    form, page = await posting(house, url)
    assert form.action == f"{saml_idp.url}/slo" and {"SAMLRequest", "RelayState"} == set(form.fields)
    policy = page.headers["content-security-policy"]
    assert f"form-action 'self' https: {saml_idp.url}" in policy and "'unsafe-inline'" not in policy
    asked = await elsewhere(
        "POST", form.action, data=form.fields
    )  # it verifies our signature, name and session
    assert (asked.status_code, await still_there(saml_idp)) == (200, []), asked.text
    answer = Form(asked.text)
    assert answer.action == here(house)
    async with house.client() as browser:
        home = await browser.post("/auth/login/op/logout", data=answer.fields)
        again = await browser.post("/auth/login/op/logout", data=answer.fields)
        gone = await browser.get(url)
    assert (home.status_code, home.headers["location"]) == (303, f"{house.url}/admin/sessions")
    assert again.status_code == 401
    assert (gone.status_code, gone.headers["location"]) == (303, "/admin/login?reason=TOKEN_EXPIRED")
    assert not await is_in(house, tokens)


async def test_who_signs_out_there_is_answered_by_a_form(house: Served, saml_idp: IdentityProvider) -> None:
    tokens = await come_in(house, saml_idp, "s-1")
    await there(saml_idp, house, "s-1", binding=_POST)
    begun = Form((await elsewhere("GET", f"{saml_idp.url}/slo")).text)
    async with house.client() as browser:
        answered = await browser.post("/auth/login/op/logout", data=begun.fields)
    assert answered.status_code == 303, answered.text
    form, _ = await posting(house, answered.headers["location"])
    assert form.action == f"{saml_idp.url}/slo" and "SAMLResponse" in form.fields
    done = await elsewhere("POST", form.action, data=form.fields)  # it verifies our answer
    assert (done.status_code, await still_there(saml_idp)) == (200, []), done.text
    assert not await is_in(house, tokens)


async def test_who_signs_on_is_asked_by_a_form(
    sqlite_url: str, tmp_path: Path, saml_idp: IdentityProvider
) -> None:
    more = {"IDP_metadata": saml_idp.metadata_of_forms}
    async with logout_house(sqlite_url, tmp_path / "data", saml_idp, **more) as house:
        acs = f"{house.url}/auth/login/op/acs"
        told = {
            "recipient": acs, "destination": acs, "audience": f"{house.url}/auth/login/op/metadata",
            "nameIdentifierProbes": [], "signingCert": US.certificate_pem,
        }  # fmt: skip
        async with house.client() as browser:
            left = await browser.get("/auth/login/op")
            assert left.headers["location"].startswith(f"{house.url}/admin/onward/op?kept=")
            form = Form((await browser.get(left.headers["location"])).text)
            headers = {"x-person": json.dumps(ADA), "x-options": json.dumps(told)}
            asked = await elsewhere("POST", form.action, data=form.fields, headers=headers)
            assert asked.status_code == 200, asked.text
            answer = Form(asked.text)
            posted = await browser.post("/auth/login/op/acs", data=answer.fields)
            tokens = await browser.get(posted.headers["location"])
        assert tokens.status_code == 200, tokens.text
        tampered = form.fields["SAMLRequest"][:-40] + "A" * 36 + form.fields["SAMLRequest"][-4:]
        asked = await elsewhere(
            "POST", form.action, data={**form.fields, "SAMLRequest": tampered}, headers=headers
        )
        assert asked.status_code == 400  # so it does look at our signature


async def test_a_page_that_leads_on_is_for_one_provider_and_one_project(
    house: Served, saml_idp: IdentityProvider
) -> None:
    url = await logout(house, await come_in(house, saml_idp, "s-1"))
    async with house.client() as browser:
        assert (await browser.get(url.replace("/onward/op", "/onward/nope"))).status_code == 404
        for path in ("/admin/onward/op", "/admin/onward/op?kept=", "/admin/onward/op?kept=guessed"):
            answer = await browser.get(path)
            assert (answer.status_code, answer.headers["location"]) == (
                303,
                "/admin/login?reason=TOKEN_EXPIRED",
            )


async def test_a_relay_state_that_is_too_long_is_not_carried_back(
    house: Served, saml_idp: IdentityProvider
) -> None:
    """No signature covers that of a form."""
    tokens = await come_in(house, saml_idp, "s-1")
    form = in_a_form(request(here(house), "_1", "s-1"), saml_idp.pair)
    async with house.client() as browser:
        answer = await browser.post("/auth/login/op/logout", data={**form, "RelayState": "x" * 2001})
        assert answer.status_code == 401
        assert await is_in(house, tokens)
        hostile = '"><script>alert(1)</script>'
        answer = await browser.post("/auth/login/op/logout", data={**form, "RelayState": hostile})
        assert answer.status_code == 303
        page = await browser.get(answer.headers["location"])
    assert hostile not in page.text and Form(page.text).fields["RelayState"] == hostile
