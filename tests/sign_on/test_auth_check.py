"""`idbridge auth check NAME` says in sentences what is wrong between a provider and us."""

import os
from pathlib import Path

import pytest

from tests import commands
from tests.peers.oidc import OpenIDProvider
from tests.peers.slapd import Directory
from tests.sign_on.issuer import DISCOVERY, Answer, Issuer, json
from tests.sign_on.stand_in import SECRET, Vendor, running

HOME = "http://127.0.0.1:8055"
CALLBACK = f"{HOME}/auth/login/op/callback"


async def check(name: str = "op", **settings: str) -> tuple[int, str]:
    """The exit status, and all that was said."""
    variables = {
        **{key: value for key, value in os.environ.items() if not key.startswith("AUTH_")},
        "AUTH_PROVIDERS": "op", "PUBLIC_URL": HOME, "OUTBOUND_IP_ALLOW_LIST": "127.0.0.0/8",
        **{f"AUTH_OP_{key}": value for key, value in settings.items()},
    }  # fmt: skip
    ended = await commands.run(Path.cwd(), ["auth", "check", name], variables)
    return ended.status, ended.out + ended.err


def openid(issuer: str, **more: str) -> dict[str, str]:
    return {"DRIVER": "openid", "ISSUER_URL": issuer, "CLIENT_ID": "me", **more}


async def test_a_client_that_is_set_up_rightly(idp: OpenIDProvider) -> None:
    client = idp.register(CALLBACK)
    given = openid(idp.issuer, CLIENT_ID=client.client_id, CLIENT_SECRET=client.client_secret or "")
    status, said = await check(**given)
    assert (status, "op is set up rightly" in said, CALLBACK in said) == (0, True, True), said


async def test_a_wrong_secret_and_a_return_address_that_is_not_registered(idp: OpenIDProvider) -> None:
    client = idp.register("http://127.0.0.1:8055/elsewhere")
    status, said = await check(**openid(idp.issuer, CLIENT_ID=client.client_id, CLIENT_SECRET="guessed"))
    assert status == 1
    assert "does not know the client, or its secret or key is wrong" in said
    assert f"register {CALLBACK} as a redirect" in said
    assert "guessed" not in said


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"issuer": "https://other.example"}, "The discovery document is another issuer's"),
        ({"id_token_signing_alg_values_supported": ["HS256"]}, "no algorithm that we accept"),
        ({"code_challenge_methods_supported": ["plain"]}, "does not offer PKCE with S256"),
        ({"response_types_supported": ["id_token"]}, "does not offer the authorization code flow"),
        ({"scopes_supported": ["openid"]}, "does not offer the scope profile email"),
        (
            {"token_endpoint_auth_methods_supported": ["tls_client_auth"]},
            "takes neither our secret nor our key",
        ),
        ({"jwks_uri": "http://127.0.0.1:1/keys"}, "The provider cannot be asked"),
    ],
)
async def test_what_does_not_fit_is_said(issuer: Issuer, change: dict[str, object], sentence: str) -> None:
    issuer.metadata |= change
    status, said = await check(**openid(issuer.url, CLIENT_SECRET="s3cret-of-ours"))
    assert (status, sentence in said) == (1, True), said


async def test_a_provider_that_is_down_or_talks_nonsense(issuer: Issuer) -> None:
    for answer in (Answer(status=500), Answer(b"<html>"), json([])):
        issuer.answers[DISCOVERY] = lambda answer=answer: answer
        status, said = await check(**openid(issuer.url))
        assert (status, "Traceback" in said) == (1, False), said


async def test_the_return_addresses_are_those_of_the_project(issuer: Issuer) -> None:
    home = "/auth/login/op/callback"
    for project, told, not_told in (("default", (home, "/default/auth/sso/op/callback"), "/thumper"),
                                    ("thumper", ("/thumper/auth/sso/op/callback",), home)):  # fmt: skip
        _, said = await check(**openid(issuer.url, PROJECT=project))
        assert all(path in said for path in told), said
        assert not_told not in said


async def test_an_identifier_that_changes_hands_is_warned_of() -> None:
    status, said = await check(**openid("http://127.0.0.1:1", IDENTIFIER_KEY="email"))
    assert status == 1
    assert "Take what never changes" in said
    assert "cannot be reached" in said


async def test_an_oauth2_server_and_its_secret() -> None:
    with running(Vendor()) as hub:
        base = f"{hub.url}/hub.example"
        given = {
            "DRIVER": "oauth2", "CLIENT_ID": "me", "AUTHORIZE_URL": f"{base}/authorize",
            "ACCESS_URL": f"{base}/token", "PROFILE_URL": f"{base}/me",
        }  # fmt: skip
        assert (await check(**given, CLIENT_SECRET=SECRET))[0] == 0
        status, said = await check(**given, CLIENT_SECRET="guessed")
        assert (status, "compare CLIENT_ID and CLIENT_SECRET" in said) == (1, True), said


async def test_a_directory(directory: Directory) -> None:
    status, said = await check(**directory.settings())
    assert (status, "op is set up rightly" in said, "return address" in said) == (0, True, False), said
    status, said = await check(**directory.settings(BIND_PASSWORD="guessed"))
    assert (status, "does not take BIND_DN and BIND_PASSWORD" in said, "guessed" in said) == (1, True, False)
    status, said = await check(**directory.settings(CLIENT_URL="ldaps://127.0.0.1:1"))
    assert (status, "The provider cannot be asked: 127.0.0.1 cannot be reached." in said) == (1, True), said


async def test_a_name_that_is_not_there_is_told_those_that_are() -> None:
    status, said = await check("nobody", **openid("http://127.0.0.1:1"))
    assert (status, "AUTH_PROVIDERS names no nobody; it names op." in said) == (1, True)
