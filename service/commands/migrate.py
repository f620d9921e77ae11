"""`idbridge migrate`: brings the database's schema to the newest, or says whether that is needed."""

import asyncio
from argparse import Namespace

from service.commands import Failure, tell
from service.commands.setting import configured, usable
from service.database.migrations import migrate, pending


def run(options: Namespace) -> None:
    """Run the command."""
    config = configured()
    with usable():
        if options.check and asyncio.run(pending(config.database_url)):
            raise Failure("The database is not at the newest schema: run `idbridge migrate`.")
        if not options.check:
            asyncio.run(migrate(config.database_url))
    tell("The database is at the newest schema.")
