"""Passkeys in a real browser, whose authenticator is a virtual one: made, used alone and beside a password."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.pages.chromium import Scheme, Tab
from tests.pages.conftest import furnish
from tests.pages.test_pages_in_a_browser import AXE, assert_accessible, assert_fits
from tests.served import PASSWORD, Served
from tests.sign_on.passkeys import house_at_a_name, named

EMAIL = "ada@example.com"
HEADING = "document.querySelector('h1').innerText"
FOCUSED = "document.activeElement.name || document.activeElement.innerText"
VIRTUAL = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


@pytest.fixture
async def named_house(sqlite_url: str, tmp_path: Path) -> AsyncIterator[Served]:
    async with house_at_a_name(sqlite_url, tmp_path / "data") as house:
        await furnish(house)
        yield house


@pytest.fixture
async def device(tab: Tab) -> str:
    """The browser's own authenticator; its number."""
    await tab.tell("WebAuthn.enable")
    return str((await tab.tell("WebAuthn.addVirtualAuthenticator", options=VIRTUAL))["authenticatorId"])


async def visit(house: Served, tab: Tab, path: str) -> None:
    await tab.visit(f"{named(house.url)}{path}")


async def by_password(house: Served, tab: Tab, within: str = "") -> None:
    await visit(house, tab, f"{within}/admin/login")
    await tab.fill("#email", EMAIL, PASSWORD)


async def begin(house: Served, tab: Tab, within: str = "") -> None:
    """Ada has signed in, given her password again, and is about to make a passkey."""
    await house.person(EMAIL)
    await by_password(house, tab, within)
    await visit(house, tab, f"{within}/admin/passkeys")
    await tab.fill("#password", PASSWORD)
    assert await tab.run(HEADING) == "Add a passkey"


async def make(house: Served, tab: Tab, within: str = "") -> None:
    await begin(house, tab, within)
    await tab.focus("#name")
    await tab.run("document.querySelector('#name').select()")
    await tab.type("Desk")
    await tab.press("Enter", leaves=True)
    assert await tab.run(HEADING) == "Your passkey is ready"


async def out(tab: Tab) -> None:
    """The person is signed out, in this browser."""
    await tab.tell("Network.clearBrowserCookies")


async def offer_nothing(tab: Tab) -> None:
    """A browser that does not offer passkeys where an address is typed; a virtual one would take at once."""
    await tab.begin_with("PublicKeyCredential.isConditionalMediationAvailable = async () => false")


@pytest.mark.parametrize("within", ["", "/default"])  # a project's own pages
async def test_a_passkey_is_made_with_the_keyboard_and_signs_in_by_itself(
    named_house: Served, tab: Tab, device: str, within: str
) -> None:
    await offer_nothing(tab)
    await make(named_house, tab, within)
    assert await tab.run("document.querySelectorAll('.codes li').length") == 10
    await visit(named_house, tab, f"{within}/admin/passkeys")
    assert await tab.run("document.querySelector('[name=name]').value") == "Desk"
    await out(tab)
    await visit(named_house, tab, f"{within}/admin/login")
    await tab.press("Tab")
    assert await tab.run(FOCUSED) == "Sign in with a passkey"
    await tab.press("Enter", leaves=True)
    assert await tab.run(HEADING) == "You are signed in"
    await visit(named_house, tab, f"{within}/admin/sessions")
    assert "Passkey" in await tab.run("document.querySelector('.devices').innerText")
    (kept,) = (await tab.tell("WebAuthn.getCredentials", authenticatorId=device))["credentials"]
    assert kept["isResidentCredential"] and kept["rpId"] == "localhost"
    assert tab.complaints == []


async def test_a_passkey_is_offered_where_the_address_is_typed(
    named_house: Served, tab: Tab, device: str
) -> None:
    await make(named_house, tab)
    await out(tab)
    await visit(named_house, tab, "/admin/login")
    await tab.becomes(HEADING, "You are signed in")
    assert device and tab.complaints == []


async def test_beside_a_password_a_passkey_is_asked_for(named_house: Served, tab: Tab, device: str) -> None:
    await offer_nothing(tab)
    await make(named_house, tab)
    await out(tab)
    await by_password(named_house, tab)
    assert await tab.run(HEADING) == "One more step"
    await tab.tell("WebAuthn.setUserVerified", authenticatorId=device, isUserVerified=False)
    await tab.press("Tab")
    assert await tab.run(FOCUSED) == "Use your passkey"
    await tab.press("Enter")
    await tab.becomes("document.querySelector('[role=alert]').innerText.split('.')[0]", "No passkey was used")
    await tab.tell("WebAuthn.setUserVerified", authenticatorId=device, isUserVerified=True)
    await tab.press("Enter", leaves=True)
    assert await tab.run(HEADING) == "You are signed in"
    assert tab.complaints == []


