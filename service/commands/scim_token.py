"""`idbridge scim-token create`: a token for an identity provider, printed once, alone on stdout."""

import asyncio
from argparse import Namespace

from service.commands import give, tell
from service.commands.setting import configured, opened
from service.config import Config
from service.users import connections
from service.users.model import house


def run(options: Namespace) -> None:
    """Run the command."""
    config = configured()
    give(asyncio.run(_create(config, options)))
    tell(f"The provider calls {config.public_url}/scim/v2 with this token, shown only now.")


async def _create(config: Config, options: Namespace) -> str:
    async with opened(config) as database:
        return await database.write(
            connections.create,
            house(options.project),
            options.provider,
            profile=options.profile,
            adopt=options.adopt,
            default_role=options.default_role,
            domains=options.domains,
        )
