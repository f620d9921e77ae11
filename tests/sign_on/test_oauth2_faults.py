"""An OAuth 2 server that is down, slow or talks nonsense: an answer with its cause within 5 seconds."""

import time
from collections.abc import Callable

import pytest

from providers.contract import Misconfigured, Provider, ProviderError, Unreachable, Untrusted
from providers.http import Outbound
from providers.kinds import open_provider, read_settings
from tests.sign_on.browser import CALLBACK
from tests.sign_on.issuer import Answer, Issuer, json
from tests.sign_on.test_issuer_faults import BROKEN
from tests.stopwatch import within


def silence() -> Answer:
    time.sleep(6)
    return Answer()


@pytest.fixture
def provider(issuer: Issuer, outbound: Outbound) -> Provider:
    issuer.userinfo = {"id": 7, "email": "ada@example.com"}
    settings = read_settings(
        {
            "DRIVER": "oauth2",
            "CLIENT_ID": "me",
            "AUTHORIZE_URL": f"{issuer.url}/authorize",
            "ACCESS_URL": f"{issuer.url}/token",
            "PROFILE_URL": f"{issuer.url}/userinfo",
        }
    )
    assert not isinstance(settings, list), settings
    return open_provider("op", settings, outbound)


async def sign_on(provider: Provider) -> object:
    departure = await provider.depart(CALLBACK)
    return await provider.arrive({"state": departure.memory["state"], "code": "c"}, departure.memory)


@pytest.mark.parametrize("path", ["/token", "/userinfo"])
@pytest.mark.parametrize("broken", [*BROKEN, "silence"])
async def test_a_broken_answer_is_a_cause_within_5_seconds(
    issuer: Issuer, provider: Provider, broken: str, path: str
) -> None:
    answers: dict[str, Callable[[], Answer]] = {**BROKEN, "silence": silence}
    if broken == "wrong types" and path == "/userinfo":
        answers[broken] = lambda: json({"id": ["1"], "email": 1})  # a number would be a good identifier here
    issuer.answers[path] = answers[broken]
    with within(5.5), pytest.raises(ProviderError) as caught:
        await sign_on(provider)
    assert caught.value.cause
    assert "\n" not in caught.value.cause
    assert isinstance(caught.value, Unreachable) or broken == "wrong types"


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ({"error": "incorrect_client_credentials"}, ProviderError),
        ({"error": "invalid_client"}, Misconfigured),
        ({"error": "temporarily_unavailable"}, Unreachable),
    ],
)
async def test_an_error_with_status_200_is_an_error(
    issuer: Issuer, provider: Provider, said: dict[str, str], kind: type[ProviderError]
) -> None:
    issuer.answers["/token"] = lambda: json({**said, "access_token": "a", "token_type": "bearer"})
    with pytest.raises(kind):
        await sign_on(provider)
    assert issuer.seen["/userinfo"] == 0


@pytest.mark.parametrize(
    "profile", [[], 1, None, {}, {"id": None}, {"id": {}}, {"id": "a\x00"}, {"email": "a@b.c"}]
)
async def test_a_profile_that_names_nobody_is_nobody(
    issuer: Issuer, provider: Provider, profile: object
) -> None:
    issuer.userinfo = profile
    with pytest.raises((Untrusted, Unreachable)):
        await sign_on(provider)
