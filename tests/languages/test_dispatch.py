"""The short way to a handler and the router's own: whatever is asked, the answer is the same."""

import asyncio
from http import HTTPMethod
from pathlib import Path

import pytest

from service.api.dispatch import Dispatch
from service.app import _router, build
from service.config import load
from service.tokens import new_secret
from tests.languages.asking import was_here
from tests.served import Served

_EACH_TIME = ("date", "x-request-id")
ASKED = (
    "/users", "/users/", "//users", "/users//", "/users/me", "/users/tfa", "/users/invite", "/users/register",
    "/users/{key}", "/users/nobody", "/users/a%2Fb", "/users/a%20b", "/users/{admin}", "/users/{admin}/",
    "/users/{admin}/sessions", "/users/{admin}/passkeys/options", "/users/{admin}/more", "/roles/me",
    "/scim/v2", "/scim/v2/Users", "/scim/v2/Users/.search", "/scim/v2/Users/nobody", "/scim/v2/Nothing",
    "/scim/v2/Schemas/nobody", "/scim/v2/ServiceProviderConfig", "/default/scim/v2/Users", "/default/users/1",
    "/-/search/users", "/-/8/users", "/auth/login/nobody", "/auth/login/nobody/callback", "/server/ping",
    "/assets/nobody/name", "/admin", "/admin/nowhere/at/all", "/nowhere", "/nowhere/at/all", "/", "/%00",
)  # fmt: skip
HOSTS = ("127.0.0.1:80", "[::1]:80", "a~b", "a b", "<a>", "")
METHODS = (HTTPMethod.GET, HTTPMethod.HEAD, HTTPMethod.PUT, HTTPMethod.OPTIONS)


@pytest.mark.parametrize("method", METHODS)
async def test_both_ways_answer_alike(
    house: Served, monkeypatch: pytest.MonkeyPatch, method: HTTPMethod
) -> None:
    await was_here(house, "/users/me")
    short = await _answers(house, method)
    monkeypatch.setattr(Dispatch, "find", lambda *_: (None, {}))
    assert await _answers(house, method) == short


async def _answers(house: Served, method: HTTPMethod) -> dict[tuple[str, str], object]:
    found: dict[tuple[str, str], object] = {}
    async with house.client(house.token) as client:
        for path, host in (
            *((path, "localhost") for path in ASKED),
            *(("/users/me", host) for host in HOSTS),
        ):
            where = house.url + path.replace("{admin}", house.admin)
            answer = await client.request(method, where, headers={"host": host})
            headers = [(name, said) for name, said in answer.headers.items() if name not in _EACH_TIME]
            found[path, host] = answer.status_code, headers, answer.content
    return found


def test_the_addresses_that_are_asked_most_have_a_short_way(tmp_path: Path) -> None:
    gate = build(load({"DATA_DIR": str(tmp_path), "SECRET": new_secret("")}), worker=False)
    for method, path in (
        *(("GET", "/users/1"), ("GET", "/users"), ("POST", "/users"), ("PATCH", "/users/1")),
        *(("GET", "/scim/v2/Users"), ("POST", "/scim/v2/Users"), ("PATCH", "/scim/v2/Users/1")),
    ):
        handler, values = gate.dispatch.find(method, path)
        assert handler is not None, path
        assert set(values.values()) <= {"1"}


async def test_long_addresses_are_not_remembered(house: Served) -> None:
    """The router keeps a thousand paths whatever their length: strangers could fill the memory with them."""
    router = _router().asgi_router
    kept = router.handle_routing.cache_info().currsize
    for path in (f"/users/{'é' * 3000}/sessions", f"/admin/{'a' * 9000}", f"/{'a/' * 4000}"):
        answer = await house.ask("GET", path)
        assert answer.status_code == 404, path
        assert answer.json()["errors"][0]["extensions"]["code"] == "ROUTE_NOT_FOUND"
    assert router.handle_routing.cache_info().currsize == kept
    many = ",".join([house.admin] * 200)
    assert (await house.ask("GET", f"/users/{many}")).status_code == 200


SLASHES = ("/-/8/users", "//-/8/users", "/%2F-/8/users", "/-//8/users", "//-//8//users")


@pytest.mark.parametrize("path", SLASHES)
async def test_nobody_comes_in_by_addresses_of_ours(house: Served, path: str) -> None:
    for method in ("GET", "POST"):
        assert (
            await house.ask(method, house.url + path, {} if method == "POST" else None)
        ).status_code == 404, method


@pytest.mark.parametrize("path", ["//default/users", "/default//users/", "//default///users"])
async def test_a_project_is_found_however_many_slashes_there_are(house: Served, path: str) -> None:
    answer = await house.ask("GET", house.url + path)
    assert answer.json()["data"][0]["id"] == 1  # as generation 8 counts


PATHS = ("/users/me", "/default/users/me", "/default/scim/v2/Users", "//users/me", "/default/admin/welcome")


@pytest.mark.parametrize("path", PATHS)
async def test_the_log_names_an_address_as_it_was_asked(
    house: Served, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    noted: asyncio.Queue[str] = asyncio.Queue()
    monkeypatch.setattr(house.house.log, "note", lambda *, path, **_: noted.put_nowait(path))
    await house.ask("GET", house.url + path)
    assert await asyncio.wait_for(noted.get(), 10) == path.replace("//", "/")
