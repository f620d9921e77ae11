"""An issuer that says the wrong thing in any of its documents gets nowhere."""

from typing import Any
from urllib.parse import parse_qs

import pytest

from providers.contract import (
    Misconfigured,
    ProviderError,
    Refused,
    Unreachable,
    Untrusted,
)
from tests.sign_on.browser import CALLBACK
from tests.sign_on.conftest import Open
from tests.sign_on.issuer import DISCOVERY, Answer, Issuer, json, sign, sign_on_at


@pytest.mark.parametrize(
    "change",
    [
        {"issuer": "https://evil.example"},
        {"issuer": "{url}/"},
        {"issuer": "{url}/other"},
        {"issuer": ""},
        {"issuer": None},
        {"authorization_endpoint": "javascript:alert(1)"},
        {"authorization_endpoint": "//evil.example"},
        {"authorization_endpoint": "https://evil.example/\r\nSet-Cookie: a=b"},
        {"token_endpoint": "file:///etc/passwd"},
        {"token_endpoint": None},
        {"jwks_uri": "http://a:b@127.0.0.1/"},
        {"userinfo_endpoint": 7},
        {"id_token_signing_alg_values_supported": "RS256"},
    ],
)
async def test_a_lying_discovery_document_leads_nowhere(
    issuer: Issuer, open_openid: Open, change: dict[str, Any]
) -> None:
    for name, value in change.items():
        issuer.metadata[name] = value.replace("{url}", issuer.url) if isinstance(value, str) else value
    with pytest.raises((Misconfigured, Unreachable)):
        await open_openid(issuer.url).depart(CALLBACK)


@pytest.mark.parametrize("configured", ["{url}", "{url}/.well-known/openid-configuration"])
async def test_the_issuer_is_known_by_its_name_or_by_its_document(
    issuer: Issuer, open_openid: Open, configured: str
) -> None:
    provider = open_openid(configured.replace("{url}", issuer.url))
    assert (await sign_on_at(issuer, provider)).external_identifier == "ada"


async def test_an_issuer_whose_name_ends_in_a_slash_is_known_by_its_document(
    issuer: Issuer, open_openid: Open
) -> None:
    issuer.metadata["issuer"] = issuer.url + "/"
    provider = open_openid(issuer.url + DISCOVERY)
    departure = await provider.depart(CALLBACK)
    issuer.id_token = sign(issuer.claims(departure.memory["nonce"], iss=issuer.url + "/"))
    query = {"state": departure.memory["state"], "code": "c", "iss": issuer.url + "/"}
    assert (await provider.arrive(query, departure.memory)).profile["iss"] == issuer.url + "/"


async def test_a_document_cannot_reach_into_the_http_client(issuer: Issuer, open_openid: Open) -> None:
    hostile = {"verify": False, "proxy": "http://127.0.0.1:1", "client_id": "other", "client_secret": "other"}
    hostile |= {"scope": "everything", "follow_redirects": True, "leeway": 1e9, "timeout": 0, "transport": 1}
    issuer.metadata |= {**hostile, "token_endpoint_auth_method": "none", "code_challenge_method": "plain"}
    assert (await sign_on_at(issuer, open_openid(issuer.url))).external_identifier == "ada"


async def test_an_issuer_that_moved_in_between_is_not_trusted(issuer: Issuer, open_openid: Open) -> None:
    provider = open_openid(issuer.url)
    departure = await provider.depart(CALLBACK)
    query = {"state": departure.memory["state"], "code": "c", "iss": issuer.url}
    with pytest.raises(Untrusted, match="another issuer"):
        await provider.arrive(query, {**departure.memory, "issuer": "https://old.example"})


async def test_an_issuer_without_rfc_9207_may_leave_its_name_out(issuer: Issuer, open_openid: Open) -> None:
    del issuer.metadata["authorization_response_iss_parameter_supported"]
    provider = open_openid(issuer.url)
    departure = await provider.depart(CALLBACK)
    issuer.id_token = sign(issuer.claims(departure.memory["nonce"]))
    query = {"state": departure.memory["state"], "code": "c"}
    assert (await provider.arrive(query, departure.memory)).external_identifier == "ada"
    with pytest.raises(Untrusted):
        await provider.arrive({**query, "iss": "https://evil.example"}, departure.memory)


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("invalid_grant", Refused),
        ("something_new", Refused),
        ("invalid_client", Misconfigured),
        ("temporarily_unavailable", Unreachable),
        ({"a": 1}, Refused),
    ],
)
async def test_an_error_of_the_token_endpoint_has_its_kind(
    issuer: Issuer, open_openid: Open, code: object, kind: type[ProviderError]
) -> None:
    issuer.answers["/token"] = lambda: json({"error": code, "error_description": "a\nb" * 500}, status=400)
    with pytest.raises(kind) as caught:
        await sign_on_at(issuer, open_openid(issuer.url))
    assert "\n" not in caught.value.cause
    assert len(caught.value.cause) < 450


