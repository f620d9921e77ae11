"""`idbridge project change`: a project's own name, logo, colour and wording."""

import asyncio
from argparse import Namespace
from pathlib import Path

import msgspec

from service.commands import Failure, tell
from service.commands.setting import configured, opened, said
from service.config import Config
from service.users import letterheads, model
from service.users.letterheads import MOST
from service.users.problems import Invalid

_PLAIN = ("title", "colour", "support", "language")


def run(options: Namespace) -> None:
    """Run the command."""
    config = configured()
    given: dict[str, object] = {
        name: value for name in _PLAIN if (value := getattr(options, name)) is not None
    }
    if options.logo is not None:
        given["logo"] = _content(options.logo)
    if options.wording is not None:
        given["wording"] = _json(options.wording)
    try:
        changes = letterheads.taken(given)
    except Invalid as problem:
        raise Failure(said(problem)) from None
    asyncio.run(_change(config, options.name, changes))
    tell(f"Project {options.name} is changed; `idbridge mail preview --project {options.name}` shows it.")


async def _change(config: Config, project: str, changes: dict[str, object]) -> None:
    async with opened(config) as database:
        await database.write(letterheads.change, model.house(project), changes)


def _content(file: Path) -> bytes:
    """What is in a file; an empty name takes away what there was."""
    if str(file) == ".":
        return b""
    try:
        with file.open("rb") as opened_file:
            return opened_file.read(MOST + 1)
    except OSError as problem:
        raise Failure(f"{file} cannot be read: {problem.strerror}") from problem


def _json(file: Path) -> object:
    content = _content(file)
    try:
        return msgspec.json.decode(content) if content else {}
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise Failure(f"{file} is not JSON.") from None
