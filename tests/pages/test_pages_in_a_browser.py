"""The pages as a browser shows them: narrow and wide, light and dark, by keyboard, and by the rules of WCAG 2.2."""

import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from pyotp import TOTP

from tests.languages.factors import code
from tests.pages.chromium import Scheme, Tab
from tests.pages.invited import GOOD, PATH, can_sign_in, expire, invite, name_project, send
from tests.pages.test_reset_password_page import asked
from tests.peers.node import PEERS
from tests.served import PASSWORD, Served

AXE = PEERS / "node_modules" / "axe-core" / "axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
LONG = "Wolfeschlegelsteinhausenbergerdorff" * 2

Visit = Callable[[Served, Tab], Awaitable[None]]


async def _form(house: Served, tab: Tab) -> None:
    await name_project(house, LONG)
    invited = await invite(house, f"{'w' * 60}@{'x' * 55}.example")
    await house.ask("PATCH", f"/users/{house.admin}", {"first_name": LONG[:50]})
    await tab.visit(f"{house.url}{PATH}?token={invited.token}")


async def _refused(house: Served, tab: Tab) -> None:
    await _form(house, tab)
    await tab.fill("#password", "password123")


async def _done(house: Served, tab: Tab) -> None:
    answer = await send(house, (await invite(house)).token)
    await tab.visit(f"{house.url}{answer.headers['location']}")


async def _used(house: Served, tab: Tab) -> None:
    invited = await invite(house, f"{'w' * 60}@{'x' * 55}.example")
    await send(house, invited.token)
    await tab.visit(f"{house.url}{PATH}?token={invited.token}")


async def _expired(house: Served, tab: Tab) -> None:
    invited = await expire(house, await invite(house))
    await tab.visit(f"{house.url}{PATH}?token={invited.token}")


async def _sent_again(house: Served, tab: Tab) -> None:
    await _expired(house, tab)
    await tab.focus("button")
    await tab.press("Enter", leaves=True)
    assert await tab.run("document.querySelector('h1').innerText") == "Look into your mailbox"


async def _new_password(house: Served, tab: Tab) -> None:
    await name_project(house, LONG)
    await house.person("grace@example.com")
    await tab.visit(f"{house.url}/admin/reset-password?token={await asked(house)}")
    assert await tab.run("document.querySelector('h1').innerText") == "Choose a new password"


async def _german(house: Served, tab: Tab) -> None:
    await tab.tell("Network.enable")
    await tab.tell("Network.setExtraHTTPHeaders", headers={"accept-language": "de"})
    await _form(house, tab)
    assert await tab.run("document.documentElement.lang") == "de"


async def _login(house: Served, tab: Tab) -> None:
    await tab.visit(f"{house.url}/admin/login")


async def _login_failed(house: Served, tab: Tab) -> None:
    await tab.visit(f"{house.url}/admin/login?reason=INVALID_CREDENTIALS")


async def _login_refused(house: Served, tab: Tab) -> None:
    await _login(house, tab)
    await tab.fill("#email", "ada@example.com", "wrong")


async def _code(house: Served, tab: Tab) -> str:
    """The page after the right password of somebody with a second factor; gives the secret."""
    _, token = await house.person("ada@example.com")
    made = await house.ask("POST", "/users/me/tfa/generate", {"password": PASSWORD}, token=token)
    secret = str(made.json()["data"]["secret"])
    enable = {"secret": secret, "otp": TOTP(secret).now()}
    assert (await house.ask("POST", "/users/me/tfa/enable", enable, token=token)).status_code == 204
    await _login(house, tab)
    await tab.fill("#email", "ada@example.com", PASSWORD)
    return secret


async def _code_page(house: Served, tab: Tab) -> None:
    await _code(house, tab)


async def _code_refused(house: Served, tab: Tab) -> None:
    await _code(house, tab)
    await tab.fill("#otp", "123456")


async def _sessions(house: Served, tab: Tab) -> None:
    await house.person("ada@example.com")
    body = {"email": "ada@example.com", "password": PASSWORD}
    assert (await house.ask("POST", "/auth/login", body, token=None)).status_code == 200
    await _login(house, tab)
    await tab.fill("#email", "ada@example.com", PASSWORD)
    await tab.visit(f"{house.url}/admin/sessions")
    assert await tab.run("document.querySelectorAll('[name=session]').length") == 2


async def _account(house: Served, tab: Tab) -> None:
    await _sessions(house, tab)
    await tab.visit(f"{house.url}/admin/account")
    assert await tab.run("document.querySelectorAll('[name=link]').length") == 2


async def _account_refused(house: Served, tab: Tab) -> None:
    await _account(house, tab)
    await tab.fill("#password", "not the password")
    assert "The password is not right" in await tab.run("document.querySelector('#wrong').innerText")


