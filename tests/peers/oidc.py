"""Starts the real OpenID provider of `oidc.mjs`, and speaks with it as its administrator."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import httpx2

from tests.peers import node


class Client(NamedTuple):
    client_id: str
    client_secret: str | None


def missing() -> str | None:
    """Why the provider cannot be started here, or None."""
    return node.missing("oidc-provider")


class OpenIDProvider:
    """A running provider; `issuer` is its address."""

    def __init__(self, issuer: str) -> None:
        self.issuer = issuer
        self._http = httpx2.Client(base_url=issuer, trust_env=False, timeout=60)

    def register(self, *redirect_uris: str, **metadata: Any) -> Client:
        """A new client (RFC 7591), confidential by HTTP Basic and with RS256 unless told otherwise."""
        said = {"redirect_uris": redirect_uris, "grant_types": ["authorization_code", "refresh_token"]}
        answer = self._http.post("/reg", json={**said, **metadata}).raise_for_status().json()
        return Client(answer["client_id"], answer.get("client_secret"))

    def describe(self, login: str, **claims: Any) -> None:
        """Decide what is known of whoever signs on as `login`."""
        self._http.put(f"/_test/accounts/{login}", json=claims).raise_for_status()

    def rotate_keys(self) -> None:
        """Sign with new keys from now on, and forget the old ones."""
        self._http.post("/_test/rotate-keys").raise_for_status()

    def close(self) -> None:
        self._http.close()


@contextmanager
def running(log: Path) -> Iterator[OpenIDProvider]:
    """A provider on a free port of 127.0.0.1 while the block lasts; what it complains of goes to `log`."""
    with node.listening(log, "oidc.mjs") as issuer, closing(OpenIDProvider(issuer)) as provider:
        yield provider