@pytest.mark.parametrize(
    "tokens",
    [
        {},
        {"access_token": "a"},
        {"id_token": "{token}"},
        {"access_token": 1, "id_token": "{token}"},
        {"access_token": "a", "id_token": ["{token}"]},
        {"access_token": "a", "id_token": "{token}", "expires_in": "soon"},
        {"access_token": "a", "id_token": "{token}", "expires_in": {"a": 1}},
    ],
)
async def test_a_token_answer_of_another_shape_is_no_sign_on(
    issuer: Issuer, open_openid: Open, tokens: dict[str, object]
) -> None:
    issuer.answers["/token"] = lambda: json(
        {name: issuer.id_token if value == "{token}" else value for name, value in tokens.items()}
    )
    with pytest.raises((Untrusted, Unreachable)):
        await sign_on_at(issuer, open_openid(issuer.url))


@pytest.mark.parametrize("lifetime", [1, 0, -5, None])
async def test_a_short_lived_access_token_is_used_and_not_refreshed(
    issuer: Issuer, open_openid: Open, lifetime: int | None
) -> None:
    said = {"access_token": "a", "token_type": "bearer", "expires_in": lifetime, "refresh_token": "r"}
    issuer.answers["/token"] = lambda: json({**said, "id_token": issuer.id_token})
    identity = await sign_on_at(issuer, open_openid(issuer.url))
    assert identity.tokens.refresh_token is not None
    assert identity.tokens.refresh_token.reveal() == "r"
    assert issuer.seen["/token"] == 1
    assert issuer.authorizations[-1] == "Bearer a"


@pytest.mark.parametrize("userinfo", [{}, {"sub": "grace"}, {"sub": ["ada"]}, {"sub": "ADA"}])
async def test_userinfo_about_somebody_else_is_not_trusted(
    issuer: Issuer, open_openid: Open, userinfo: object
) -> None:
    issuer.userinfo = userinfo
    with pytest.raises(Untrusted, match="somebody else"):
        await sign_on_at(issuer, open_openid(issuer.url))


async def test_signed_userinfo_is_named_as_what_it_is(issuer: Issuer, open_openid: Open) -> None:
    issuer.answers["/userinfo"] = lambda: Answer(b"a.b.c", headers={"Content-Type": "application/jwt"})
    with pytest.raises(Misconfigured, match="signs its userinfo"):
        await sign_on_at(issuer, open_openid(issuer.url))


async def test_an_issuer_without_userinfo_needs_none(issuer: Issuer, open_openid: Open) -> None:
    del issuer.metadata["userinfo_endpoint"]
    assert (await sign_on_at(issuer, open_openid(issuer.url))).external_identifier == "ada"
    assert issuer.seen["/userinfo"] == 0


@pytest.mark.parametrize(
    ("offered", "secret", "sent", "posted"),
    [
        (None, "plain", "Basic bWU6cGxhaW4=", None),
        (["client_secret_post"], "plain", "", ["plain"]),
        (["client_secret_basic", "client_secret_post"], "a+b/c=", "", ["a+b/c="]),
        (["client_secret_basic"], "a:é", "Basic bWU6YSUzQSVDMyVBOQ==", None),
        (["private_key_jwt"], "", "", None),
    ],
)
async def test_the_client_proves_itself_as_the_issuer_offers(
    issuer: Issuer, open_openid: Open, offered: object, secret: str, sent: str, posted: list[str] | None
) -> None:
    if offered is not None:
        issuer.metadata["token_endpoint_auth_methods_supported"] = offered
    await sign_on_at(issuer, open_openid(issuer.url, CLIENT_SECRET=secret))
    form = parse_qs(issuer.forms[0])
    assert [header for header in issuer.authorizations if header.startswith("Basic")] == (
        [sent] if sent else []
    )
    assert form.get("client_secret") == posted
    assert form["grant_type"] == ["authorization_code"]
    assert form["redirect_uri"] == [CALLBACK]
    assert len(form["code_verifier"][0]) >= 43


async def test_a_secret_that_cannot_be_used_is_the_administrators_matter(
    issuer: Issuer, open_openid: Open
) -> None:
    issuer.metadata["token_endpoint_auth_methods_supported"] = ["private_key_jwt"]
    with pytest.raises(Misconfigured):
        await open_openid(issuer.url, CLIENT_SECRET="plain").depart(CALLBACK)


@pytest.mark.parametrize(
    "junk",
    [
        {"kty": "oct", "k": "AAAA", "kid": "junk"},
        {"kty": "RSA", "kid": "junk"},
        {"kty": "RSA", "n": 1, "e": 2, "kid": "junk"},
        {"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA", "kid": "junk"},
        {"kty": "AKP", "alg": "ML-DSA-44", "pub": "AA", "kid": "junk"},
        {"kty": None},
        {"kty": ["RSA"]},
        {},
    ],
)
async def test_a_key_that_cannot_be_read_spoils_none_of_the_others(
    issuer: Issuer, open_openid: Open, junk: dict[str, Any]
) -> None:
    issuer.keys.insert(0, junk)
    assert (await sign_on_at(issuer, open_openid(issuer.url))).external_identifier == "ada"


async def test_an_issuer_with_no_key_that_signs_is_unreachable(issuer: Issuer, open_openid: Open) -> None:
    issuer.keys = [{"kty": "oct", "k": "AAAA", "kid": "rsa"}]
    with pytest.raises(Unreachable, match="no key"):
        await sign_on_at(issuer, open_openid(issuer.url))
