"""OAuth client credentials for /scim/v2: secrets and signed assertions, and what is refused."""

import secrets
import time
from base64 import b64encode
from typing import Any
from urllib.parse import quote_plus, urlencode

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey

from tests.languages.test_connections import a_connection
from tests.languages.test_scim_users import Okta
from tests.served import Served

FORM = {"content-type": "application/x-www-form-urlencoded"}
BEARER = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


async def ask(house: Served, headers: dict[str, str] | None = None, **form: str) -> Any:
    given = {"grant_type": "client_credentials", **form}
    return await house.ask(
        "POST", "/oauth/token", token=None, content=urlencode(given), headers={**FORM, **(headers or {})}
    )


async def a_secret(house: Served, key: str) -> str:
    made = await house.ask("POST", f"/connections/{key}/tokens", {"kind": "secret"})
    assert made.json()["data"]["client_id"] == key
    assert made.json()["data"]["token_url"] == f"{house.url}/oauth/token"
    return str(made.json()["data"]["secret"])


def signed(key: RSAKey | ECKey, client: str, audience: str, **claims: Any) -> str:
    at = int(time.time())
    said = {
        "iss": client,
        "sub": client,
        "aud": audience,
        "exp": at + 50,
        "iat": at,
        "jti": secrets.token_hex(8),
    }
    given = {name: value for name, value in {**said, **claims}.items() if value is not None}
    algorithm = "RS256" if isinstance(key, RSAKey) else "ES256"
    return jwt.encode({"alg": algorithm, "kid": key.kid}, given, key, [algorithm])


async def test_a_secret_in_the_body_or_the_header_gets_a_token_that_works(house: Served) -> None:
    key = (await a_connection(house))["id"]
    secret = await a_secret(house, key)
    basic = b64encode(f"{quote_plus(key)}:{quote_plus(secret)}".encode()).decode()
    for answer in (
        await ask(house, client_id=key, client_secret=secret, scope="scim"),
        await ask(house, {"authorization": f"Basic {basic}"}),
    ):
        assert answer.status_code == 200, answer.text
        body = answer.json()
        assert (body["token_type"], body["expires_in"], body["scope"]) == ("Bearer", 900, "scim")
        assert answer.headers["cache-control"] == "no-store"
        okta = Okta(house, body["access_token"])
        assert (await okta.ask("GET", "/Users")).status_code == 200
    listed = (
        await house.ask("GET", f"/connections/{key}/tokens", params={"filter[kind][_eq]": "secret"})
    ).json()["data"]
    assert (await house.ask("DELETE", f"/connections/{key}/tokens/{listed[0]['id']}")).status_code == 204
    assert (await okta.ask("GET", "/Users")).status_code == 401
    assert (await ask(house, client_id=key, client_secret=secret)).status_code == 401


async def test_a_secret_is_no_token_and_a_token_no_secret(house: Served) -> None:
    key = (await a_connection(house))["id"]
    secret = await a_secret(house, key)
    assert (await Okta(house, secret).ask("GET", "/Users")).status_code == 401
    token = (await house.ask("POST", f"/connections/{key}/tokens", {})).json()["data"]["token"]
    assert (await ask(house, client_id=key, client_secret=token)).status_code == 401
    other = (await a_connection(house, provider="entra"))["id"]
    assert (await ask(house, client_id=other, client_secret=secret)).status_code == 401


@pytest.mark.parametrize("kind", [RSAKey, ECKey])
async def test_a_private_key_proves_the_client_once(house: Served, kind: Any) -> None:
    pair = kind.generate_key(2048 if kind is RSAKey else "P-256", auto_kid=True)
    key = (await a_connection(house, jwks={"keys": [pair.as_dict(private=False)]}))["id"]
    assertion = signed(pair, key, house.url)
    form = {"client_assertion_type": BEARER, "client_assertion": assertion}
    answer = await ask(house, **form)
    assert answer.status_code == 200, answer.text
    assert (await Okta(house, answer.json()["access_token"]).ask("GET", "/Users")).status_code == 200
    again = await ask(house, **form)
    assert (again.status_code, again.json()["error"]) == (401, "invalid_client")


