"""A provider that is down, slow, huge or talks nonsense: a cause within 5 seconds, and nobody else notices."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from threading import Event

import pytest

from providers.contract import Misconfigured, Unreachable
from providers.http import Outbound
from providers.kinds import open_provider, read_settings
from providers.saml.provider import Saml
from service.database.tables import activity
from tests.core.people import all_rows
from tests.served import Served
from tests.sign_on.issuer import DISCOVERY, Answer, Issuer, running_issuer
from tests.sign_on.liar import house_at, sign_on
from tests.sign_on.test_issuer_faults import BROKEN
from tests.stopwatch import Stopwatch, within


@pytest.fixture
async def house(sqlite_url: str, tmp_path: Path, issuer: Issuer) -> AsyncIterator[tuple[Served, Issuer]]:
    """A house with a good provider, `op`, and a bad neighbour."""
    with running_issuer() as bad:
        more = {
            "AUTH_PROVIDERS": "op,bad", "AUTH_BAD_DRIVER": "openid", "AUTH_BAD_CLIENT_ID": "me",
            "AUTH_BAD_ISSUER_URL": bad.url, "AUTH_BAD_ALLOW_PUBLIC_REGISTRATION": "true",
        }  # fmt: skip
        async with house_at(sqlite_url, tmp_path / "data", issuer, **more) as house:
            yield house, bad


@pytest.mark.parametrize("path", [DISCOVERY, "/token"])
async def test_those_who_wait_for_a_provider_that_hangs_are_in_nobodys_way(
    house: tuple[Served, Issuer], issuer: Issuer, path: str
) -> None:
    served, bad = house
    hung, over = 0, Event()

    def hang() -> Answer:
        nonlocal hung
        hung += 1
        over.wait(10)
        return Answer(status=500)

    bad.answers[path] = hang

    async def suffer() -> tuple[int, float]:
        async with served.client() as client:
            watch = Stopwatch()
            if path == DISCOVERY:
                answer = await client.get("/auth/login/bad")
            else:
                answer = await sign_on(client, bad, "/auth/login/bad")
            return answer.status_code, watch.seconds

    waiting = [asyncio.create_task(suffer()) for _ in range(60)]
    for _ in range(200):
        await asyncio.sleep(0.01)
        if hung >= (1 if path == DISCOVERY else 15):
            break
    async with served.client() as client:
        with within(3.5):  # with the others it would have waited 4
            assert (await sign_on(client, issuer)).status_code == 200
    outcomes = await asyncio.gather(*waiting)
    over.set()
    assert {status for status, _ in outcomes} == {503}
    assert max(seconds for _, seconds in outcomes) < 12


@pytest.mark.parametrize("broken", [*BROKEN, "another issuer"])
async def test_broken_saml_metadata_is_a_cause_within_5_seconds(
    issuer: Issuer, outbound: Outbound, broken: str
) -> None:
    two = b'<a xmlns="urn:oasis:names:tc:SAML:2.0:metadata"><EntityDescriptor entityID="urn:evil"/></a>'
    answers = {**BROKEN, "another issuer": lambda: Answer(two)}
    issuer.answers["/metadata"] = answers[broken]
    settings = read_settings({"DRIVER": "saml", "IDP_METADATA": f"{issuer.url}/metadata"})
    assert not isinstance(settings, list)
    provider = open_provider("op", settings, outbound)
    assert isinstance(provider, Saml)
    with within(5.5), pytest.raises((Misconfigured, Unreachable)) as caught:
        await provider.depart("http://127.0.0.1:8055/auth/login/op/acs")
    assert caught.value.cause
    assert "\n" not in caught.value.cause


@pytest.mark.parametrize("broken", ["500", "no JSON", "10 MB, in parts", "another issuer", "nobody there"])
async def test_a_bad_provider_is_told_of_and_the_good_one_goes_on(
    house: tuple[Served, Issuer], issuer: Issuer, broken: str
) -> None:
    served, bad = house
    causes = {"500": "status 500", "no JSON": "cannot be read", "10 MB, in parts": "more than 1000000 bytes"}
    if broken == "another issuer":
        bad.metadata["issuer"] = "https://evil.example"
    elif broken == "nobody there":
        bad.metadata["jwks_uri"] = bad.metadata["token_endpoint"] = "http://127.0.0.1:1/"
    else:
        bad.answers[DISCOVERY] = BROKEN[broken]
    async with served.client() as client:
        with within(5.5):
            answer = await client.get("/auth/login/bad")
            if answer.status_code == 302:
                answer = await sign_on(client, bad, "/auth/login/bad")
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "5"), answer.text
        assert "The provider bad cannot be used now" in answer.text
        assert (await sign_on(client, issuer)).status_code == 200
    told = await served.house.database.read(all_rows, activity, action="refused")
    story = "\n".join(str(row["comment"]) for row in told)
    assert "bad: " in story
    assert causes.get(broken, "bad: ") in story
