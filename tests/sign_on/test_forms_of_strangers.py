"""Forms that other sites have a browser post: strangers get no more room in the database than a departure takes."""

from pathlib import Path
from urllib.parse import urlencode

from service.database.tables import departures
from tests.peers.saml import IdentityProvider, Pair
from tests.served import Served
from tests.sign_on.assertions import issue, pack, unpack
from tests.sign_on.issuer import Issuer
from tests.sign_on.liar import house_at
from tests.sign_on.logout_house import come_in, logout_house
from tests.sign_on.passkeys import rows

_PADDING = f"<!--{'x' * 60_000}-->"
_GROWN = ("<samlp:Status>", f"{_PADDING}<samlp:Status>")


async def posted(house: Served, path: str, **fields: str) -> int:
    """Post a form; how many rows it leaves behind."""
    before = len(await rows(house, departures))
    async with house.client() as browser:
        answer = await browser.post(path, data=fields)
        assert answer.status_code == 303, answer.text
        fetched = await browser.get(answer.headers["location"])
        left = len(await rows(house, departures)) - before
        assert fetched.status_code == 401
    return left


async def kept(house: Served, path: str, **fields: str) -> int:
    before = len(await rows(house, departures))
    async with house.client() as browser:
        assert (await browser.post(path, data=fields)).status_code == 303
    return len(await rows(house, departures)) - before


async def test_a_large_form_is_kept_only_where_the_provider_has_signed_it(
    database_url: str, tmp_path: Path, saml_idp: IdentityProvider
) -> None:
    async with logout_house(database_url, tmp_path / "data", saml_idp) as house:
        acs, us = f"{house.url}/auth/login/op/acs", f"{house.url}/auth/login/op/metadata"
        large, others = (
            unpack(issue(pair, "_1", acs, us)).replace(*_GROWN) for pair in (saml_idp.pair, Pair())
        )
        path = "/auth/login/op/acs"
        for hostile in (pack(others), "A" * 80_000, "%" * 20_000, pack(f"<x>{_PADDING}</x>")):
            assert await kept(house, path, SAMLResponse=hostile) == 0
        assert await kept(house, path, RelayState="x" * 80_000) == 0
        assert await kept(house, path, **{"x" * 80_000: ""}) == 0
        assert await kept(house, path, SAMLResponse=pack(large)) == 1
        assert (
            await posted(house, path, SAMLResponse=pack(large)) == 0
        )  # it is of no departure of this browser
        assert await come_in(house, saml_idp, "s-1")
        told = await house.ask("GET", "/activity", params={"filter": '{"action":{"_eq":"refused"}}'})
        assert "op: No certificate of the identity provider fits the signature" in told.text


async def test_a_provider_that_signs_no_forms_brings_small_ones(
    sqlite_url: str, tmp_path: Path, issuer: Issuer
) -> None:
    async with house_at(sqlite_url, tmp_path / "data", issuer) as house:
        path = "/auth/login/op/callback"
        assert await kept(house, path, code="c" * 4096, state="s" * 43) == 1
        assert await kept(house, path, code="c" * 9000) == 0
        async with house.client() as browser:
            many = urlencode([(f"f{number}", "x") for number in range(17)])
            answer = await browser.post(
                path, content=many, headers={"content-type": "application/x-www-form-urlencoded"}
            )
            assert answer.status_code == 400
            answer = await browser.post(path, data={"code": "c" * 140_000})
            assert answer.status_code == 413
