"""Requests to sign somebody out that no identity provider made, or not just now, or not for us: none counts."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from service.database.tables import sessions
from tests.core.people import all_rows
from tests.peers.saml import IdentityProvider, Pair
from tests.served import Served
from tests.sign_on.assertions import at
from tests.sign_on.liar import is_in
from tests.sign_on.logout_house import come_in, here, logout_house
from tests.sign_on.logout_messages import WEAK, in_a_form, in_a_query, request

Forge = Callable[[str, Pair], str]
_SOMEBODY = "<saml:NameID>Ada-1</saml:NameID>"


@pytest.fixture
async def house(sqlite_url: str, tmp_path: Path, saml_idp: IdentityProvider) -> AsyncIterator[Served]:
    async with logout_house(sqlite_url, tmp_path / "data", saml_idp) as house:
        yield house


def changed(**changes: str) -> Forge:
    return lambda here, pair: in_a_query(request(here, "_1", "s-1", **changes), pair)


def tampered(old: str, new: str) -> Forge:
    return lambda here, pair: in_a_query(request(here, "_1", "s-1"), pair).replace(old, new)


QUERIES: dict[str, Forge] = {
    "unsigned": lambda here, _: in_a_query(request(here, "_1", "s-1"), None),
    "signed by somebody else": lambda here, _: in_a_query(request(here, "_1", "s-1"), Pair()),
    "signed weakly": lambda here, pair: in_a_query(request(here, "_1", "s-1"), pair, method=WEAK),
    "an algorithm of nobody's": tampered("SigAlg=http", "SigAlg=evil"),
    "another relay state": tampered("RelayState=there", "RelayState=elsewhere"),
    "a parameter twice": tampered("&SigAlg", "&RelayState=there&SigAlg"),
    "a parameter in other letters": tampered("SAMLRequest=", "%53AMLRequest="),
    "no base64": tampered("SAMLRequest=", "SAMLRequest=%25"),
    "as an answer": tampered("SAMLRequest=", "SAMLResponse="),
    "another issuer": changed(issuer="urn:evil"),
    "no issuer": changed(issuer=""),
    "another address": changed(here="https://evil.example/logout"),
    "another version": changed(version="1.1"),
    "issued long ago": changed(issued=at(-900)),
    "issued tomorrow": changed(issued=at(86_400)),
    "never issued": changed(issued=""),
    "expired": changed(more=f' NotOnOrAfter="{at(-90)}"'),
    "nobody": changed(name=""),
    "two people": changed(name=_SOMEBODY * 2),
    "no number": changed(id=""),
    "a document type": lambda here, pair: in_a_query(f"<!DOCTYPE x>{request(here, '_1')}", pair),
    "no XML": lambda here, pair: in_a_query("Ada, out!", pair),
    "a bomb": lambda here, pair: in_a_query(request(here, "_1") + " " * 20_000_000, pair),
    "another message": lambda here, pair: in_a_query(
        request(here, "_1").replace("LogoutRequest", "AuthnRequest"), pair
    ),
}


async def test_rule_23_a_forged_request_to_sign_out_ends_nothing(
    house: Served, saml_idp: IdentityProvider
) -> None:
    tokens = await come_in(house, saml_idp, "s-1")
    async with house.client() as browser:
        for name, forge in QUERIES.items():
            answer = await browser.get(f"{here(house)}?{forge(here(house), saml_idp.pair)}")
            assert (answer.status_code, "location" in answer.headers) == (401, False), (name, answer.text)
            assert answer.headers["cache-control"] == "no-store", name
        assert (await browser.get(here(house))).status_code == 400
        assert (await browser.get(f"{here(house)}?SAMLRequest=%ff")).status_code in (400, 401)
        assert (await browser.get("/auth/login/nope/logout?SAMLRequest=x")).status_code == 404
    assert await is_in(house, tokens)
    assert len(await house.house.database.read(all_rows, sessions)) == 1


async def test_rule_23_a_form_that_was_not_signed_as_it_stands_ends_nothing(
    house: Served, saml_idp: IdentityProvider
) -> None:
    tokens = await come_in(house, saml_idp, "s-1")
    pair, place = saml_idp.pair, here(house)
    good = in_a_form(request(place, "_1", "s-2"), pair)["SAMLRequest"]
    from tests.sign_on.assertions import pack, unpack

    signed = unpack(good)
    evil = request(place, "_9", "s-1")
    inside = evil.replace(
        "</samlp:LogoutRequest>", f"<samlp:Extensions>{signed}</samlp:Extensions></samlp:LogoutRequest>"
    )
    signature = signed[signed.index("<ds:Signature") : signed.index("</ds:Signature>") + 15]
    moved = evil.replace("</saml:Issuer>", f"</saml:Issuer>{signature}")
    same = moved.replace('ID="_9"', 'ID="_1"')
    async with house.client() as browser:
        for text in (
            evil,
            inside,
            moved,
            same,
            signed.replace(">s-2<", ">s-1<"),
            signed.replace("Ada-1", "Eve-1"),
        ):
            form = {"SAMLRequest": pack(text), "RelayState": "there"}
            answer = await browser.post("/auth/login/op/logout", data=form)
            assert (answer.status_code, "location" in answer.headers) == (401, False), answer.text
        assert (await browser.post("/auth/login/op/logout", data={"SAMLRequest": good})).status_code == 303
    assert await is_in(house, tokens)


async def test_rule_23_a_request_to_sign_out_counts_once(house: Served, saml_idp: IdentityProvider) -> None:
    query = in_a_query(request(here(house), "_1", "s-1"), saml_idp.pair)
    form = in_a_form(request(here(house), "_1", "s-1"), saml_idp.pair)
    first = await come_in(house, saml_idp, "s-1")
    async with house.client() as browser:
        assert (await browser.get(f"{here(house)}?{query}")).status_code == 302
        assert not await is_in(house, first)
        second = await come_in(house, saml_idp, "s-1")
        assert (await browser.get(f"{here(house)}?{query}")).status_code == 401
        assert (await browser.post("/auth/login/op/logout", data=form)).status_code == 401
    assert await is_in(house, second)
    told = await house.ask("GET", "/activity", params={"filter": '{"action":{"_eq":"refused"}}'})
    assert "op: The request to sign out was used before" in told.text
