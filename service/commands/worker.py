"""`idbridge worker`: carries letters and pushes events, for a machine of its own."""

import asyncio
import logging
import signal
from argparse import Namespace

import uvloop

from service import post, pushing
from service.commands.setting import configured, opened
from service.config import Config

_log = logging.getLogger(__name__)


def run(options: Namespace) -> None:
    """Run the command until SIGINT or SIGTERM; what is in flight then is settled first."""
    uvloop.run(_work(configured()))


async def _work(config: Config) -> None:
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for one in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(one, stopped.set)
    async with (
        opened(config) as database,
        post.working(config, database),
        pushing.working(config, database),
    ):
        _log.info("at work")
        await stopped.wait()
        _log.info("ending")
    _log.info("ended")
