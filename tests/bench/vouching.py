"""An OpenID issuer that costs little: in this process, on one connection after another, without any checks."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import parse_qs

import msgspec
from joserfc import jwt
from joserfc.jwk import RSAKey

CLIENT = "bench"
_KEY = RSAKey.generate_key(2048, {"kid": "bench", "use": "sig"})


class Issuer:
    """It vouches for whomever a code names: `code(nonce, sub)`."""

    def __init__(self) -> None:
        self.url = ""

    @staticmethod
    def code(nonce: str, sub: str) -> str:
        """A code that tells the issuer whom to vouch for, in answer to which sign-on."""
        return f"{sub}.{nonce}"

    def answer(self, method: str, path: str, body: bytes, token: str) -> object:
        """What it says; everything is JSON."""
        if path.endswith("openid-configuration"):
            places = {"authorization": "authorize", "token": "token", "userinfo": "userinfo"}
            endpoints = {f"{name}_endpoint": f"{self.url}/{place}" for name, place in places.items()}
            return {"issuer": self.url, "jwks_uri": f"{self.url}/keys", **endpoints}
        if path == "/keys":
            return {"keys": [_KEY.as_dict(private=False)]}
        if path == "/userinfo":
            return _person(token)
        (code,) = parse_qs(body.decode())["code"]
        sub, _, nonce = code.partition(".")
        now = int(time.time())
        claims = {
            "iss": self.url,
            "aud": CLIENT,
            "iat": now,
            "exp": now + 300,
            "nonce": nonce,
            **_person(sub),
        }
        signed = jwt.encode({"alg": "RS256", "kid": "bench"}, claims, _KEY)
        return {"access_token": sub, "token_type": "Bearer", "expires_in": 300, "id_token": signed}


def _person(sub: str) -> dict[str, object]:
    return {"sub": sub, "email": f"{sub}@example.com", "email_verified": True, "given_name": "Ada"}


class _Connection(asyncio.Protocol):
    def __init__(self, issuer: Issuer) -> None:
        self._issuer, self._received = issuer, b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, found, body = self._received.partition(b"\r\n\r\n")
        lines = head.decode("latin-1").split("\r\n")
        headers = {
            name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])
        }
        if not found or len(body) < int(headers.get("content-length", 0)):
            return
        self._received = b""
        method, path, _ = lines[0].split(" ")
        token = headers.get("authorization", "").removeprefix("Bearer ")
        said = msgspec.json.encode(self._issuer.answer(method, path, body, token))
        assert self._transport is not None
        head = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n" % len(said)
        self._transport.write(head + said)


@asynccontextmanager
async def vouching() -> AsyncIterator[Issuer]:
    """An issuer on a free port for as long as the block lasts."""
    issuer = Issuer()
    server = await asyncio.get_running_loop().create_server(lambda: _Connection(issuer), "127.0.0.1", 0)
    async with server:
        issuer.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        yield issuer
