"""What every command begins with: the configuration, the log, and a database that is up to date."""

import logging
import os
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

from service import journal, redaction
from service.commands import Failure, why
from service.config import Config, ConfigInvalid, load
from service.database import Database, Unavailable, open_database
from service.database.migrations import SchemaUnknown, pending
from service.users.problems import Forbidden, Invalid, NoSuch, Problem, Taken, Unprocessable

NO_SERVICE = 69  # sysexits.h: EX_UNAVAILABLE
WRONG_CONFIG = 78  # EX_CONFIG

_log = logging.getLogger(__name__)


def configured(
    overrides: Mapping[str, str | None] | None = None,
    *,
    keep: bool = True,
    warn: Callable[[str], None] = _log.warning,
) -> Config:
    """Read the environment, with what the command line says instead, and start the log."""
    variables = {
        **os.environ,
        **{name: value for name, value in (overrides or {}).items() if value is not None},
    }
    try:
        config = load(variables, keep=keep)
    except ConfigInvalid as problem:
        raise Failure(*problem.problems, status=WRONG_CONFIG) from None
    redaction.hide(config.hidden)
    journal.start(config.log_level)
    for warning in config.warnings:
        warn(warning)
    return config


def secret_of(file: Path, what: str) -> str:
    """What a file holds that is not to stand on a command line."""
    try:
        return file.read_text("utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as problem:
        raise Failure(f"The {what}'s file cannot be read: {why(problem)}.") from problem


@asynccontextmanager
async def opened(config: Config) -> AsyncIterator[Database]:
    """Open the database for a command, and say in a sentence what the core refuses.

    The schema must be the newest: replicas may be running, and it is `serve` and `migrate` that change it.
    """
    with usable():
        if await pending(config.database_url):
            raise Failure("The database is not at the newest schema: run `idbridge migrate` first.")
        database = await open_database(config.database_url)
        try:
            yield database
        except Problem as problem:
            raise Failure(said(problem)) from problem
        finally:
            await database.close()


@contextmanager
def usable() -> Iterator[None]:
    """Say in a sentence why a database cannot be used, and what to do."""
    try:
        yield
    except Unavailable as problem:
        raise Failure(f"The database cannot be used now ({problem}).", status=NO_SERVICE) from problem
    except SchemaUnknown as problem:
        raise Failure(
            f"A newer idbridge has been at this database: {problem}. Run that one, or restore a backup."
        ) from problem


def said(problem: Problem) -> str:
    """Give the sentence for whoever sits at the terminal."""
    match problem:
        case Taken():
            return f"There is one with this {problem.field} already."
        case NoSuch():
            return f"There is no such {problem.field.replace('_', ' ')}."
        case Forbidden():
            return "There is nothing of this id here; `list` shows what there is."
        case Unprocessable():
            return f"{problem.reason}."
        case Invalid():
            return f"The {problem.field} {problem.detail or _RULES[problem.rule].format(problem.limit)}."
        case _:
            return f"Refused: {str(problem) or type(problem).__name__}."


_RULES = {
    "required": "is missing",
    "nnull": "is missing",
    "email": "is no e-mail address",
    "type": "is not written as it must be",
    "choice": "must be one of {}",
    "max_length": "may have {} characters at most",
    "min_length": "needs at least {} characters",
    "common": "is one that everybody tries first",
}
