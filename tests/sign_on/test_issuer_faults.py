"""An issuer that is down, slow or too big: an answer with its cause within 5 seconds, and no flood."""

import asyncio
import time
from collections.abc import Callable, Iterator

import pytest

from providers.contract import (
    ProviderError,
    Unreachable,
    Untrusted,
)
from providers.discovery import Issuer as Client
from providers.http import Outbound
from tests.sign_on.browser import CALLBACK
from tests.sign_on.conftest import Open
from tests.sign_on.issuer import DISCOVERY, Answer, Issuer, json, sign, sign_on_at
from tests.stopwatch import within


def trickle() -> Iterator[bytes]:
    """A byte now and then, so that no single read ever takes long."""
    yield b"{"
    for _ in range(80):
        time.sleep(0.1)
        yield b" "


def flood() -> Iterator[bytes]:
    for _ in range(1000):
        yield b" " * 10_000


BROKEN: dict[str, Callable[[], Answer]] = {
    "500": lambda: Answer(status=500),
    "404": lambda: Answer(status=404),
    "a redirect": lambda: Answer(status=302, headers={"Location": "http://127.0.0.1:1/"}),
    "nothing": Answer,
    "no JSON": lambda: Answer(b"<html>"),
    "half of it": lambda: Answer(b'{"keys": ['),
    "another shape": lambda: Answer(b'["issuer"]'),
    "wrong types": lambda: Answer(b'{"issuer": 1, "keys": 1, "access_token": 1, "id_token": 1, "sub": 1}'),
    "nested 100,000 deep": lambda: Answer(b"[" * 100_000),
    "nested deep in a member": lambda: Answer(b'{"a":' * 50_000),
    "no UTF-8": lambda: Answer(b'{"issuer": "\xff"}'),
    "10 MB, announced": lambda: Answer(b" " * 10_000_000),
    "10 MB, in parts": lambda: Answer(flood()),
    "compressed, unasked": lambda: Answer(b"\x1f\x8b", headers={"Content-Encoding": "gzip"}),
    "bytes for ever": lambda: Answer(trickle()),
}


@pytest.mark.parametrize("path", [DISCOVERY, "/keys", "/token", "/userinfo"])
@pytest.mark.parametrize("broken", BROKEN)
async def test_a_broken_answer_is_a_cause_within_5_seconds(
    issuer: Issuer, open_openid: Open, broken: str, path: str
) -> None:
    issuer.answers[path] = BROKEN[broken]
    with within(5.5), pytest.raises(ProviderError) as caught:
        await sign_on_at(issuer, open_openid(issuer.url))
    assert caught.value.cause
    assert "\n" not in caught.value.cause
    assert isinstance(caught.value, Unreachable) or broken == "wrong types"


async def test_nobody_there_is_unreachable(open_openid: Open) -> None:
    with pytest.raises(Unreachable, match=r"127\.0\.0\.1 cannot be reached"):
        await open_openid("http://127.0.0.1:1").depart(CALLBACK)


async def test_a_name_that_does_not_exist_is_unreachable(open_openid: Open) -> None:
    with pytest.raises(Unreachable, match="cannot be resolved"):
        await open_openid("https://no-such-host.invalid").depart(CALLBACK)


async def test_a_hundred_people_wait_for_one_fetch_and_share_its_outcome(
    issuer: Issuer, open_openid: Open
) -> None:
    def slow() -> Answer:
        time.sleep(0.3)
        return Answer(status=503)

    issuer.answers[DISCOVERY] = slow
    provider = open_openid(issuer.url)
    departing = (provider.depart(CALLBACK) for _ in range(100))
    with within(2):
        outcomes = await asyncio.gather(*departing, return_exceptions=True)
    assert all(isinstance(outcome, Unreachable) for outcome in outcomes)
    assert issuer.seen[DISCOVERY] == 1


async def test_a_flood_of_unknown_keys_costs_one_fetch(issuer: Issuer, open_openid: Open) -> None:
    provider = open_openid(issuer.url)
    await sign_on_at(issuer, provider)
    departure = await provider.depart(CALLBACK)
    query = {"state": departure.memory["state"], "code": "c", "iss": issuer.url}
    for number in range(100):
        issuer.id_token = sign(issuer.claims(departure.memory["nonce"]), {"kid": f"unknown-{number}"})
        with pytest.raises(Untrusted):
            await provider.arrive(query, departure.memory)
    assert issuer.seen["/keys"] == 2


async def test_a_thousand_vain_searches_at_once_cost_one_fetch(issuer: Issuer, outbound: Outbound) -> None:
    client = Client(issuer.url, outbound)
    first = await client.keys()
    found = await asyncio.gather(*(client.keys(missing=first) for _ in range(1000)))
    assert issuer.seen["/keys"] == 2
    assert len(set(map(id, found))) == 1


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


async def test_what_is_published_is_kept_for_an_hour_and_a_failure_for_seconds(
    issuer: Issuer, outbound: Outbound
) -> None:
    clock = Clock()
    client = Client(issuer.url, outbound, clock)
    issuer.answers[DISCOVERY] = lambda: Answer(status=500)
    for _ in range(3):
        with pytest.raises(Unreachable):
            await client.metadata()
    assert issuer.seen[DISCOVERY] == 1
    clock.now += 3
    issuer.answers[DISCOVERY] = lambda: json(issuer.metadata)
    await client.metadata()
    clock.now += 3599
    await client.metadata()
    assert issuer.seen[DISCOVERY] == 2
    clock.now += 1
    await client.metadata()
    assert issuer.seen[DISCOVERY] == 3


async def test_newer_keys_are_fetched_once_a_minute_at_most(issuer: Issuer, outbound: Outbound) -> None:
    clock = Clock()
    client = Client(issuer.url, outbound, clock)
    first = await client.keys()
    second = await client.keys(missing=first)
    assert second is not first
    assert await client.keys(missing=first) is second
    assert await client.keys(missing=second) is second
    assert issuer.seen["/keys"] == 2
    clock.now += 60
    assert await client.keys(missing=second) is not second
    assert issuer.seen["/keys"] == 3


async def test_somebody_who_gives_up_waiting_spoils_nothing(issuer: Issuer, open_openid: Open) -> None:
    def slow() -> Answer:
        time.sleep(0.3)
        return json(issuer.metadata)

    issuer.answers[DISCOVERY] = slow
    provider = open_openid(issuer.url)
    impatient = asyncio.create_task(provider.depart(CALLBACK))
    patient = asyncio.create_task(provider.depart(CALLBACK))
    await asyncio.sleep(0.1)
    impatient.cancel()
    assert (await patient).url.startswith(f"{issuer.url}/authorize?")
    with pytest.raises(asyncio.CancelledError):
        await impatient
