"""Asking for a new letter with an old link, and pages in the language of the browser."""

from sqlalchemy import select

from service.database.tables import letters
from service.users import letterheads, model
from tests.pages.chromium import Tab
from tests.pages.invited import PATH, Page, everything, expire, invite, newest, send
from tests.served import Served


async def _again(house: Served, token: str, path: str = f"{PATH}/again") -> Page:
    form = {"content-type": "application/x-www-form-urlencoded"}
    answer = await house.ask("POST", path, token=None, headers=form, content=f"token={token}")
    return Page(answer)


async def _owed(house: Served) -> int:
    return len(await house.house.database.read(lambda tx: tx.rows(select(letters.c.id))))


async def test_an_expired_invitation_brings_a_new_letter_once_asked_for(house: Served) -> None:
    older = await expire(house, await invite(house))
    page = await _again(house, older.token)
    assert (page.status, page.heading) == (200, "Look into your mailbox")
    newer = await newest(house, older.email)
    assert newer.id != older.id
    assert (await send(house, newer.token)).status_code == 303


async def test_the_page_says_the_same_whatever_has_become_of_it(house: Served) -> None:
    used = await invite(house, "used@example.com")
    await send(house, used.token)
    gone = await expire(house, await invite(house, "gone@example.com"))
    await house.ask("DELETE", f"/users/{gone.user}")
    open_ = await invite(house, "open@example.com")
    expired = await expire(house, await invite(house, "late@example.com"))
    before = await _owed(house)
    texts = {(await _again(house, one.token)).text.partition("Analytical")[0] for one in (used, gone, open_)}
    assert await _owed(house) == before
    texts.add((await _again(house, expired.token)).text.partition("Analytical")[0])
    assert await _owed(house) == before + 1
    assert len(texts) == 1


async def test_a_forged_token_asks_for_nothing(house: Served) -> None:
    before = await everything(house)
    for path in (f"{PATH}/again", "/admin/reset-password/again"):
        assert (await _again(house, "x", path)).status == 400
    assert await everything(house) == before


async def test_a_mailbox_is_not_flooded(small_house: Served) -> None:
    invited = await expire(small_house, await invite(small_house))
    for _ in range(12):
        await _again(small_house, invited.token)
        await expire(small_house, await newest(small_house, invited.email))
    assert await _owed(small_house) <= 12


async def test_a_page_speaks_the_browsers_language(small_house: Served) -> None:
    invited = await invite(small_house)
    for wanted, language, words in (
        ("de-AT,de;q=0.9,en;q=0.5", "de", "Passwort"),
        ("tlh, fr;q=0.4, es;q=0.8", "es", "contraseña"),
        ("en;q=0.1, nl;q=0", "en", "password"),
        ("x" * 5000, "en", "password"),
        ("de;q=abc", "en", "password"),
    ):
        headers = {"accept-language": wanted}
        answer = await small_house.ask("GET", f"{PATH}?token={invited.token}", token=None, headers=headers)
        page = Page(answer)
        assert [given for tag, given in page.tags if tag == "html"] == [{"lang": language, "dir": "ltr"}]
        assert words in page.text
        assert answer.headers["content-language"] == language


async def test_a_page_wears_the_projects_colour_under_the_same_strict_policy(
    small_house: Served, tab: Tab
) -> None:
    changes = letterheads.taken({"colour": "#0a7d5a", "title": "Harbour Lane"})
    await small_house.house.database.write(letterheads.change, model.house("default"), changes)
    invited = await invite(small_house)
    await tab.show_as(900, "light")
    await tab.visit(f"{small_house.url}{PATH}?token={invited.token}")
    assert await tab.run("getComputedStyle(document.querySelector('button')).backgroundColor") == (
        "rgb(10, 125, 90)"
    )
    assert tab.complaints == []