async def _remove_way(house: Served, tab: Tab) -> None:
    await _way_added(house, tab)
    await tab.focus("[name=unlink]")
    await tab.press("Enter", leaves=True)
    assert await tab.run("document.querySelector('h1').innerText") == "Remove this way to sign in?"


async def _remove_way_refused(house: Served, tab: Tab) -> None:
    await _remove_way(house, tab)
    await tab.fill("#password", "not the password")
    await tab.becomes("document.activeElement.id", "password")


async def _add_way(house: Served, tab: Tab) -> None:
    await _account(house, tab)
    await tab.focus("#password")
    await tab.type(PASSWORD)
    await tab.press("Tab")
    await tab.press("Enter", leaves=True)
    assert await tab.run("document.querySelector('h1').innerText") == "Add A Friend"


async def _way_added(house: Served, tab: Tab) -> None:
    await _add_way(house, tab)
    await tab.focus("a.button")
    await tab.press("Enter", leaves=True)
    assert "It was added" in await tab.run("document.querySelector('.good').innerText")


async def _password(house: Served, tab: Tab) -> None:
    await _sessions(house, tab)
    await tab.visit(f"{house.url}/admin/password")
    assert await tab.run("document.querySelector('h1').innerText") == "Change your password"


async def _password_refused(house: Served, tab: Tab) -> None:
    await _password(house, tab)
    await tab.fill("#password", PASSWORD, "password123")
    await tab.becomes("document.activeElement.id", "chosen")


async def _password_wrong(house: Served, tab: Tab) -> None:
    await _password(house, tab)
    await tab.fill("#password", "not the password", GOOD)
    await tab.becomes("document.activeElement.id", "password")


async def _password_changed(house: Served, tab: Tab) -> None:
    await _password(house, tab)
    await tab.fill("#password", PASSWORD, GOOD)
    assert "Your password was changed" in await tab.run("document.querySelector('.good').innerText")


async def _protected(house: Served, tab: Tab) -> str:
    """Who is signed in by the code of their app; gives its secret."""
    secret = await _code(house, tab)
    await tab.fill("#otp", TOTP(secret).at(int(time.time()) + 30))
    return secret


async def _factor_on(house: Served, tab: Tab) -> None:
    await _protected(house, tab)
    await _factor(house, tab)
    assert await tab.run("document.querySelector('h2').innerText") == "Take the app off"


async def _factor_off_refused(house: Served, tab: Tab) -> None:
    await _factor_on(house, tab)
    await tab.fill("#otp", "123456")
    await tab.becomes("document.activeElement.id", "otp")


async def _account_protected(house: Served, tab: Tab) -> None:
    await _protected(house, tab)
    await tab.visit(f"{house.url}/admin/account")


async def _recovery_codes(house: Served, tab: Tab) -> None:
    await _protected(house, tab)
    await tab.visit(f"{house.url}/admin/recovery-codes")


async def _recovery_codes_refused(house: Served, tab: Tab) -> None:
    await _recovery_codes(house, tab)
    await tab.fill("#password", "not the password")
    await tab.becomes("document.activeElement.id", "password")


async def _recovery_codes_new(house: Served, tab: Tab) -> None:
    await _recovery_codes(house, tab)
    await tab.fill("#password", PASSWORD)
    assert await tab.run("document.querySelectorAll('.codes li').length") == 10


async def _signed_out(house: Served, tab: Tab) -> None:
    await _sessions(house, tab)
    await tab.run("document.querySelector('.tag').closest('li').querySelector('button').focus()")
    await tab.press("Enter", leaves=True)
    assert await tab.run("document.querySelector('h1').innerText") == "You are signed out"


async def _forgotten(house: Served, tab: Tab) -> None:
    await tab.visit(f"{house.url}/admin/forgotten-password")


async def _forgotten_refused(house: Served, tab: Tab) -> None:
    await _forgotten(house, tab)
    await tab.run("document.querySelector('#email').type = 'text'")  # an old browser's
    await tab.fill("#email", "grace")


async def _forgotten_sent(house: Served, tab: Tab) -> None:
    await _forgotten(house, tab)
    await tab.fill("#email", "grace@example.com")


async def _front(house: Served, tab: Tab) -> None:
    await tab.visit(f"{house.url}/admin")


async def _factor(house: Served, tab: Tab) -> None:
    await tab.visit(f"{house.url}/admin/tfa-setup")


async def _factor_refused(house: Served, tab: Tab) -> None:
    await _factor(house, tab)
    await tab.fill("#email", "eve@example.com", "not the password")


async def _factor_here(house: Served, tab: Tab) -> None:
    await _sessions(house, tab)
    await _factor(house, tab)
    assert not await tab.run("document.querySelector('#email')")


