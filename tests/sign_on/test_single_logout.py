"""SAML single logout with a real identity provider (samlp), begun here and begun there, by both bindings."""

from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest

from service.database.tables import activity
from tests.core.people import all_rows
from tests.peers.saml import ADA, Form, IdentityProvider, Pair
from tests.served import PASSWORD, Served
from tests.sign_on.assertions import at
from tests.sign_on.liar import is_in
from tests.sign_on.logout_house import US, come_in, elsewhere, here, logout_house
from tests.sign_on.logout_messages import in_a_query, request, response

_GRACE = {**ADA, "nameID": "Grace-1", "email": "grace@example.com"}
_REDIRECT = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"
_POST = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"


@pytest.fixture
async def house(database_url: str, tmp_path: Path, saml_idp: IdentityProvider) -> AsyncIterator[Served]:
    async with logout_house(database_url, tmp_path / "data", saml_idp) as house:
        yield house


async def there(idp: IdentityProvider, house: Served, *sessions: str, binding: str = _REDIRECT) -> None:
    """The identity provider remembers in which of its sessions we take part."""
    known = [
        {
            "serviceProviderId": f"{house.url}/auth/login/op/metadata", "nameId": "Ada-1", "sessionIndex": one,
            "nameIdFormat": "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent", "binding": binding,
            "serviceProviderLogoutURL": here(house), "cert": US.certificate_pem,
        }
        for one in sessions
    ]  # fmt: skip
    assert (await elsewhere("PUT", f"{idp.url}/_test/participants", json=known)).status_code == 200


async def still_there(idp: IdentityProvider) -> list[str]:
    told = await elsewhere("GET", f"{idp.url}/_test/participants")
    return [one["sessionIndex"] for one in told.json()]


async def logout(house: Served, tokens: dict[str, str], redirect: str = "/admin/sessions") -> str:
    body = {"refresh_token": tokens["refresh_token"], "redirect": redirect}
    answer = await house.ask("POST", "/auth/logout", body, token=None)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["data"]["redirect"])


async def back(house: Served, url: str) -> httpx2.Response:
    async with house.client() as browser:
        return await browser.get(url)


async def test_who_signs_out_here_signs_out_there_and_comes_home(
    house: Served, saml_idp: IdentityProvider
) -> None:
    first, second = await come_in(house, saml_idp, "s-1"), await come_in(house, saml_idp, "s-2")
    await there(saml_idp, house, "s-1")
    away = await logout(house, first)
    assert away.startswith(f"{saml_idp.url}/slo?SAMLRequest=")
    assert "Ada" not in away
    asked = await elsewhere("GET", away)  # it verifies our signature, name and session
    assert (asked.status_code, await still_there(saml_idp)) == (302, []), asked.text
    home = await back(house, asked.headers["location"])
    assert (home.status_code, home.headers["location"]) == (302, f"{house.url}/admin/sessions")
    assert [await is_in(house, one) for one in (first, second)] == [False, True]
    again = await back(house, asked.headers["location"])  # what was asked is answered once
    assert again.status_code == 401


@pytest.mark.parametrize("binding", [_REDIRECT, _POST])
async def test_who_signs_out_there_signs_out_here(
    house: Served, saml_idp: IdentityProvider, binding: str
) -> None:
    first, second = await come_in(house, saml_idp, "s-1"), await come_in(house, saml_idp, "s-2")
    grace = await come_in(house, saml_idp, "s-3", _GRACE)
    await there(saml_idp, house, "s-1", binding=binding)
    begun = await elsewhere("GET", f"{saml_idp.url}/slo")
    async with house.client() as browser:
        if binding == _POST:
            form = Form(begun.text)
            assert form.action == here(house)
            answered = await browser.post("/auth/login/op/logout", data=form.fields)
        else:
            answered = await browser.get(begun.headers["location"])
    assert answered.status_code == (303 if binding == _POST else 302), answered.text
    query = parse_qs(urlsplit(answered.headers["location"]).query)
    assert {"SAMLResponse", "RelayState", "SigAlg", "Signature"} == set(query)
    done = await elsewhere("GET", answered.headers["location"])  # it verifies our answer
    assert (done.status_code, await still_there(saml_idp)) == (200, []), done.text
    assert [await is_in(house, one) for one in (first, second, grace)] == [False, True, True]
    told = [row["comment"] for row in await house.house.database.read(all_rows, activity, action="refused")]
    assert told == ["op: signed out there (single logout; sessions that ended: 1)"]


async def test_sessions_that_are_named_together_end_together(
    house: Served, saml_idp: IdentityProvider
) -> None:
    """Several at once; all of a person's where none is named; nobody else's; a password's never."""
    tokens = [await come_in(house, saml_idp, f"s-{number}") for number in range(4)]
    grace = await come_in(house, saml_idp, "s-1", _GRACE)
    await house.person("eve@example.com")
    body = {"email": "eve@example.com", "password": PASSWORD}
    eve = (await house.ask("POST", "/auth/login", body, token=None)).json()["data"]
    for number, sessions, left in (
        ("_1", ("s-0", "s-1", "s-9"), [False, False, True, True]),
        ("_2", (), [False, False, False, False]),
    ):
        query = in_a_query(request(here(house), number, *sessions), saml_idp.pair)
        assert (await back(house, f"{here(house)}?{query}")).status_code == 302
        assert [await is_in(house, one) for one in tokens] == left
    assert [await is_in(house, one) for one in (grace, eve)] == [True, True]


