"""The page that shows where somebody is signed in: it ends sessions, and no other site can."""

import re
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from tests.pages.invited import Page
from tests.served import PASSWORD, Served
from tests.sign_on.issuer import Issuer, running_issuer
from tests.sign_on.liar import come_back, house_at, is_in

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
PHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0) AppleWebKit/605.1.15 Version/18.0 Mobile/15E148 Safari/604.1"
)


@pytest.fixture
def issuer() -> Iterator[Issuer]:
    with running_issuer() as liar:
        yield liar


async def enter(client: httpx2.AsyncClient, agent: str = FIREFOX) -> None:
    body = {"email": "ada@example.com", "password": PASSWORD}
    answer = await client.post("/admin/login", data=body, headers={"user-agent": agent})
    assert answer.status_code == 303, answer.text


def field(page: Page, name: str) -> list[str]:
    return [given["value"] for tag, given in page.tags if given.get("name") == name]


async def test_each_session_has_a_button_that_ends_it(house: Served) -> None:
    await house.person("ada@example.com")
    body = {"email": "ada@example.com", "password": PASSWORD}
    other = (await house.ask("POST", "/auth/login", body, token=None, headers={"user-agent": PHONE})).json()[
        "data"
    ]
    async with house.client() as client:
        assert (await client.get("/admin/sessions")).headers["location"] == "/admin/login"
        await enter(client)
        page = Page(await client.get("/admin/sessions"))
        assert page.heading == "Where you are signed in"
        assert "Firefox, Linux" in page.text
        assert "Safari, iPhone" in page.text
        assert not [tag for tag, _ in page.tags if tag == "script"]
        (mark,) = set(field(page, "mark"))
        mine, theirs = field(page, "session")
        crossed = await client.post("/admin/sessions", data={"session": theirs, "mark": "x"})
        assert crossed.status_code == 403
        foreign = {"sec-fetch-site": "cross-site"}
        crossed = await client.post(
            "/admin/sessions", data={"session": theirs, "mark": mark}, headers=foreign
        )
        assert crossed.status_code == 403
        assert await is_in(house, other)
        german = await client.get("/admin/sessions", headers={"accept-language": "de"})
        assert Page(german).heading == "Wo Sie angemeldet sind"
        ended = await client.post("/admin/sessions", data={"session": theirs, "mark": mark})
        assert (ended.status_code, ended.headers["location"]) == (303, "/admin/sessions")
        assert not await is_in(house, other)
        await house.ask("POST", "/auth/login", body, token=None)
        ended = await client.post("/admin/sessions", data={"others": "yes", "mark": mark})
        assert ended.status_code == 303
        assert field(Page(await client.get("/admin/sessions")), "session") == [mine]
        left = Page(await client.post("/admin/sessions", data={"session": mine, "mark": mark}))
        assert left.heading == "You are signed out"
        assert (await client.get("/admin/sessions")).headers["location"] == "/admin/login"


async def test_who_knows_a_sessions_id_alone_sees_nothing(house: Served) -> None:
    await house.person("ada@example.com")
    async with house.client() as client:
        await enter(client)
        token = client.cookies["directus_refresh_token"]
    forged = token[:22] + "A" * 42
    async with house.client() as client:
        client.cookies.set("directus_refresh_token", forged)
        assert (await client.get("/admin/sessions")).headers["location"] == "/admin/login"


async def test_who_signed_on_is_shown_the_way_out_of_the_provider(
    sqlite_url: str, tmp_path: Path, issuer: Issuer
) -> None:
    more = {"AUTH_OP_LABEL": "The Hub"}
    async with house_at(sqlite_url, tmp_path / "data", issuer, **more) as house, house.client() as client:
        away = await client.get("/auth/login/op?redirect=/admin/welcome")
        assert (await come_back(client, issuer, away.headers["location"])).status_code == 302
        page = Page(await client.get("/admin/sessions"))
        assert "The Hub" in page.text
        (mark,), (session,) = field(page, "mark"), field(page, "session")
        left = await client.post("/admin/sessions", data={"session": session, "mark": mark})
        assert "Sign out of The Hub, too" in left.text
        (link,) = re.findall(rf'href="({re.escape(issuer.url)}/end[^"]+)"', left.text)
        assert "id_token_hint=" in link
        assert "client_id=me" in link
