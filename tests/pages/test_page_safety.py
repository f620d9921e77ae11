"""What keeps the pages safe: their headers, where a form may come from, how large it may be, what fails."""

import asyncio
import base64
import hashlib
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg
import httpx2
import pytest

from tests.languages.factors import protect
from tests.pages.invited import PATH, Page, everything, invite, look, post, send
from tests.pages.test_sessions_page import enter
from tests.postgresql import PostgreSQL
from tests.served import Served, served

OWN = ("account", "forgotten-password", "password", "recovery-codes", "sessions", "tfa-setup", "welcome")
FORM = {"content-type": "application/x-www-form-urlencoded"}


async def _every_page(house: Served) -> list[httpx2.Response]:
    invited = await invite(house)
    good = invited.token
    pages = [
        await house.ask("GET", path, token=None) for path in ("/admin", "/admin/login", "/admin/nowhere")
    ]
    pages += [await look(house, good), await look(house, "x"), await send(house, good, "short")]
    pages += [await send(house, good, origin="https://evil.example")]
    done = await send(house, good)
    pages += [await house.ask("GET", done.headers["location"], token=None), await look(house, good)]
    return [*pages, *await _own_pages(house)]


async def _own_pages(house: Served) -> list[httpx2.Response]:
    """Those of who is signed in, with a second factor."""
    _, token = await house.person("ada@example.com")
    async with house.client() as client:
        await enter(client)
        await protect(house, token)
        return [await client.get(f"/admin/{name}") for name in OWN]


async def test_every_page_lets_nothing_in_and_nothing_out(small_house: Served) -> None:
    pages = await _every_page(small_house)
    assert [page.status_code for page in pages] == [200, 200, 404, 200, 400, 422, 403, 200, 410] + [
        200 for _ in OWN
    ]
    for answer in pages:
        page = Page(answer)
        style = base64.b64encode(hashlib.sha256(page.style.encode()).digest()).decode()
        assert answer.headers.get_list("content-security-policy") == [
            f"default-src 'none'; style-src 'sha256-{style}'; img-src data:; form-action 'self'; "
            "frame-ancestors 'none'; base-uri 'none'"
        ]
        assert answer.headers.get_list("referrer-policy") == ["no-referrer"]
        assert answer.headers.get_list("cache-control") == ["no-store"]
        assert answer.headers.get_list("x-content-type-options") == ["nosniff"]
        assert answer.headers["cross-origin-opener-policy"] == "same-origin"
        assert [given for tag, given in page.tags if tag == "html"] == [{"lang": "en", "dir": "ltr"}]
        assert len(answer.content) < 16_384


async def test_no_page_has_a_script_or_anything_from_elsewhere(small_house: Served) -> None:
    for answer in await _every_page(small_house):
        page = Page(answer)
        for tag, given in page.tags:
            assert tag not in {"script", "iframe", "object", "embed", "img", "base"}
            assert not [name for name in given if name.startswith("on") or name == "style"]
        for address in _addresses(page):
            assert re.match(r"/(?!/)|data:image/svg\+xml,", address), address
        assert "http" not in page.style


def _addresses(page: Page) -> Iterator[str]:
    for _, given in page.tags:
        yield from (given[name] for name in ("href", "src", "action") if name in given)


async def test_head_gives_the_headers_of_get_alone(small_house: Served) -> None:
    invited = await invite(small_house)
    got, headed = (
        await look(small_house, invited.token),
        await look(small_house, invited.token, method="HEAD"),
    )
    assert headed.content == b""
    changing = {"date", "x-request-id"}
    assert {name: value for name, value in headed.headers.items() if name not in changing} == {
        name: value for name, value in got.headers.items() if name not in changing
    }


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.example"},
        {"origin": "https://evil.example", "sec-fetch-site": "cross-site"},
        {"origin": "null", "sec-fetch-site": "cross-site"},
        {"origin": "null", "sec-fetch-site": "same-site"},
        {"origin": "http://127.0.0.1"},
    ],
)
async def test_a_form_of_another_site_is_refused(house: Served, headers: dict[str, str]) -> None:
    invited = await invite(house)
    before = await everything(house)
    answer = await send(house, invited.token, **headers)
    page = Page(answer)
    assert (page.status, page.heading) == (403, "Nothing was changed")
    assert await everything(house) == before


@pytest.mark.parametrize("origin", [None, "null", "ours"])
async def test_a_browser_that_does_not_say_where_it_stands_can_still_accept(
    small_house: Served, origin: str | None
) -> None:
    invited = await invite(small_house)
    headers = dict(FORM)
    if origin is not None:
        headers["origin"] = small_house.url if origin == "ours" else origin
    body = f"token={invited.token}&password=a+quiet+walk+along+the+river"
    async with small_house.client() as client:
        answer = await client.post(PATH, content=body, headers=headers)
    assert answer.status_code == 303


@pytest.mark.parametrize(
    ("media", "body"),
    [
        ("application/json", '{"token": "TOKEN", "password": "a quiet walk"}'),
        ("multipart/form-data; boundary=x", "--x--"),
        ("", "token=TOKEN&password=a+quiet+walk"),
        (
            "application/x-www-form-urlencoded",
            "token=TOKEN&password=a+quiet+walk&password=another+quiet+walk",
        ),
        ("application/x-www-form-urlencoded", "token=TOKEN&password=%ff%fe%fd%fc%fb%fa%f9%f8"),
        ("application/x-www-form-urlencoded", "token=TOKEN&password=a+quiet+walk" + "&a=b" * 9),
        ("application/x-www-form-urlencoded", "token=TOKEN&password=" + "a" * 16_384),
        ("application/x-www-form-urlencoded", "token=TOKEN&password=ein-stilles-Glück"),
    ],
)
async def test_a_body_that_is_not_our_form_is_refused(house: Served, media: str, body: str) -> None:
    invited = await invite(house)
    before = await everything(house)
    async with house.client() as client:
        answer = await client.post(
            PATH, content=body.replace("TOKEN", invited.token), headers={"content-type": media}
        )
    page = Page(answer)
    assert (page.status, page.heading) == (400, "This could not be understood")
    assert await everything(house) == before


async def test_too_many_at_once_are_told_when_to_come_again(house: Served) -> None:
    invited = await invite(house)
    async with house.client() as client:
        answers = await asyncio.gather(*(post(client, invited.token) for _ in range(100)))
    by_status = {answer.status_code: answer for answer in answers}
    assert set(by_status) == {303, 410, 429}
    assert [answer.status_code for answer in answers].count(303) == 1
    assert by_status[429].headers["retry-after"] == "1"
    assert Page(by_status[429]).heading == "Many people are here right now"


async def test_a_database_that_is_gone_is_told_on_a_page(
    postgresql: PostgreSQL, postgresql_url: str, tmp_path: Path
) -> None:
    async with served(postgresql_url, tmp_path / "data") as house:
        invited = await invite(house)
        administrator = await asyncpg.connect(postgresql.url())
        await administrator.execute(f"DROP DATABASE {urlsplit(postgresql_url).path[1:]} WITH (FORCE)")
        await administrator.close()
        for answer in (
            await look(house, invited.token),
            await send(house, invited.token),
            await house.ask("GET", "/admin/login", token=None),
        ):
            page = Page(answer)
            assert (page.status, page.heading) == (503, "This cannot be done right now")
            assert answer.headers["retry-after"] == "5"
