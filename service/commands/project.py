"""`idbridge project create`: a project, which the 8 generation serves under its name."""

import asyncio
from argparse import Namespace

from service.commands import tell
from service.commands.setting import configured, opened
from service.config import Config
from service.users import projects


def run(options: Namespace) -> None:
    """Run the command."""
    config = configured()
    asyncio.run(_create(config, options.name))
    tell(f"Project {options.name} is there, without users; `idbridge admin create` makes one.")


async def _create(config: Config, name: str) -> None:
    async with opened(config) as database:
        await database.write(projects.create, name)
