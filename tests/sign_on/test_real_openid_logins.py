"""Whole sign-ons through a browser at a real OpenID provider."""

import asyncio
import logging
from urllib.parse import parse_qs, urlsplit

import msgspec
import pytest
from joserfc.jwk import ECKey, RSAKey

from providers.afterwards import Renews
from providers.contract import Misconfigured, Provider, Refused, Untrusted
from tests.peers.oidc import OpenIDProvider
from tests.sign_on.arrivals import go, sign_on
from tests.sign_on.browser import CALLBACK
from tests.sign_on.conftest import Open
from tests.sign_on.issuer import Issuer


async def test_the_identity_is_what_the_provider_knows(op: Provider, idp: OpenIDProvider) -> None:
    identity = await sign_on(op, "ada")
    assert identity.provider == "op"
    assert identity.external_identifier == "ada"
    assert (identity.email, identity.email_verified) == ("ada@example.com", True)
    assert (identity.first_name, identity.last_name) == ("Ada", "Lovelace")
    assert identity.profile == {
        "iss": idp.issuer,
        "sub": "ada",
        "email": "ada@example.com",
        "email_verified": True,
        "given_name": "Ada",
        "family_name": "Lovelace",
    }
    assert identity.tokens.refresh_token is None
    assert identity.tokens.id_token is not None
    assert identity.tokens.id_token.reveal().count(".") == 2


async def test_the_profile_is_the_same_next_time(op: Provider) -> None:
    assert (await sign_on(op, "grace")).profile == (await sign_on(op, "grace")).profile


@pytest.mark.parametrize("alg", ["RS256", "PS256", "ES256", "EdDSA", "Ed25519"])
async def test_every_asymmetric_algorithm_is_read(idp: OpenIDProvider, open_openid: Open, alg: str) -> None:
    client = idp.register(CALLBACK, id_token_signed_response_alg=alg)
    provider = open_openid(idp.issuer, CLIENT_ID=client.client_id, CLIENT_SECRET=client.client_secret)
    assert (await sign_on(provider, "ada")).external_identifier == "ada"


async def test_a_public_client_needs_no_secret(idp: OpenIDProvider, open_openid: Open) -> None:
    client = idp.register(CALLBACK, token_endpoint_auth_method="none")
    assert client.client_secret is None
    provider = open_openid(idp.issuer, CLIENT_ID=client.client_id)
    assert (await sign_on(provider, "ada")).external_identifier == "ada"


async def test_an_unverified_address_is_said_to_be_unverified(op: Provider) -> None:
    identity = await sign_on(op, "shady")
    assert (identity.email, identity.email_verified) == ("shady@example.com", False)


async def test_somebody_without_any_claims_is_still_somebody(op: Provider) -> None:
    identity = await sign_on(op, "nameless")
    assert identity.external_identifier == "nameless"
    assert (identity.email, identity.email_verified, identity.first_name) == (None, False, None)


async def test_another_claim_may_be_the_identifier(idp: OpenIDProvider, open_openid: Open) -> None:
    idp.describe("ruth", locale="e-42", email="ruth@example.com", email_verified=False)
    client = idp.register(CALLBACK)
    given = {"CLIENT_ID": client.client_id, "CLIENT_SECRET": client.client_secret}
    by_claim = open_openid(idp.issuer, IDENTIFIER_KEY="locale", **given)
    assert (await sign_on(by_claim, "ruth")).external_identifier == "e-42"
    by_absent_claim = open_openid(idp.issuer, IDENTIFIER_KEY="employee.number", **given)
    with pytest.raises(Untrusted, match=r"employee\.number is missing"):
        await sign_on(by_absent_claim, "ruth")
    by_email = open_openid(idp.issuer, IDENTIFIER_KEY="email", **given)
    with pytest.raises(Refused, match="not verified"):
        await sign_on(by_email, "ruth")


def _for_offline_access(idp: OpenIDProvider, open_openid: Open) -> Provider:
    client = idp.register(CALLBACK)
    return open_openid(
        idp.issuer,
        CLIENT_ID=client.client_id,
        CLIENT_SECRET=client.client_secret,
        SCOPE="openid email offline_access",
    )


async def test_offline_access_brings_a_refresh_token_that_no_repr_shows(
    idp: OpenIDProvider, open_openid: Open
) -> None:
    provider = _for_offline_access(idp, open_openid)
    identity = await sign_on(provider, "ada", prompt="consent")
    token = identity.tokens.refresh_token
    assert token is not None
    assert token.reveal()
    assert token.reveal() not in repr(identity)
    assert token.reveal() not in f"{identity}"


async def test_facts_about_the_session_come_along(idp: OpenIDProvider, open_openid: Open) -> None:
    client = idp.register(CALLBACK, require_auth_time=True)
    provider = open_openid(idp.issuer, CLIENT_ID=client.client_id, CLIENT_SECRET=client.client_secret)
    identity = await sign_on(provider, "ada")
    assert identity.auth_time is not None
    assert "auth_time" not in identity.profile


