"""An OpenID issuer on a real port of this machine that lies as it is told to."""

import base64
import hmac
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any, NamedTuple

import msgspec
from joserfc.jwk import ECKey, OKPKey, RSAKey
from joserfc.jws import JWSRegistry

from providers.contract import Identity, Provider
from tests.sign_on.browser import CALLBACK

DISCOVERY = "/.well-known/openid-configuration"
Key = RSAKey | ECKey | OKPKey
KEYS: Mapping[str, Key] = {
    "rsa": RSAKey.generate_key(2048, {"kid": "rsa", "use": "sig"}),
    "ec": ECKey.generate_key("P-256", {"kid": "ec", "use": "sig"}),
    "ed": OKPKey.generate_key("Ed25519", {"kid": "ed", "use": "sig"}),
}


class Answer(NamedTuple):
    """What goes over the wire; `body` may come in parts, as slowly as it likes."""

    body: bytes | Iterable[bytes] = b""
    status: int = 200
    headers: Mapping[str, str] = {"Content-Type": "application/json"}


def json(value: object, status: int = 200) -> Answer:
    return Answer(msgspec.json.encode(value), status)


def sign(claims: object, header: Mapping[str, Any] | None = None, key: Key | bytes = KEYS["rsa"]) -> str:
    """A token with exactly this header, over these claims or these raw bytes; a key of bytes means HMAC."""
    head = {"alg": "RS256", "kid": "rsa", **(header or {})}
    payload = claims if isinstance(claims, bytes) else msgspec.json.encode(claims)
    text = f"{part(msgspec.json.encode(head))}.{part(payload)}"
    if isinstance(key, bytes):
        return f"{text}.{part(hmac.digest(key, text.encode(), 'sha256'))}"
    return f"{text}.{part(JWSRegistry.algorithms[head['alg']].sign(text.encode(), key))}"


def part(value: bytes) -> str:
    """One part of a token: base64url without padding."""
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


class Issuer:
    """Its parts may change while it runs: `answers` by path, and what the honest ones are made of."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.seen: Counter[str] = Counter()
        self.forms: list[str] = []  # the bodies that were posted
        self.authorizations: list[str] = []  # the Authorization headers that came
        self.metadata: dict[str, Any] = {
            "issuer": url,
            "authorization_endpoint": f"{url}/authorize",
            "token_endpoint": f"{url}/token",
            "userinfo_endpoint": f"{url}/userinfo",
            "jwks_uri": f"{url}/keys",
            "id_token_signing_alg_values_supported": ["RS256", "ES256", "EdDSA", "Ed25519"],
            "authorization_response_iss_parameter_supported": True,
        }
        self.keys: list[dict[str, Any]] = [key.as_dict(private=False) for key in KEYS.values()]
        self.id_token: object = ""
        self.userinfo: object = {"sub": "ada"}
        self.answers: dict[str, Callable[[], Answer]] = {
            DISCOVERY: lambda: json(self.metadata),
            "/keys": lambda: json({"keys": self.keys}),
            "/token": lambda: json(
                {"access_token": "a", "token_type": "Bearer", "expires_in": 60, "id_token": self.id_token}
            ),
            "/userinfo": lambda: json(self.userinfo),
        }

    def claims(self, nonce: str, /, **changes: Any) -> dict[str, Any]:
        """What an honest token says; a change to None takes a claim away."""
        now = int(time.time())
        honest = {"iss": self.url, "sub": "ada", "aud": "me", "iat": now, "exp": now + 60, "nonce": nonce}
        return {name: value for name, value in {**honest, **changes}.items() if value is not None}


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: "_Server"

    def do_GET(self) -> None:
        self.server.issuer.seen[self.path] += 1
        self.server.issuer.authorizations.append(self.headers.get("Authorization", ""))
        answer = self.server.issuer.answers.get(self.path, lambda: Answer(status=404))()
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        if isinstance(answer.body, bytes):
            self.send_header("Content-Length", str(len(answer.body)))
            parts: Iterable[bytes] = (answer.body,)
        else:
            self.send_header("Connection", "close")
            parts = answer.body
        self.end_headers()
        for one in parts:
            self.wfile.write(one)

    def do_POST(self) -> None:
        self.server.issuer.forms.append(self.rfile.read(int(self.headers["Content-Length"])).decode())
        self.do_GET()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


class _Server(ThreadingHTTPServer):
    issuer: Issuer

    def handle_error(self, *_: object) -> None:
        """Clients that hang up in the middle are what the tests are about."""


async def sign_on_at(
    issuer: Issuer, provider: Provider, forge: Callable[[Issuer, str], object] | None = None
) -> Identity:
    """A whole sign-on, with the ID token that `forge` makes of issuer and nonce, or an honest one."""
    departure = await provider.depart(CALLBACK)
    nonce = departure.memory["nonce"]
    issuer.id_token = forge(issuer, nonce) if forge else sign(issuer.claims(nonce))
    query = {"state": departure.memory["state"], "code": "c", "iss": issuer.url}
    return await provider.arrive(query, departure.memory)


@contextmanager
def running_issuer() -> Iterator[Issuer]:
    """An issuer on a free port for as long as the block lasts."""
    with _Server(("127.0.0.1", 0), _Handler) as server:
        server.issuer = Issuer(f"http://127.0.0.1:{server.server_port}")
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield server.issuer
        finally:
            server.shutdown()
            thread.join()
