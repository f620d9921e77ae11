"""`POST /oauth/token` (RFC 6749, 4.4): a connection's client gets a token of some minutes for /scim/v2.

A client proves itself by its secret (in the header or in the body, 2.3.1) or by an assertion that it signed
with its private key (RFC 7523). Errors are those of RFC 6749, 5.2; a stranger learns nothing of our clients.
"""

import logging
from base64 import b64decode
from functools import partial
from typing import Final
from urllib.parse import parse_qsl, unquote_plus

import msgspec
from litestar import Router, post
from litestar.response.base import ASGIResponse
from litestar.types import Scope

from providers.client_assertion import client_of, key_set, read_client_assertion
from providers.contract import ProviderError, Untrusted
from providers.discovery import with_keys
from service.api import answers
from service.api.allowed import check_address
from service.api.calls import KIB, Call, of
from service.api.coded import Refused
from service.users import client_credentials
from service.users.client_credentials import LIFETIME, Client
from service.users.problems import WrongAddress, WrongCredentials

SCOPE: Final = "scim"
_BODY: Final = 32 * KIB
_FIELDS: Final = 20
_ASSERTION: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_UNKEPT: Final = (("cache-control", "no-store"), ("pragma", "no-cache"))
_log: Final = logging.getLogger(__name__)
_FORM: Final = "application/x-www-form-urlencoded"


class _Proof(msgspec.Struct, frozen=True):
    """How a client proved who it is: by a secret, or by an assertion with this jti."""

    client: Client
    secret: str | None = None
    jti: str | None = None


@post("/oauth/token", status_code=200)
async def token(scope: Scope) -> ASGIResponse:
    """An access token for a client's credentials."""
    call = of(scope)
    try:
        return await _grant(call, await _form(call))
    except Refused as refused:
        body = {"error": refused.error, "error_description": refused.told}
        challenge = (("www-authenticate", 'Basic realm="idbridge"'),) if refused.status == 401 else ()
        return answers.answer(body, status=refused.status, headers=(*_UNKEPT, *challenge))


async def _grant(call: Call, form: dict[str, str]) -> ASGIResponse:
    if form.get("grant_type") != "client_credentials":
        raise Refused("unsupported_grant_type", "Only grant_type=client_credentials is served.")
    if not set(form.get("scope", SCOPE).split()) <= {SCOPE}:
        raise Refused("invalid_scope", "The only scope is scim.")
    proof = await _proven(call, form)
    try:
        check_address(proof.client.networks, call.ip)
        made = await call.house.database.write(
            client_credentials.grant, proof.client, jti=proof.jti, secret=proof.secret
        )
    except WrongAddress as problem:
        raise Refused("invalid_client", f"This client may not be used from {problem.address}.", 401) from None
    except WrongCredentials:
        raise Refused(
            "invalid_client", "The assertion was used before, or the client is gone.", 401
        ) from None
    body = {"access_token": made.token, "token_type": "Bearer", "expires_in": LIFETIME, "scope": SCOPE}
    return answers.answer(body, headers=_UNKEPT)


async def _form(call: Call) -> dict[str, str]:
    body = await call.bytes(_BODY)
    if call.media != _FORM:
        raise Refused("invalid_request", f"The body has to be {_FORM}.")
    try:
        pairs = parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=_FIELDS)
    except ValueError:
        raise Refused("invalid_request", "The body cannot be read as a form.") from None
    if len({name for name, _ in pairs}) < len(pairs):
        raise Refused("invalid_request", "A parameter is there twice.")
    return dict(pairs)


async def _proven(call: Call, form: dict[str, str]) -> _Proof:
    """Who asks, by exactly one kind of proof."""
    header = call.header(b"authorization")
    kinds = [header is not None, "client_secret" in form, "client_assertion" in form]
    if sum(kinds) != 1:
        raise Refused("invalid_client", "A client proves itself by one secret or one assertion.", 401)
    if "client_assertion" in form:
        return await _by_assertion(call, form)
    name, secret = _basic(header) if header else (form.get("client_id", ""), form["client_secret"])
    client = await call.house.database.read(client_credentials.of_secret, name, secret)
    if client is None:
        raise Refused("invalid_client", "The client or its secret is unknown, expired or withdrawn.", 401)
    return _Proof(client, secret=secret)


def _basic(header: str) -> tuple[str, str]:
    """RFC 6749, 2.3.1: both halves are encoded as in a form."""
    scheme, _, encoded = header.partition(" ")
    try:
        name, found, secret = b64decode(encoded.strip(), validate=True).decode().partition(":")
    except ValueError:
        found = ""
    if scheme.lower() != "basic" or not found:
        raise Refused("invalid_client", "The header Authorization cannot be read.", 401)
    return unquote_plus(name), unquote_plus(secret)


async def _by_assertion(call: Call, form: dict[str, str]) -> _Proof:
    if form.get("client_assertion_type") != _ASSERTION:
        raise Refused("invalid_client", f"client_assertion_type has to be {_ASSERTION}.", 401)
    assertion = form["client_assertion"]
    try:
        name = client_of(assertion)
        client = await call.house.database.read(client_credentials.find, name)
        if client is None or form.get("client_id", name) != name:
            raise Refused("invalid_client", "The client is unknown.", 401)
        return _Proof(client, jti=await _read(call, client, assertion))
    except Untrusted as problem:
        raise Refused("invalid_client", f"{problem}.", 401) from None
    except ProviderError as problem:
        _log.warning("the keys of an OAuth client cannot be read: %s", problem.cause)
        raise Refused("invalid_client", "The client's keys cannot be read now.", 401) from None


async def _read(call: Call, client: Client, assertion: str) -> str:
    """The jti of a good assertion; a key that was not there a while ago may have been published since."""
    audience = call.house.terms.public_url
    if client.jwks is not None:
        return read_client_assertion(assertion, key_set(client.jwks), client.id, audience)
    if client.jwks_uri is None:
        raise Refused("invalid_client", "This client has no keys here: it proves itself by its secret.", 401)
    return await with_keys(
        partial(call.house.client_keys.read, client.jwks_uri),
        lambda keys: read_client_assertion(assertion, keys, client.id, audience),
    )


router = Router("/", route_handlers=[token], include_in_schema=False)
