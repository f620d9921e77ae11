"""`idbridge reseal`: has nothing at rest need an older SECRET any longer, so that it can be taken away."""

import asyncio
from argparse import Namespace
from collections.abc import AsyncIterator

from service.commands import tell
from service.commands.setting import configured, opened
from service.config import Config
from service.database import Database
from service.sealing import Sealer
from service.users import resealing
from service.users.resealing import Key, Page


def run(options: Namespace) -> None:
    """Run the command."""
    asyncio.run(_reseal(configured()))


async def _reseal(config: Config) -> None:
    async with opened(config) as database:
        pages = [page async for page in _pages(database, Sealer(config.secrets))]
    tell(
        f"{sum(page.renewed for page in pages)} sealed anew, {sum(page.kept for page in pages)} were already."
    )
    if lost := sum(page.lost for page in pages):
        tell(
            f"{lost} cannot be opened: the SECRET that sealed them is none of these. Add it, and seal again."
        )


async def _pages(database: Database, sealer: Sealer) -> AsyncIterator[Page]:
    for kind in resealing.KINDS:
        after: Key | None = ()
        while after is not None:
            page = await database.write(resealing.page, sealer, kind, after)
            yield page
            after = page.last