async def test_assertions_that_are_not_the_clients_or_not_for_us_are_refused(house: Served) -> None:
    pair, stranger = RSAKey.generate_key(2048, auto_kid=True), RSAKey.generate_key(2048, auto_kid=True)
    key = (await a_connection(house, jwks={"keys": [pair.as_dict(private=False)]}))["id"]
    now = int(time.time())
    bad = {
        "another's key": signed(stranger, key, house.url),
        "another audience": signed(pair, key, "https://other.example.com"),
        "several audiences": signed(pair, key, house.url, aud=[house.url, "https://other.example.com"]),
        "the token's address as audience": signed(pair, key, f"{house.url}/oauth/token"),
        "another issuer": signed(pair, key, house.url, iss="somebody"),
        "past its time": signed(pair, key, house.url, exp=now - 60),
        "lives too long": signed(pair, key, house.url, exp=now + 3600),
        "without an end": signed(pair, key, house.url, exp=None),
        "without a jti": signed(pair, key, house.url, jti=None),
        "from the future": signed(pair, key, house.url, iat=now + 3600),
        "an unknown client": signed(pair, "00000000-0000-0000-0000-000000000001", house.url),
        "no JWT": "x.y.z", "empty": "", "long": "x" * 9000,
    }  # fmt: skip
    for name, assertion in bad.items():
        refused = await ask(house, client_assertion_type=BEARER, client_assertion=assertion)
        assert (refused.status_code, refused.json()["error"]) == (401, "invalid_client"), name
        assert refused.headers["www-authenticate"].startswith("Basic")


async def test_new_keys_end_what_the_old_ones_got(house: Served) -> None:
    pair = ECKey.generate_key("P-256", auto_kid=True)
    key = (await a_connection(house, jwks={"keys": [pair.as_dict(private=False)]}))["id"]
    answer = await ask(house, client_assertion_type=BEARER, client_assertion=signed(pair, key, house.url))
    okta = Okta(house, answer.json()["access_token"])
    assert (await okta.ask("GET", "/Users")).status_code == 200
    newer = ECKey.generate_key("P-256", auto_kid=True)
    body = {"jwks": {"keys": [newer.as_dict(private=False)]}}
    assert (await house.ask("PATCH", f"/connections/{key}", body)).status_code == 200
    assert (await okta.ask("GET", "/Users")).status_code == 401
    refused = await ask(house, client_assertion_type=BEARER, client_assertion=signed(pair, key, house.url))
    assert refused.status_code == 401


async def test_keys_in_a_private_network_are_not_fetched(house: Served) -> None:
    pair = ECKey.generate_key("P-256", auto_kid=True)
    key = (await a_connection(house, jwks_uri=f"{house.url}/users"))["id"]
    refused = await ask(house, client_assertion_type=BEARER, client_assertion=signed(pair, key, house.url))
    assert (refused.status_code, refused.json()["error"]) == (401, "invalid_client")
    assert "127.0.0.1" not in refused.text


async def test_what_is_no_request_for_a_token_is_400(house: Served) -> None:
    key = (await a_connection(house))["id"]
    secret = await a_secret(house, key)
    for form, error in (
        ({"grant_type": "password"}, "unsupported_grant_type"), ({"scope": "admin"}, "invalid_scope"),
    ):  # fmt: skip
        refused = await ask(house, client_id=key, client_secret=secret, **form)
        assert (refused.status_code, refused.json()["error"]) == (400, error)
    twice = await house.ask("POST", "/oauth/token", token=None, content="a=1&a=2", headers=FORM)
    assert (twice.status_code, twice.json()["error"]) == (400, "invalid_request")
    as_json = await house.ask("POST", "/oauth/token", {"grant_type": "client_credentials"}, token=None)
    assert (as_json.status_code, as_json.json()["error"]) == (400, "invalid_request")
    assert (await ask(house)).status_code == 401
    both = await ask(house, {"authorization": "Basic eDp5"}, client_id=key, client_secret=secret)
    assert both.status_code == 401


async def test_a_client_gets_no_token_from_outside_its_networks(house: Served) -> None:
    key = (await a_connection(house, networks=["192.0.2.0/24"]))["id"]
    secret = await a_secret(house, key)
    refused = await ask(house, client_id=key, client_secret=secret)
    assert (refused.status_code, refused.json()["error"]) == (401, "invalid_client")
