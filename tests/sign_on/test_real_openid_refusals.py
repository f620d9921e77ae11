"""Sign-ons at a real OpenID provider that must not succeed."""

from collections.abc import Mapping

import pytest

from providers.contract import Misconfigured, Provider, Refused, Untrusted
from tests.peers.oidc import OpenIDProvider
from tests.sign_on.arrivals import go, sign_on
from tests.sign_on.browser import CALLBACK
from tests.sign_on.conftest import Open


async def test_a_person_who_cancels_is_refused(op: Provider) -> None:
    departure, query = await go(op, "ada", deny=True)
    with pytest.raises(Refused) as caught:
        await op.arrive(query, departure.memory)
    assert caught.value.code == "access_denied"


async def test_a_silent_sign_on_of_nobody_is_refused(op: Provider) -> None:
    departure, query = await go(op, "ada", prompt="none")
    with pytest.raises(Refused) as caught:
        await op.arrive(query, departure.memory)
    assert caught.value.code == "login_required"


async def test_a_code_counts_once(op: Provider) -> None:
    departure, query = await go(op, "ada")
    await op.arrive(query, departure.memory)
    with pytest.raises(Refused) as caught:
        await op.arrive(query, departure.memory)
    assert caught.value.code == "invalid_grant"


async def test_a_code_of_another_departure_is_refused_by_pkce(op: Provider) -> None:
    mine, _ = await go(op, "ada")
    _, theirs = await go(op, "grace")
    with pytest.raises(Refused) as caught:
        await op.arrive({**theirs, "state": mine.memory["state"]}, mine.memory)
    assert caught.value.code == "invalid_grant"


@pytest.mark.parametrize(
    "change",
    [
        {"state": "another"},
        {"state": ""},
        {"state": "é\udcff"},
        {"state": None},
        {"iss": None},
        {"iss": ""},
        {"iss": "https://evil.example"},
        {"code": None},
        {"code": ""},
    ],
)
async def test_a_changed_answer_is_not_trusted(op: Provider, change: Mapping[str, str | None]) -> None:
    departure, query = await go(op, "ada")
    changed = {name: value for name, value in {**query, **change}.items() if value is not None}
    with pytest.raises(Untrusted):
        await op.arrive(changed, departure.memory)


async def test_an_error_of_another_issuer_is_not_believed(op: Provider) -> None:
    departure = await op.depart(CALLBACK)
    query = {"state": departure.memory["state"], "error": "access_denied", "iss": "https://evil.example"}
    with pytest.raises(Untrusted):
        await op.arrive(query, departure.memory)


async def test_a_wrong_secret_is_a_matter_for_the_administrator(
    idp: OpenIDProvider, open_openid: Open
) -> None:
    client = idp.register(CALLBACK)
    provider = open_openid(idp.issuer, CLIENT_ID=client.client_id, CLIENT_SECRET="not it")
    with pytest.raises(Misconfigured, match="invalid_client") as caught:
        await sign_on(provider, "ada")
    assert "not it" not in str(caught.value)
