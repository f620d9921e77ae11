"""`idbridge scim-import`: a first load of people from a file, in pieces that are each there or not."""

import asyncio
import hashlib
from argparse import Namespace
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from providers.scim.people import Person, Unreadable, read
from service.commands import Failure, tell, why
from service.commands.bar import Bar
from service.commands.connection import found
from service.commands.loading import Loading
from service.commands.setting import configured, opened
from service.config import Config
from service.sealing import Sealer
from service.users import imports
from service.users.imports import Load, Progress
from service.users.passwords import Hasher
from service.users.secrets import Secrets


def run(options: Namespace) -> None:
    """Run the command."""
    config = configured()
    try:
        asyncio.run(_run(config, options))
    except Unreadable as problem:
        raise Failure(f"{options.file} cannot be read: {problem}") from problem
    except (OSError, UnicodeDecodeError) as problem:
        raise Failure(f"{options.file} cannot be read: {why(problem)}.") from problem


async def _run(config: Config, options: Namespace) -> None:
    total = sum(1 for _ in _people(options.file))
    with options.file.open("rb") as file:
        fingerprint = hashlib.file_digest(file, "sha256").hexdigest()
    async with opened(config) as database:
        connection = await found(database, options)
        dry = options.dry_run or connection.dry_run
        if connection.dry_run and not options.dry_run:
            tell(f"{connection.name} is on a dry run, so this is one too.")
        load = Load(connection.project, connection.id, fingerprint)
        progress = await database.read(imports.find, load)
        if progress is None or options.again or dry:
            progress = Progress()
        elif progress.finished:
            tell(f"This file is in already: {progress.made} made. --again begins at its first line.")
            return
        elif progress.line:
            tell(f"Going on behind {progress.line}, where it was cut off.")
        with closing(Hasher()) as hasher:
            secrets = Secrets(hasher, Sealer(config.secrets))
            loading = Loading(database, connection, load, secrets, dry=dry)
            progress = await loading.all(_people(options.file), progress, Bar(total))
    would = "would be made" if dry else "made"
    tell(f"{progress.made} {would}, {loading.there} were there already, {progress.failed} refused.")
    if progress.failed:
        raise Failure("Mend those lines and load them again: who is in already is left as they are.")


def _people(path: Path) -> Iterator[Person]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        yield from read(file)
