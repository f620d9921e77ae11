"""An honest authorization server on a real port of this machine, in the place of any vendor's.

It checks what a good one checks (client, code once, redirect address, PKCE) and speaks as the vendor does:
GitHub's errors come with status 200, its tokens form-encoded to whom does not ask for JSON.
"""

import base64
import hashlib
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_network
from secrets import token_urlsafe
from threading import Thread
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, unquote_plus, urlencode, urlsplit

import httpx2
import msgspec

from providers.http import Outbound
from tests.sign_on.issuer import KEYS, part, sign

SECRET = "between the two of us"
Form = dict[str, str]


class Reply(NamedTuple):
    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = {}


def json(value: object, status: int = 200) -> Reply:
    return Reply(status, msgspec.json.encode(value), {"Content-Type": "application/json"})


class Vendor(NamedTuple):
    """`claims` make ID tokens, where there are any; `places` are what an access token may ask for, by address.

    `base` is where it stands, if that is not what it calls itself; `key_issuer` for whom its key signs.
    """

    issuer: str = ""
    claims: Mapping[str, Any] = {}
    places: Mapping[str, Any] = {}
    takes_verifier: bool = True
    posts_back: bool = False
    base: str = ""
    key_issuer: str = ""


class StandIn:
    def __init__(self, url: str, vendor: Vendor) -> None:
        self.url, self.vendor = url, vendor
        self.codes: dict[str, Form] = {}
        self.grants: set[str] = set()  # refresh tokens that are good
        self.asked: list[Form] = []  # every authorization request
        self.tokens: set[str] = set()
        self.renewals = 0

    def answer(self, method: str, address: str, form: Form, headers: Message) -> Reply:
        """`address` is the vendor's own, as we would have asked it."""
        place, _, query = address.partition("?")
        given = dict(parse_qsl(query)) | form
        if place.endswith("/.well-known/openid-configuration"):
            return json(self._metadata())
        if place.endswith("/jwks"):
            owner = {"issuer": self.vendor.key_issuer} if self.vendor.key_issuer else {}
            return json({"keys": [{**KEYS["rsa"].as_dict(private=False), **owner}]})
        if address in self.vendor.places:
            token = headers.get("Authorization", "").removeprefix("Bearer ")
            return json(self.vendor.places[address]) if token in self.tokens else Reply(401)
        if method == "POST":
            return self._token(given, headers)
        return self._authorize(given)

    def _metadata(self) -> dict[str, Any]:
        base = (self.vendor.base or self.vendor.issuer).rstrip("/")
        return {
            "issuer": self.vendor.issuer,
            "authorization_endpoint": f"{base}/authorize",
            "token_endpoint": f"{base}/token",
            "jwks_uri": f"{base}/jwks",
            "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic"],
        }

    def _authorize(self, given: Form) -> Reply:
        self.asked.append(given)
        if given.get("client_id") != "me" or "redirect_uri" not in given:
            return Reply(400)
        code = token_urlsafe(24)
        self.codes[code] = given
        back = {"code": code, "state": given["state"]}
        if self.vendor.posts_back:
            fields = "".join(f'<input name="{name}" value="{value}">' for name, value in back.items())
            page = f'<form method="post" action="{given["redirect_uri"]}">{fields}</form>'
            return Reply(200, page.encode(), {"Content-Type": "text/html"})
        return Reply(302, b"", {"Location": f"{given['redirect_uri']}?{urlencode(back)}"})

    def _token(self, given: Form, headers: Message) -> Reply:
        said = self._granted(given, headers)
        status = 200 if not self.vendor.issuer or "error" not in said else 400
        if "json" in headers.get("Accept", ""):
            return json(said, status)
        return Reply(status, urlencode(said).encode(), {"Content-Type": "application/x-www-form-urlencoded"})

    def _granted(self, given: Form, headers: Message) -> dict[str, Any]:
        if not _is_client(given, headers):
            return {"error": "invalid_client"}
        if given.get("grant_type") == "refresh_token":
            if given["refresh_token"] not in self.grants:
                return {"error": "invalid_grant"}
            self.grants.remove(given["refresh_token"])
            self.renewals += 1
            return self._tokens({})
        left = self.codes.pop(given.get("code", ""), None)
        if left is None or left["redirect_uri"] != given.get("redirect_uri"):
            return {
                "error": "bad_verification_code",
                "error_description": "The code is incorrect or expired.",
            }
        if not self.vendor.takes_verifier:
            return {"error": "invalid_client"} if "code_verifier" in given else self._tokens(left)
        digest = hashlib.sha256(given.get("code_verifier", "").encode()).digest()
        asked = left.get("code_challenge"), left.get("code_challenge_method")
        good = asked == (part(digest), "S256")
        return self._tokens(left) if good else {"error": "invalid_grant"}

    def _tokens(self, left: Form) -> dict[str, Any]:
        access, refresh = token_urlsafe(24), token_urlsafe(24)
        self.tokens.add(access)
        self.grants.add(refresh)
        said: dict[str, Any] = {"access_token": access, "token_type": "bearer", "refresh_token": refresh}
        if self.vendor.claims and left:
            now = int(time.time())
            said["id_token"] = sign(
                {"iss": self.vendor.issuer, "aud": "me", "iat": now, "exp": now + 300, "nonce": left["nonce"]}
                | dict(self.vendor.claims)
            )
        return said


def _is_client(given: Form, headers: Message) -> bool:
    basic = headers.get("Authorization", "")
    if basic.startswith("Basic "):
        name, _, secret = base64.b64decode(basic[6:]).decode().partition(":")
        return (unquote_plus(name), unquote_plus(secret)) == ("me", SECRET)
    secret = given.get("client_secret", "")
    return given.get("client_id") == "me" and (secret == SECRET or secret.count(".") == 2)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: "_Server"

    def do_GET(self) -> None:
        self._reply("GET", {})

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self._reply("POST", dict(parse_qsl(body)))

    def _reply(self, method: str, form: Form) -> None:
        reply = self.server.stand_in.answer(method, f"https:/{self.path}", form, self.headers)
        self.send_response(reply.status)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(reply.body)))
        self.end_headers()
        self.wfile.write(reply.body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


class _Server(ThreadingHTTPServer):
    stand_in: StandIn


class Rerouted(Outbound):
    """A way out on which every host of the internet stands at one port of this machine."""

    def __init__(self, stand_in: StandIn, **given: Any) -> None:
        super().__init__([ip_network("127.0.0.0/8")], **given)
        self._port = urlsplit(stand_in.url).port

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        url = request.url
        assert url.scheme == "https"
        address = f"http://127.0.0.1:{self._port}/{url.host}{url.raw_path.decode()}"
        sent = await request.aread()
        headers = {name: value for name, value in request.headers.items() if name.lower() != "host"}
        moved = httpx2.Request(request.method, address, headers=headers, content=sent or None)
        return await super().handle_async_request(moved)


@contextmanager
def running(vendor: Vendor) -> Iterator[StandIn]:
    """A stand-in on a free port for as long as the block lasts."""
    with _Server(("127.0.0.1", 0), _Handler) as server:
        server.stand_in = StandIn(f"http://127.0.0.1:{server.server_port}", vendor)
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield server.stand_in
        finally:
            server.shutdown()
            thread.join()
