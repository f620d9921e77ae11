"""What the demo needs: idbridge as a process, a real OpenID provider, a mail server; all end with the block."""

import secrets
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import asyncpg

from tests.demo.telling import Wire
from tests.peers import oidc
from tests.post.servers import Sink, sink
from tests.postgresql import PostgreSQL
from tests.running import IDBRIDGE, Running, running

PROVIDER = "acme"  # the name of the sign-on provider, which users.provider will say
ADMIN = "admin@example.com"


@dataclass(frozen=True)
class Stage:
    """Everything that is running."""

    idbridge: Running
    environment: Mapping[str, str]
    identities: oidc.OpenIDProvider
    mail: Sink
    admin_token: str
    admin_password: str

    @property
    def wire(self) -> Wire:
        """Tells what goes over the wire."""
        return Wire(self.idbridge.url)


@asynccontextmanager
async def stage(directory: Path, database: str) -> AsyncIterator[Stage]:
    """Start it; `database` is sqlite or postgresql."""
    async with AsyncExitStack() as stack:
        mail = await stack.enter_async_context(sink(Sink()))
        identities = stack.enter_context(oidc.running(directory / "oidc.log"))
        token, password, port = secrets.token_urlsafe(24), secrets.token_urlsafe(12), _free_port()
        client = identities.register(f"http://127.0.0.1:{port}/auth/login/{PROVIDER}/callback")
        environment = {
            "PORT": str(port),
            "DATA_DIR": str(directory / "data"),
            "SECRET": secrets.token_urlsafe(32),
            "ADMIN_EMAIL": ADMIN,
            "ADMIN_PASSWORD": password,
            "ADMIN_TOKEN": token,
            "EMAIL_FROM": "Harbour Lane <no-reply@harbour.example>",
            "EMAIL_SMTP_HOST": "127.0.0.1",
            "EMAIL_SMTP_PORT": str(mail.port),
            "AUTH_PROVIDERS": PROVIDER,
            "AUTH_ACME_DRIVER": "openid",
            "AUTH_ACME_ISSUER_URL": identities.issuer,
            "AUTH_ACME_CLIENT_ID": client.client_id,
            "AUTH_ACME_CLIENT_SECRET": client.client_secret or "",
            "AUTH_ACME_ALLOW_PUBLIC_REGISTRATION": "true",
            "OUTBOUND_IP_ALLOW_LIST": "127.0.0.0/8",  # where this OpenID provider is
        }
        if database == "postgresql":
            environment["DATABASE_URL"] = await _postgresql(stack)
        (directory / "data").mkdir()
        idbridge = stack.enter_context(running((*IDBRIDGE, "serve"), environment, directory, "idbridge"))
        yield Stage(idbridge, environment, identities, mail, token, password)


async def _postgresql(stack: AsyncExitStack) -> str:
    server = PostgreSQL()
    stack.callback(server.end)
    connection = await asyncpg.connect(server.url())
    await connection.execute("CREATE DATABASE idbridge")
    await connection.close()
    return server.url("idbridge")


def _free_port() -> int:
    """A port that is free now: the OpenID provider is told the callback before idbridge starts."""
    with socket.socket() as place:
        place.bind(("127.0.0.1", 0))
        return int(place.getsockname()[1])