async def _factor_here_refused(house: Served, tab: Tab) -> None:
    await _factor_here(house, tab)
    await tab.fill("#password", "not the password")
    await tab.becomes("document.activeElement.id", "password")


async def _factor_picture(house: Served, tab: Tab) -> None:
    await name_project(house, LONG)
    email = f"{'w' * 60}@{'x' * 55}.example"
    await house.person(email)
    await _factor(house, tab)
    await tab.fill("#email", email, PASSWORD)
    await tab.run("document.querySelector('details').open = true")


async def _factor_codes(house: Served, tab: Tab) -> None:
    await _factor_picture(house, tab)
    secret = await tab.run("document.querySelector('[name=secret]').value")
    await tab.fill("#otp", code(secret))
    assert await tab.run("document.querySelector('h1').innerText") == "Two-factor authentication is on"


PAGES: dict[str, Visit] = {
    "form": _form,
    "refused": _refused,
    "done": _done,
    "used": _used,
    "expired": _expired,
    "sent again": _sent_again,
    "new password": _new_password,
    "in German": _german,
    "login": _login,
    "login failed": _login_failed,
    "login refused": _login_refused,
    "code": _code_page,
    "code refused": _code_refused,
    "sessions": _sessions,
    "account": _account,
    "account refused": _account_refused,
    "adding a way in": _add_way,
    "way in added": _way_added,
    "removing a way in": _remove_way,
    "removing refused": _remove_way_refused,
    "password": _password,
    "password refused": _password_refused,
    "password wrong": _password_wrong,
    "password changed": _password_changed,
    "second factor on": _factor_on,
    "taking the app off refused": _factor_off_refused,
    "account with an app": _account_protected,
    "recovery codes": _recovery_codes,
    "recovery codes refused": _recovery_codes_refused,
    "new recovery codes": _recovery_codes_new,
    "signed out": _signed_out,
    "forgotten password": _forgotten,
    "forgotten password refused": _forgotten_refused,
    "forgotten password sent": _forgotten_sent,
    "front": _front,
    "second factor": _factor,
    "second factor refused": _factor_refused,
    "second factor here": _factor_here,
    "second factor here refused": _factor_here_refused,
    "second factor picture": _factor_picture,
    "second factor codes": _factor_codes,
}


@pytest.mark.parametrize("name", PAGES)
async def test_nothing_sticks_out_of_a_narrow_screen_and_all_can_be_hit(
    small_house: Served, tab: Tab, name: str
) -> None:
    await tab.show_as(320, "light")
    await PAGES[name](small_house, tab)
    await assert_fits(tab)
    assert tab.complaints == []


async def assert_fits(tab: Tab) -> None:
    """That a screen of 320 pixels holds the page, and fingers can hit all of it."""
    assert await tab.run("innerWidth") == 320
    assert await tab.run("document.documentElement.scrollWidth") <= 320
    wide = (
        "[...document.querySelectorAll('body *')].filter(e => e.getBoundingClientRect().right > 320).length"
    )
    assert await tab.run(wide) == 0
    small = """[...document.querySelectorAll('a, button, input')]
        .map(e => [e.outerHTML, e.getBoundingClientRect()])
        .filter(([_, box]) => box.width && (box.height < 24 || box.width < 24)).map(([tag]) => tag)"""
    assert await tab.run(small) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", PAGES)
async def test_the_rules_of_accessibility_are_kept(
    small_house: Served, tab: Tab, name: str, scheme: Scheme
) -> None:
    if not AXE.exists():
        pytest.skip("the npm peers are not installed (make setup-test)")
    await tab.show_as(900, scheme)
    await PAGES[name](small_house, tab)
    assert await tab.run(f"matchMedia('(prefers-color-scheme: {scheme})').matches")
    await assert_accessible(tab)


async def assert_accessible(tab: Tab) -> None:
    """That axe finds nothing against the rules of WCAG, and is sure of it."""
    await tab.run(_script(AXE))
    found = await tab.run(
        f"axe.run({{runOnly: {RULES}}}).then(said => ({{passes: said.passes.length,"
        " violations: said.violations.map(rule => [rule.id, rule.nodes.map(node => node.html)]),"
        " unsure: said.incomplete.map(rule => [rule.id, rule.nodes.map(node => node.html)])}))"
    )
    assert found["violations"] == []
    assert found["unsure"] == []
    assert found["passes"] > 15


def _script(path: Path) -> str:
    return f"{path.read_text('utf-8')}; undefined"


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_the_style_is_applied(small_house: Served, tab: Tab, scheme: Scheme) -> None:
    await tab.show_as(900, scheme)
    await _front(small_house, tab)
    ground = {"light": "rgb(238, 240, 245)", "dark": "rgb(15, 17, 23)"}[scheme]
    assert await tab.run("getComputedStyle(document.body).backgroundColor") == ground


