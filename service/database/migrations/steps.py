"""The steps from one schema to the next, as Alembic takes them; whoever has none to take does without it."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection


def up(connection: Connection, revision: str = "head") -> None:
    """Take every step up to a revision."""
    command.upgrade(config(connection), revision)


def down(connection: Connection, revision: str) -> None:
    """Take back every step down to a revision; "base" is an empty database."""
    command.downgrade(config(connection), revision)


def config(connection: Connection | None = None) -> Config:
    """Where Alembic finds the steps, and the connection that env.py takes them on."""
    found = Config()
    found.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    found.attributes["connection"] = connection
    return found
