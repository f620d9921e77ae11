"""`idbridge mail preview`: a letter of each kind as a person would get it, in files, without sending any."""

import asyncio
from argparse import Namespace
from email.message import EmailMessage
from pathlib import Path

from service import post
from service.commands import Failure, give
from service.commands.setting import configured, opened
from service.config import Config
from service.letters import samples


def run(options: Namespace) -> None:
    """Run the command; print the names of the files."""
    unknown = sorted(set(options.kinds) - set(samples.KINDS))
    if unknown:
        raise Failure(f"There is no kind {', '.join(unknown)}; there are {', '.join(samples.KINDS)}.")
    written = asyncio.run(_write(configured(), options))
    for name, message in written.items():
        for ending, part in (("txt", "plain"), ("html", "html")):
            give(str(_keep(options.out, f"{name}.{ending}", message, part)))


async def _write(config: Config, options: Namespace) -> dict[str, EmailMessage]:
    kinds = options.kinds or samples.KINDS
    async with opened(config) as database:
        desk = post.desk(config, database)
        facts = {
            kind: await database.read(samples.facts, kind, options.project, options.language)
            for kind in kinds
        }
        return {kind: desk.write(samples.letter(kind, options.project), facts[kind]) for kind in kinds}


def _keep(directory: Path, name: str, message: EmailMessage, part: str) -> Path:
    body = message.get_body((part,))
    text = body.get_content() if body is not None else ""
    head = f"Subject: {message['Subject']}\n\n" if part == "plain" else ""
    try:
        directory.mkdir(parents=True, exist_ok=True)
        (directory / name).write_text(f"{head}{text}", "utf-8")
    except OSError as problem:
        raise Failure(f"{directory / name} cannot be written: {problem.strerror}") from problem
    return directory / name