async def test_an_account_is_opened_with_the_keyboard_alone(small_house: Served, tab: Tab) -> None:
    invited = await invite(small_house)
    await tab.show_as(900, "light")
    await tab.visit(f"{small_house.url}{PATH}?token={invited.token}")
    focused = "document.activeElement.id || document.activeElement.tagName"
    assert await tab.run(focused) == "BODY"
    await tab.press("Tab")
    assert await tab.run(focused) == "password"
    outline = "getComputedStyle(document.activeElement).outlineStyle"
    assert await tab.run(outline) == "solid"
    await tab.type("password123")
    await tab.press("Enter", leaves=True)
    assert (await tab.run("document.title")).startswith("Error: ")
    assert await tab.run(focused) == "password"
    assert await tab.run("document.activeElement.value") == ""
    await tab.type(GOOD)
    await tab.press("Tab")
    assert await tab.run(focused) == "BUTTON"
    assert await tab.run(outline) == "solid"
    await tab.press("Enter", leaves=True)
    assert await tab.run("document.querySelector('h1').innerText") == "Your account is open"
    assert tab.complaints == []
    assert await can_sign_in(small_house, invited.email, GOOD)


async def test_a_person_signs_in_with_the_keyboard_alone(small_house: Served, tab: Tab) -> None:
    await tab.show_as(900, "light")
    secret = await _code(small_house, tab)
    assert await tab.run("document.querySelector('h1').innerText") == "One more step"
    await tab.becomes("document.activeElement.id", "otp")
    await tab.type("123456")
    await tab.press("Enter", leaves=True)
    assert (await tab.run("document.title")).startswith("Error: ")
    await tab.becomes("document.activeElement.id", "otp")
    await tab.type(TOTP(secret).at(int(time.time()) + 30))
    await tab.press("Tab")
    assert await tab.run("document.activeElement.tagName") == "BUTTON"
    await tab.press("Enter", leaves=True)
    assert await tab.run("document.querySelector('h1').innerText") == "You are signed in"
    assert tab.complaints == []


async def test_a_password_is_changed_with_the_keyboard_alone(small_house: Served, tab: Tab) -> None:
    await tab.show_as(900, "light")
    await _sessions(small_house, tab)
    await tab.visit(f"{small_house.url}/admin/account")
    focused = "document.activeElement.id || document.activeElement.innerText"
    await tab.press("Tab")
    assert await tab.run(focused) == "Change your password"
    await tab.press("Enter", leaves=True)
    for expected, typed in (("password", PASSWORD), ("chosen", GOOD), ("Set the password", "")):
        await tab.press("Tab")
        assert await tab.run(focused) == expected
        assert await tab.run("getComputedStyle(document.activeElement).outlineStyle") == "solid"
        await tab.type(typed)
    await tab.press("Enter", leaves=True)
    assert "Your password was changed" in await tab.run("document.querySelector('[role=status]').innerText")
    assert tab.complaints == []
    assert await can_sign_in(small_house, "ada@example.com", GOOD)


async def test_the_browser_itself_asks_for_a_password_that_is_long_enough(
    small_house: Served, tab: Tab
) -> None:
    invited = await invite(small_house)
    await tab.visit(f"{small_house.url}{PATH}?token={invited.token}")
    assert await tab.run("document.forms[0].checkValidity()") is False
    await tab.press("Tab")
    await tab.type("seven77")
    assert await tab.run("document.forms[0].checkValidity()") is False
    await tab.type("8")
    assert await tab.run("document.forms[0].checkValidity()") is True


async def test_a_form_on_another_site_opens_no_account(small_house: Served, tab: Tab, tmp_path: Path) -> None:
    invited = await invite(small_house)
    page = tmp_path / "elsewhere.html"
    page.write_text(
        f'<form method="post" action="{small_house.url}{PATH}"><input name="token" value="{invited.token}">'
        f'<input name="password" value="{GOOD}"><button>Win</button></form>'
    )
    await tab.visit(page.as_uri())
    await tab.focus("button")
    await tab.press("Enter", leaves=True)
    assert await tab.run("document.querySelector('h1').innerText") == "Nothing was changed"
    assert not await can_sign_in(small_house, invited.email, GOOD)


async def test_the_link_in_a_letter_works_from_another_site(
    small_house: Served, tab: Tab, tmp_path: Path
) -> None:
    invited = await invite(small_house)
    mailbox = tmp_path / "mailbox.html"
    mailbox.write_text(f'<a href="{small_house.url}{PATH}?token={invited.token}">Choose your password</a>')
    await tab.visit(mailbox.as_uri())
    await tab.focus("a")
    await tab.press("Enter", leaves=True)
    assert "has invited you" in await tab.run("document.querySelector('h1').innerText")