async def test_keys_that_were_rotated_are_fetched_anew(op: Provider, idp: OpenIDProvider) -> None:
    assert (await sign_on(op, "ada")).external_identifier == "ada"
    idp.rotate_keys()
    assert (await sign_on(op, "ada")).external_identifier == "ada"


async def test_what_is_asked_of_the_provider(issuer: Issuer, open_openid: Open) -> None:
    op = open_openid(issuer.url)
    departures = [await op.depart(CALLBACK, login_hint="ada@example.com", prompt="login") for _ in range(2)]
    asked = parse_qs(urlsplit(departures[0].url).query)
    assert asked["code_challenge_method"] == ["S256"]
    assert asked["response_type"] == ["code"]
    assert asked["redirect_uri"] == [CALLBACK]
    assert asked["scope"] == ["openid profile email"]
    assert asked["login_hint"] == ["ada@example.com"]
    assert asked["prompt"] == ["login"]
    assert "code_verifier" not in asked
    secrets = [
        departure.memory[name] for departure in departures for name in ("state", "nonce", "code_verifier")
    ]
    secrets.append(asked["code_challenge"][0])
    assert len(set(secrets)) == len(secrets)
    assert all(len(secret) >= 43 for secret in secrets)
    assert secrets[0] not in repr(departures)


async def test_what_is_asked_is_pushed_where_that_is_offered(op: Provider) -> None:
    """RFC 9126: no page, log or extension on the way sees the parameters, and nobody can change them."""
    departure = await op.depart(CALLBACK, login_hint="ada@example.com")
    asked = parse_qs(urlsplit(departure.url).query)
    assert set(asked) == {"client_id", "request_uri"}
    assert departure.memory["state"] not in departure.url
    assert (await sign_on(op, "ada")).external_identifier == "ada"


@pytest.mark.parametrize("kind", ["RSA", "EC", "PEM"])
async def test_a_key_may_stand_in_for_the_secret(idp: OpenIDProvider, open_openid: Open, kind: str) -> None:
    """private_key_jwt: the issuer knows the public half only, so nothing that it loses signs in as us."""
    key = RSAKey.generate_key(2048) if kind == "RSA" else ECKey.generate_key("P-256")
    public = {**key.as_dict(private=False), "use": "sig", "kid": "ours"}
    client = idp.register(
        CALLBACK,
        token_endpoint_auth_method="private_key_jwt",
        token_endpoint_auth_signing_alg="RS256" if kind == "RSA" else "ES256",
        jwks={"keys": [public]},
    )
    jwk = msgspec.json.encode({"keys": [{**key.as_dict(private=True), "kid": "ours"}]}).decode()
    text = key.as_pem(private=True).decode() if kind == "PEM" else f"json:{jwk}"
    provider = open_openid(idp.issuer, CLIENT_ID=client.client_id, CLIENT_PRIVATE_KEYS=text)
    assert (await sign_on(provider, "ada")).external_identifier == "ada"
    stranger = RSAKey.generate_key(2048) if kind == "RSA" else ECKey.generate_key("P-256")
    text = stranger.as_pem(private=True).decode()
    other = open_openid(idp.issuer, CLIENT_ID=client.client_id, CLIENT_PRIVATE_KEYS=text)
    with pytest.raises(Misconfigured):
        await sign_on(other, "ada")


async def test_a_grant_is_renewed_and_its_revocation_is_heard_of(
    idp: OpenIDProvider, open_openid: Open
) -> None:
    provider = _for_offline_access(idp, open_openid)
    assert isinstance(provider, Renews)
    first = (await sign_on(provider, "ada", prompt="consent")).tokens.refresh_token
    assert first is not None
    second = await provider.renew(first)
    assert second is not None
    third = await provider.renew(second)
    assert third is not None
    with pytest.raises(Refused) as caught:  # used twice: the provider takes the whole grant away
        await provider.renew(first)
    assert caught.value.code == "invalid_grant"
    with pytest.raises(Refused):
        await provider.renew(third)


async def test_twenty_people_at_once_through_one_provider(op: Provider) -> None:
    people = await asyncio.gather(*(sign_on(op, f"person{number}") for number in range(20)))
    assert [person.external_identifier for person in people] == [f"person{number}" for number in range(20)]


async def test_nothing_secret_is_logged_however_loud_the_log(
    idp: OpenIDProvider, open_openid: Open, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    client = idp.register(CALLBACK)
    provider = open_openid(idp.issuer, CLIENT_ID=client.client_id, CLIENT_SECRET=client.client_secret)
    departure, query = await go(provider, "ada")
    identity = await provider.arrive(query, departure.memory)
    assert identity.tokens.id_token is not None
    secrets = [
        client.client_secret or "",
        query["code"],
        identity.tokens.id_token.reveal(),
        *(departure.memory[name] for name in ("state", "nonce", "code_verifier")),
    ]
    assert all(len(secret) > 20 for secret in secrets)
    ours = [record for record in caplog.records if record.name.partition(".")[0] != "asyncio"]
    assert not [secret for secret in secrets for record in ours if secret in record.getMessage()]
