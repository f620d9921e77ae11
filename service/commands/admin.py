"""`idbridge admin create`, and the first administrator that `serve` makes."""

import asyncio
import getpass
import secrets
import sys
from argparse import Namespace
from contextlib import closing
from pathlib import Path

from service.commands import Failure, give, tell
from service.commands.setting import configured, opened, secret_of
from service.config import Config
from service.database import Database
from service.sealing import Sealer
from service.users import administrators, last_administrator, projects
from service.users.model import house
from service.users.passwords import Hasher
from service.users.secrets import Secrets


def run(options: Namespace) -> None:
    """Run the command."""
    config = configured()
    given = _given(options.password_file)
    password = given or make_password()
    asyncio.run(_create(config, options.project, options.email, password))
    if given is None:
        give(password)
    tell(f"{options.email} is an administrator of the project {options.project}.")


async def ensure_first(config: Config, database: Database) -> str | None:
    """Make the first administrator if there is none; give the password, if one had to be made up."""
    if await database.read(last_administrator.exists, projects.DEFAULT):
        return None
    password = config.admin.password or make_password()
    values = {"email": config.admin.email, "password": password, "token": config.admin.token}
    made = await database.write(
        administrators.ensure, projects.DEFAULT, await _kept(config, projects.DEFAULT, values)
    )
    return password if made and config.admin.password is None else None


def make_password() -> str:
    """Make up a password of 125 random bits that can be read aloud: five groups of five."""
    letters = "abcdefghijkmnpqrstuvwxyz23456789"  # without those that look alike
    return "-".join("".join(secrets.choice(letters) for _ in range(5)) for _ in range(5))


async def _create(config: Config, project: str, email: str, password: str) -> None:
    async with opened(config) as database:
        values = await _kept(config, project, {"email": email, "password": password})
        await database.write(administrators.create, project, values)


async def _kept(config: Config, project: str, values: dict[str, str | None]) -> dict[str, object]:
    with closing(Hasher()) as hasher:
        return await Secrets(hasher, Sealer(config.secrets)).take(
            house(project), {name: value for name, value in values.items() if value is not None}
        )


def _given(file: Path | None) -> str | None:
    """Give the password of the file or, at a terminal, of the person there; None: make one up."""
    if file is not None:
        if password := secret_of(file, "password"):
            return password
        raise Failure("The password's file is empty.")
    if not sys.stdin.isatty():
        return None
    password = getpass.getpass("Password (empty: one is made): ")
    if password and getpass.getpass("The same again: ") != password:
        raise Failure("The two were not the same.")
    return password or None