async def test_what_was_removed_signs_in_no_more_and_is_said_so(
    named_house: Served, tab: Tab, device: str
) -> None:
    await offer_nothing(tab)
    await make(named_house, tab)
    await visit(named_house, tab, "/admin/passkeys")
    await tab.focus("[name=name]")
    await tab.run("document.querySelector('[name=name]').select()")
    await tab.type("Old desk")
    await tab.press("Enter", leaves=True)
    await tab.focus("[value=remove]")
    await tab.press("Enter", leaves=True)
    assert await tab.run(HEADING) == "Remove this passkey?"
    assert "Old desk" in await tab.run("document.querySelector('main').innerText")
    for password, heading in (("wrong", "Remove this passkey?"), (PASSWORD, "Your passkeys")):
        await tab.fill("#password", password)
        assert await tab.run(HEADING) == heading
    assert "You have none yet." in await tab.run("document.querySelector('main').innerText")
    await out(tab)
    await visit(named_house, tab, "/admin/login")
    await tab.press("Tab")
    await tab.press("Enter", leaves=True)
    assert "This passkey was not accepted" in await tab.run(
        "document.querySelector('[role=alert]').innerText"
    )
    assert device and tab.complaints == []


async def test_a_device_that_has_one_makes_no_second(named_house: Served, tab: Tab, device: str) -> None:
    await make(named_house, tab)
    await visit(named_house, tab, "/admin/passkeys")
    await tab.fill("#password", PASSWORD)
    await tab.focus("#name")
    await tab.press("Enter")
    await tab.becomes(
        "document.querySelector('[role=alert]').innerText", "This device has a passkey of yours already."
    )
    assert device


async def test_without_a_script_the_pages_do_all_but_make_one(named_house: Served, tab: Tab) -> None:
    await begin(named_house, tab)
    await tab.tell("Emulation.setScriptExecutionDisabled", value=True)
    for path, shown in (("/admin/login", "Password"), ("/admin/passkeys", "Add a passkey")):
        await visit(named_house, tab, path)
        told = await tab.tell("Accessibility.getFullAXTree")
        names = [node["name"]["value"] for node in told["nodes"] if "name" in node]
        assert shown in names
        assert "Sign in with a passkey" not in names
        assert "or with a password" not in names


async def _making(house: Served, tab: Tab) -> None:
    await begin(house, tab)


async def _codes(house: Served, tab: Tab) -> None:
    await make(house, tab)


async def _listed(house: Served, tab: Tab) -> None:
    await make(house, tab)
    await visit(house, tab, "/admin/passkeys")


async def _removing(house: Served, tab: Tab) -> None:
    await _listed(house, tab)
    await tab.focus("[value=remove]")
    await tab.press("Enter", leaves=True)


async def _login(house: Served, tab: Tab) -> None:
    await visit(house, tab, "/admin/login")


async def _code(house: Served, tab: Tab) -> None:
    await make(house, tab)
    await out(tab)
    await by_password(house, tab)


PAGES = {
    "login": _login,
    "code": _code,
    "making": _making,
    "codes": _codes,
    "listed": _listed,
    "removing": _removing,
}


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", PAGES)
async def test_each_page_fits_and_keeps_the_rules_of_accessibility(
    named_house: Served, tab: Tab, device: str, name: str, scheme: Scheme
) -> None:
    if not AXE.exists():
        pytest.skip("the npm peers are not installed (make setup-test)")
    await offer_nothing(tab)
    await tab.show_as(320, scheme)
    await PAGES[name](named_house, tab)
    await assert_fits(tab)
    await assert_accessible(tab)
    assert len(await tab.run("document.documentElement.outerHTML")) < 24_576
    assert device and tab.complaints == []


async def test_its_button_is_as_wide_as_every_other_way_in(named_house: Served, tab: Tab) -> None:
    await tab.show_as(900, "light")
    await visit(named_house, tab, "/admin/login")
    wide = "[...document.querySelectorAll('form.passkey button, #password')].map(one => one.offsetWidth)"
    button, field = await tab.run(wide)
    assert button == field > 0
