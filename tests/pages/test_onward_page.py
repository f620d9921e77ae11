"""The page that posts to a SAML identity provider, in a real browser: by itself, and where scripts are off."""

import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.pages.chromium import Tab
from tests.pages.conftest import furnish
from tests.pages.test_pages_in_a_browser import AXE, assert_accessible, assert_fits
from tests.peers import saml
from tests.served import Served
from tests.sign_on.logout_house import logout_house
from tests.sign_on.passkeys import named

HEADING = "document.querySelector('h1').innerText"
_STAY = "HTMLFormElement.prototype.submit = function () { window.pressed = this.action }"


@pytest.fixture
def idp(tmp_path: Path) -> Iterator[saml.IdentityProvider]:
    if (reason := saml.missing()) is not None:
        pytest.skip(reason)
    home = tmp_path / "idp"
    home.mkdir()
    with saml.running(home) as idp:
        yield idp


@pytest.fixture
async def house(sqlite_url: str, tmp_path: Path, idp: saml.IdentityProvider) -> AsyncIterator[Served]:
    """At another site than the identity provider is, as browsers see it."""
    more = {"IDP_metadata": idp.metadata_of_forms, "LABEL": "University"}
    async with logout_house(sqlite_url, tmp_path / "data", idp, at=named, **more) as house:
        await furnish(house)
        yield house


async def test_a_browser_goes_there_and_comes_back_by_forms(
    house: Served, idp: saml.IdentityProvider, tab: Tab
) -> None:
    home = named(house.url)
    acs = f"{home}/auth/login/op/acs"
    told = {
        "recipient": acs, "destination": acs, "audience": f"{home}/auth/login/op/metadata",
        "nameIdentifierProbes": [],
    }  # fmt: skip
    headers = {"x-person": json.dumps(saml.ADA), "x-options": json.dumps(told)}
    await tab.tell("Network.enable")
    await tab.tell("Network.setExtraHTTPHeaders", headers=headers)
    await tab.visit(f"{home}/auth/login/op?redirect=/admin/welcome")
    await tab.becomes(HEADING, "You are signed in")
    assert tab.complaints == []


async def test_the_page_in_between_is_for_everybody(house: Served, tab: Tab) -> None:
    await tab.begin_with(_STAY)
    await tab.show_as(320, "light")
    await tab.visit(f"{named(house.url)}/auth/login/op")
    assert await tab.run(HEADING) == "Continue to University"
    assert str(await tab.run("window.pressed")).endswith("/post")
    await assert_fits(tab)
    if AXE.exists():
        await assert_accessible(tab)
    assert tab.complaints == []
