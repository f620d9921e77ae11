"""`idbridge worker`: the mail worker alone, for a machine of its own."""

import asyncio
import signal
from argparse import Namespace

import uvloop

from service import app
from service.commands.setting import configured, opened
from service.config import Config


def run(options: Namespace) -> None:
    """Run the command until SIGINT or SIGTERM; what is in flight then is settled first."""
    uvloop.run(_work(configured()))


async def _work(config: Config) -> None:
    async with opened(config) as database:
        worker, sender = app.mail_worker(config, database)
        loop = asyncio.get_running_loop()
        for one in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(one, worker.stop)
        try:
            await worker.run()
        finally:
            await sender.close()
