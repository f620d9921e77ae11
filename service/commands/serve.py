"""`idbridge serve`: opens the port, migrates the database, makes the first administrator, then serves."""

import asyncio
import socket
from argparse import Namespace

from service import app, server
from service.commands import Failure, give
from service.commands.admin import ensure_first
from service.commands.setting import configured, opened, usable
from service.config import Config
from service.database.migrations import migrate


def run(options: Namespace) -> None:
    """Run the command until SIGINT or SIGTERM."""
    overrides = {"HOST": options.host, "PORT": options.port}
    config = configured(overrides)
    with _listen(config) as place:
        if config.port == 0:  # our own address holds the port that the system chose
            config = configured({**overrides, "PORT": str(place.getsockname()[1])})
        made_up = asyncio.run(_prepare(config))
        if made_up is not None:
            give(_WELCOME.format(email=config.admin.email, password=made_up, url=config.public_url))
        gate = app.build(config, worker=not options.no_worker)
        server.run(gate, place, config.ip_trust_proxy, gate.leave)


_WELCOME = """\
The first administrator is {email} with the password {password}
It is shown only this once. Sign in at {url}/admin, or by POST {url}/auth/login"""


def _listen(config: Config) -> socket.socket:
    try:
        return server.listen(config.host, config.port)
    except OSError as problem:
        place = f"{config.host} port {config.port}"
        raise Failure(
            f"Cannot listen on {place}: {problem.strerror}. HOST and PORT choose another."
        ) from problem


async def _prepare(config: Config) -> str | None:
    with usable():
        await migrate(config.database_url)
    async with opened(config) as database:
        return await ensure_first(config, database)