async def test_a_session_that_began_with_a_second_factor_is_known_there_too(
    house: Served, saml_idp: IdentityProvider
) -> None:
    import time

    import pyotp

    access = (await come_in(house, saml_idp, "s-1"))["access_token"]
    made = (await house.ask("POST", "/users/me/tfa/generate", {}, token=access)).json()["data"]["secret"]
    enable = {"secret": made, "otp": pyotp.TOTP(made).now()}
    assert (await house.ask("POST", "/users/me/tfa/enable", enable, token=access)).status_code == 204
    acs = f"{house.url}/auth/login/op/acs"
    async with house.client() as browser:
        sent = await browser.get("/auth/login/op")
        told = {"recipient": acs, "destination": acs, "sessionIndex": "s-2"}
        form = saml_idp.answer(sent.headers["location"], **told)
        landed = await browser.post("/auth/login/op/acs", data=form.fields)
        assert (await browser.get(landed.headers["location"])).status_code == 401
        body = {"otp": pyotp.TOTP(made).at(int(time.time()) + 30)}
        tokens = (await browser.post("/auth/login/op/otp", json=body)).json()["data"]
    await there(saml_idp, house, "s-2")
    asked = await elsewhere("GET", await logout(house, tokens))
    assert (await back(house, asked.headers["location"])).headers["location"] == f"{house.url}/admin/sessions"


async def test_a_form_of_our_own_signs_out_here_and_there(house: Served, saml_idp: IdentityProvider) -> None:
    """The documented POST: the cookie says whose session it is; another site's form does nothing."""
    tokens = await come_in(house, saml_idp, "s-1")
    cookie = {"cookie": f"directus_refresh_token={tokens['refresh_token']}"}
    path = "/auth/login/op/logout"
    crossed = {**cookie, "sec-fetch-site": "cross-site"}
    assert (await house.ask("POST", path, token=None, headers=crossed)).status_code == 403
    assert (await house.ask("POST", path, token=None)).status_code == 400
    assert await is_in(house, tokens)
    left = await house.ask("POST", path, token=None, headers=cookie)
    assert (left.status_code, left.headers["location"].partition("?")[0]) == (303, f"{saml_idp.url}/slo")
    assert "Max-Age=0" in left.headers["set-cookie"]
    assert not await is_in(house, tokens)


async def test_what_comes_back_is_believed_only_from_the_provider(
    house: Served, saml_idp: IdentityProvider
) -> None:
    """Whatever it says, they are signed out here; that it is over there as well takes its signed word."""
    for changes, pair in (
        ({"status": "Responder"}, saml_idp.pair), ({}, Pair()), ({}, None), ({"answers": "_other"}, saml_idp.pair),
        ({"issuer": "urn:evil"}, saml_idp.pair), ({"here": "https://evil.example/"}, saml_idp.pair),
        ({"issued": at(-900)}, saml_idp.pair),
    ):  # fmt: skip
        tokens = await come_in(house, saml_idp, "s-1")
        query = parse_qs(urlsplit(await logout(house, tokens)).query)
        said = response(here(house), number_of(query["SAMLRequest"][0]), **changes)
        answer = in_a_query(said, pair, query["RelayState"][0], "SAMLResponse")
        home = await back(house, f"{here(house)}?{answer}")
        assert home.headers["location"] == f"{house.url}/admin/login?reason=SIGNED_OUT_HERE", changes
        assert not await is_in(house, tokens)
    page = await house.ask("GET", "/admin/login?reason=SIGNED_OUT_HERE", token=None)
    assert "You are signed out here." in page.text
    told = await house.ask("GET", "/activity", params={"filter": '{"action":{"_eq":"refused"}}'})
    assert "op: The identity provider said Responder" in told.text


async def test_without_a_key_of_ours_sign_outs_do_not_travel(
    sqlite_url: str, tmp_path: Path, saml_idp: IdentityProvider
) -> None:
    more = {"SP_PRIVATE_KEY": "", "SP_CERTIFICATE": ""}
    async with logout_house(sqlite_url, tmp_path / "data", saml_idp, **more) as house:
        tokens = await come_in(house, saml_idp, "s-1")
        said = await house.ask("GET", "/auth/login/op/metadata", token=None)
        assert "SingleLogoutService" not in said.text
        query = in_a_query(request(here(house), "_1", "s-1"), saml_idp.pair)
        assert (await back(house, f"{here(house)}?{query}")).status_code == 503
        assert await is_in(house, tokens)
        assert await logout(house, tokens) == f"{house.url}/admin/sessions"


async def test_our_metadata_shows_where_sign_outs_go(house: Served) -> None:
    said = (await house.ask("GET", "/auth/login/op/metadata", token=None)).text
    for binding in (_REDIRECT, _POST):
        assert f'SingleLogoutService Binding="{binding}" Location="{here(house)}"' in said
    assert said.index("SingleLogoutService") < said.index("AssertionConsumerService")  # the schema's order


def number_of(packed: str) -> str:
    """The ID of a message in a query."""
    import zlib
    from base64 import b64decode

    text = zlib.decompress(b64decode(packed), -15).decode()
    return text.partition(' ID="')[2].partition('"')[0]
