"""Pages of other origins call from a browser where CORS_ORIGIN names them, and nowhere else."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from service.config import ConfigInvalid, load
from tests.served import PASSWORD, Served, served

APP = "https://app.example.com"
ASKED = {"access-control-request-method": "SEARCH", "access-control-request-headers": "authorization"}


@pytest.fixture
async def house(database_url: str, tmp_path: Path) -> AsyncIterator[Served]:
    listed = {"CORS_ORIGIN": f"{APP}, http://localhost:3000"}
    async with served(database_url, tmp_path / "data", lambda _: listed) as house:
        yield house


async def test_a_page_that_is_named_reads_answers_and_refusals(house: Served) -> None:
    for path, status in (("/users/me", 200), ("/users?limit=x", 400), ("/nowhere", 404)):
        answer = await house.ask("GET", path, headers={"origin": APP})
        assert answer.status_code == status
        assert answer.headers["access-control-allow-origin"] == APP
        assert answer.headers["access-control-allow-credentials"] == "true"
        assert "x-request-id" in answer.headers["access-control-expose-headers"]
        assert "Origin" in answer.headers.get_list("vary")


async def test_a_page_may_send_what_the_sdk_sends(house: Served) -> None:
    for path in ("/users", "/auth/login", "/default/users", "/graphql/system"):
        answer = await house.ask("OPTIONS", path, token=None, headers={"origin": APP, **ASKED})
        assert answer.status_code == 204
        assert answer.headers["access-control-allow-origin"] == APP
        assert "SEARCH" in answer.headers["access-control-allow-methods"].split(", ")
        assert {"authorization", "content-type"} <= set(
            answer.headers["access-control-allow-headers"].split(", ")
        )


@pytest.mark.parametrize(
    "origin",
    ["https://evil.example", "https://app.example.com.evil.example", "http://app.example.com", "null"],
)
async def test_a_page_that_is_not_named_reads_nothing(house: Served, origin: str) -> None:
    for method, more in (("GET", {}), ("OPTIONS", ASKED)):
        answer = await house.ask(method, "/users", headers={"origin": origin, **more})
        assert not [name for name in answer.headers if name.startswith("access-control-")]
        assert "Origin" in answer.headers.get_list("vary")


async def test_the_pages_that_people_see_are_for_no_other_page(house: Served) -> None:
    for path in ("/admin/login", "//admin/login", "/admin//login/", "/default/admin/welcome"):
        answer = await house.ask("GET", house.url + path, token=None, headers={"origin": APP})
        assert answer.headers["content-type"].startswith("text/html"), path
        assert "access-control-allow-origin" not in answer.headers, path


async def test_a_page_that_is_named_may_change_things_with_a_session_s_cookie(house: Served) -> None:
    async with house.client() as browser:
        body = {"email": "eve@example.com", "password": PASSWORD, "mode": "session"}
        await house.person("eve@example.com")
        assert (await browser.post("/auth/login", json=body)).status_code == 200
        for origin, status in ((APP, 200), ("https://evil.example", 403)):
            headers = {"origin": origin, "sec-fetch-site": "same-site"}
            answer = await browser.patch("/users/me", json={"title": origin}, headers=headers)
            assert answer.status_code == status


@pytest.mark.parametrize(
    "text", ["*", "true", "https://app.example.com/", "https://a.example/x", "HTTPS://A.example"]
)
def test_each_origin_is_named_as_browsers_write_it(text: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigInvalid, match="CORS_ORIGIN"):
        load({"CORS_ORIGIN": text, "DATA_DIR": str(tmp_path)})


async def test_without_the_setting_no_answer_speaks_of_origins(database_url: str, tmp_path: Path) -> None:
    async with served(database_url, tmp_path / "data") as house:
        answer = await house.ask("GET", "/users/me", headers={"origin": APP})
        assert "vary" not in answer.headers
        assert "access-control-allow-origin" not in answer.headers
