"""The rules of OpenID Connect, at an issuer that lies: each begins with the attack, and it is refused."""

import time
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

import msgspec
import pytest
from joserfc import jwt
from joserfc.jwk import ECKey

from providers.contract import Misconfigured, ProviderError, Unreachable, Untrusted
from providers.http import Outbound
from tests.sign_on.browser import CALLBACK
from tests.sign_on.conftest import TRUST, Open
from tests.sign_on.forgeries import claiming, signed, signed_with_the_public_key, unsigned
from tests.sign_on.issuer import DISCOVERY, Answer, Issuer, json, sign, sign_on_at


async def test_rule_1_every_departure_has_its_own_s256_challenge(issuer: Issuer, open_openid: Open) -> None:
    op = open_openid(issuer.url)
    urls = [(await op.depart(CALLBACK)).url for _ in range(3)]
    asked = [parse_qs(urlsplit(url).query) for url in urls]
    assert len({one["code_challenge"][0] for one in asked}) == 3
    assert {one["code_challenge_method"][0] for one in asked} == {"S256"}


@pytest.mark.parametrize("said", ["https://evil.example", None, ""])
async def test_rule_3_another_issuers_answer_is_not_taken(
    issuer: Issuer, open_openid: Open, said: str | None
) -> None:
    op = open_openid(issuer.url)
    departure = await op.depart(CALLBACK)
    issuer.id_token = sign(issuer.claims(departure.memory["nonce"]))
    query = {"state": departure.memory["state"], "code": "c", **({} if said is None else {"iss": said})}
    with pytest.raises(Untrusted):
        await op.arrive(query, departure.memory)
    assert issuer.seen["/token"] == 0  # the code never leaves the house


async def test_rule_4_an_id_token_of_another_sign_on_is_not_taken(issuer: Issuer, open_openid: Open) -> None:
    op = open_openid(issuer.url)
    first = await op.depart(CALLBACK)
    replayed = sign(issuer.claims(first.memory["nonce"]))
    assert len({first.memory[name] for name in ("state", "nonce", "code_verifier")}) == 3
    with pytest.raises(Untrusted):
        await sign_on_at(issuer, op, lambda *_: replayed)


@pytest.mark.parametrize(
    "forge", [claiming(aud="other"), claiming(aud="other", azp="me"), claiming(aud=["me", "other"])]
)
async def test_rule_5_a_token_for_another_client_is_not_taken(
    issuer: Issuer, open_openid: Open, forge: Any
) -> None:
    with pytest.raises(Untrusted):
        await sign_on_at(issuer, open_openid(issuer.url), forge)


@pytest.mark.parametrize("forge", [unsigned, signed_with_the_public_key, signed({"alg": "HS256"}, b"me")])
async def test_rule_6_nobody_signs_with_what_is_public(issuer: Issuer, open_openid: Open, forge: Any) -> None:
    issuer.metadata["id_token_signing_alg_values_supported"] = ["none", "HS256", "RS256"]
    with pytest.raises(Untrusted):
        await sign_on_at(issuer, open_openid(issuer.url), forge)


@pytest.mark.parametrize(
    "issuer_said", ["https://evil.example", "{url}/", "https://login.example/{{tenantid}}/v2.0"]
)
async def test_rule_7_a_document_of_another_issuer_is_not_taken(
    issuer: Issuer, open_openid: Open, issuer_said: str
) -> None:
    issuer.metadata["issuer"] = issuer_said.format(url=issuer.url)
    with pytest.raises(Misconfigured):
        await open_openid(issuer.url).depart(CALLBACK)


async def test_rule_8_userinfo_of_somebody_else_is_not_taken(issuer: Issuer, open_openid: Open) -> None:
    for userinfo in ({"sub": "admin"}, {}, {"sub": ["ada"]}, {"sub": "Ada"}):
        issuer.userinfo = {**userinfo, "email": "admin@example.com", "email_verified": True}
        with pytest.raises(Untrusted):
            await sign_on_at(issuer, open_openid(issuer.url))


async def test_rule_17_an_issuer_leads_nowhere_into_our_network(issuer: Issuer, open_openid: Open) -> None:
    strict = Outbound(trust=TRUST)
    for url in (
        f"{issuer.url}/x",
        "https://127.0.0.1/x",
        "https://[::ffff:10.0.0.1]/",
        "https://169.254.169.254/",
    ):
        with pytest.raises((Misconfigured, Unreachable)):
            await strict.fetch(url, dict)
    await strict.shut()
    issuer.answers[DISCOVERY] = lambda: Answer(status=302, headers={"Location": "http://169.254.169.254/"})
    with pytest.raises(Unreachable):
        await open_openid(issuer.url).depart(CALLBACK)
    assert sum(issuer.seen.values()) == 1


async def test_rule_34_what_we_sign_is_for_the_issuer_alone_and_for_a_minute(
    issuer: Issuer, open_openid: Open
) -> None:
    key = ECKey.generate_key("P-256")
    issuer.metadata["token_endpoint_auth_methods_supported"] = ["private_key_jwt"]
    op = open_openid(issuer.url, CLIENT_PRIVATE_KEYS=key.as_pem(private=True).decode())
    for _ in range(2):
        await sign_on_at(issuer, op)
    sent = [dict(parse_qsl(form))["client_assertion"] for form in issuer.forms]
    claims = [jwt.decode(one, key, algorithms=["ES256"]).claims for one in sent]
    for one in claims:
        assert one["aud"] == issuer.url
        assert one["iss"] == one["sub"] == "me"
        assert one["exp"] - one["iat"] <= 60
        assert abs(one["iat"] - time.time()) < 30
    assert claims[0]["jti"] != claims[1]["jti"]
    assert not [form for form in issuer.forms if "client_secret" in form]


@pytest.mark.parametrize(
    "pushed", [Answer(status=500), Answer(b"<html>"), json({"error": "invalid_request"}, 400), json({}, 201)]
)
@pytest.mark.parametrize("required", [True, False])
async def test_a_pushed_departure_that_fails_is_one_only_where_there_is_no_other_way(
    issuer: Issuer, open_openid: Open, pushed: Answer, required: bool
) -> None:
    issuer.metadata["pushed_authorization_request_endpoint"] = f"{issuer.url}/par"
    issuer.metadata["require_pushed_authorization_requests"] = required
    issuer.answers["/par"] = lambda: pushed
    op = open_openid(issuer.url)
    if required:
        with pytest.raises(ProviderError):
            await op.depart(CALLBACK)
    else:
        assert "code_challenge=" in (await op.depart(CALLBACK)).url


@pytest.mark.parametrize(
    "text",
    ["", "x", "{}", "[]", '{"keys": []}', "-----BEGIN PRIVATE KEY-----", '{"kty": "oct", "k": "AAAA"}'],
)
def test_a_key_that_cannot_sign_is_named_at_the_start(text: str) -> None:
    from providers.kinds import read_settings

    given = {"DRIVER": "openid", "CLIENT_ID": "me", "ISSUER_URL": "https://idp.example"}
    found = read_settings({**given, "CLIENT_PRIVATE_KEYS": text})
    assert isinstance(found, list) == bool(text)
    assert msgspec.json.encode(found if isinstance(found, list) else []).count(
        b"must be a private key"
    ) == bool(text)
