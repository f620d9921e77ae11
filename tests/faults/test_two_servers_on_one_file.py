"""Two servers, each with its worker, on one file of SQLite: nothing is lost, doubled, or good for too long."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any, NamedTuple

import httpx2
import pytest

from service.tokens import new_secret
from tests.languages.factors import code
from tests.running import IDBRIDGE, Running, run_idbridge, running
from tests.served import PASSWORD

SERVE = (*IDBRIDGE, "serve", "--port", "0")
SEEN = 1.0  # seconds until one server knows what the other has revoked
SLACK = 1.5  # for a machine that is busy with other tests


class Pair(NamedTuple):
    """The two, and what a command needs that works beside them."""

    one: httpx2.AsyncClient
    other: httpx2.AsyncClient
    folder: Path
    environment: dict[str, str]

    @property
    def both(self) -> tuple[httpx2.AsyncClient, httpx2.AsyncClient]:
        return self.one, self.other


def _client(server: Running, token: str) -> httpx2.AsyncClient:
    headers = {"authorization": f"Bearer {token}"}
    return httpx2.AsyncClient(base_url=server.url, headers=headers, trust_env=False, timeout=60, verify=False)


@pytest.fixture(scope="module")
async def pair(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Pair]:
    """Both start at the same moment, where nothing is yet: no folder, no secret, no administrator."""
    folder, token = tmp_path_factory.mktemp("pair"), new_secret("")
    environment = {"DATA_DIR": str(folder / "data"), "ADMIN_TOKEN": token}
    with ExitStack() as stack:
        servers = await asyncio.gather(
            *(
                asyncio.to_thread(stack.enter_context, running(SERVE, environment, folder, name))
                for name in ("one", "other")
            )
        )
        async with _client(servers[0], token) as one, _client(servers[1], token) as other:
            yield Pair(one, other, folder / "data", environment)


async def person(pair: Pair, email: str, **values: object) -> str:
    body = {"email": email, "password": PASSWORD, **values}
    answer = await pair.one.post("/users", json=body)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["data"]["id"])


def public(client: httpx2.AsyncClient, method: str, path: str, **more: Any) -> Awaitable[httpx2.Response]:
    return client.request(method, path, headers={"authorization": ""}, **more)


async def soon(refused: Callable[[], Awaitable[bool]]) -> float:
    """How long it takes until it is refused."""
    start = time.monotonic()
    while not await refused():
        assert time.monotonic() - start < 30, "it is good for ever"
        await asyncio.sleep(0.02)
    return time.monotonic() - start


async def test_two_first_starts_at_once_make_one_administrator_and_one_secret(pair: Pair) -> None:
    for client in pair.both:
        users = (await client.get("/users")).json()["data"]
        assert [user["email"] for user in users].count("admin@example.com") == 1
    await person(pair, "first@example.com")
    body = {"email": "first@example.com", "password": PASSWORD}
    issued = (await public(pair.one, "POST", "/auth/login", json=body)).json()["data"]
    bearer = {"authorization": f"Bearer {issued['access_token']}"}
    assert (await pair.other.get("/users/me", headers=bearer)).status_code == 200


async def test_what_both_write_at_once_is_all_there_under_numbers_of_its_own(pair: Pair) -> None:
    async def write(client: httpx2.AsyncClient, name: str) -> list[int]:
        made = [
            client.post("/users", json={"provider": "hub", "external_identifier": f"{name}-{n}"})
            for n in range(80)
        ]
        return [answer.status_code for answer in await asyncio.gather(*made)]

    assert await asyncio.gather(write(pair.one, "one"), write(pair.other, "other")) == [[200] * 80] * 2
    names = {f"{name}-{n}" for name in ("one", "other") for n in range(80)}
    shown = []
    for client in pair.both:
        people = (await client.get("/default/users?limit=-1&fields=id,external_id")).json()["data"]
        shown.append([(one["id"], one["external_id"]) for one in people if one["external_id"] in names])
    assert sorted(shown[0]) == sorted(shown[1])
    assert {name for _, name in shown[0]} == names
    assert len({number for number, _ in shown[0]}) == 160


async def test_changes_of_one_person_by_both_lose_nothing(pair: Pair) -> None:
    key = await person(pair, "changed@example.com")

    async def change(client: httpx2.AsyncClient, field: str) -> None:
        for n in range(20):
            answer = await client.patch(f"/users/{key}", json={field: f"{field} {n}"})
            assert answer.status_code == 200, answer.text

    await asyncio.gather(change(pair.one, "title"), change(pair.other, "location"))
    for client in pair.both:
        user = (await client.get(f"/users/{key}")).json()["data"]
        assert (user["title"], user["location"]) == ("title 19", "location 19")
        kept = await client.get(f"/revisions?limit=-1&filter[item][_eq]={key}")
        assert len(kept.json()["data"]) == 41  # it was made, and changed forty times


async def test_of_two_who_come_first_one_is(pair: Pair) -> None:
    async def at_both(*asked: Callable[[httpx2.AsyncClient], Awaitable[httpx2.Response]]) -> list[int]:
        answers = await asyncio.gather(*(one(client) for one in asked for client in pair.both))
        return sorted(answer.status_code for answer in answers)

    taken = {"email": "only@example.com"}
    assert await at_both(lambda client: client.post("/users", json={**taken, "password": PASSWORD})) == [
        200,
        400,
    ]
    token = new_secret("")
    await person(pair, "eve@example.com", token=token)
    bearer = {"authorization": f"Bearer {token}"}
    asked = {"headers": bearer, "json": {"password": PASSWORD}}
    made = (await pair.one.post("/users/me/tfa/generate", **asked)).json()["data"]["secret"]
    enable = {"secret": made, "otp": code(made)}
    assert await at_both(lambda client: client.post("/users/me/tfa/enable", json=enable, headers=bearer)) == [
        204,
        400,
    ]
    login = {"email": "eve@example.com", "password": PASSWORD, "otp": code(made, 1)}
    assert await at_both(lambda client: public(client, "POST", "/auth/login", json=login)) == [200, 401]


async def test_what_one_revokes_the_other_refuses_within_a_second(pair: Pair) -> None:
    token = new_secret("")
    key = await person(pair, "fired@example.com", token=token)
    bearer = {"authorization": f"Bearer {token}"}
    for client in pair.both:
        assert (await client.get("/users/me", headers=bearer)).status_code == 200
    assert (await pair.one.patch(f"/users/{key}", json={"status": "suspended"})).status_code == 200
    assert (await pair.one.get("/users/me", headers=bearer)).status_code == 401

    async def refused() -> bool:
        return (await pair.other.get("/users/me", headers=bearer)).status_code == 401

    assert await soon(refused) < SEEN + SLACK


async def test_commands_work_beside_both_and_are_heard_by_both(pair: Pair) -> None:
    scim = await asyncio.to_thread(
        run_idbridge, pair.environment, "scim-token", "create", "--provider", "okta"
    )
    bearer = {"authorization": f"Bearer {scim}"}
    for client in pair.both:
        assert (await client.get("/scim/v2/Users", headers=bearer)).status_code == 200
    await asyncio.to_thread(run_idbridge, pair.environment, "connection", "delete", "--provider", "okta")
    for client in pair.both:

        async def refused(client: httpx2.AsyncClient = client) -> bool:
            return (await client.get("/scim/v2/Users", headers=bearer)).status_code == 401

        assert await soon(refused) < SEEN + SLACK


async def test_each_letter_is_carried_once_whoever_wrote_it(pair: Pair) -> None:
    role = (await pair.one.get("/roles")).json()["data"][0]["id"]

    async def invite(client: httpx2.AsyncClient, name: str) -> None:
        for n in range(15):
            body = {"email": f"{name}-{n}@letters.example", "role": role}
            assert (await client.post("/users/invite", json=body)).status_code == 204

    await asyncio.gather(invite(pair.one, "one"), invite(pair.other, "other"))
    states: list[str] = []
    async with asyncio.timeout(60):
        while states.count("sent") < 30:
            await asyncio.sleep(0.1)
            listed = (await pair.other.get("/letters?limit=100")).json()["data"]
            states = [one["status"] for one in listed if one["recipient"].endswith("@letters.example")]
    carried = [file.read_text() for file in (pair.folder / "outbox").glob("*.eml")]
    to = [text.partition("\nTo: ")[2].partition("\n")[0] for text in carried]
    assert sorted(one for one in to if one.endswith("@letters.example")) == sorted(
        f"{name}-{n}@letters.example" for name in ("one", "other") for n in range(15)
    )
