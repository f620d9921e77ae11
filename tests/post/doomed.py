"""A worker in a process of its own, for tests that kill it: python -m tests.post.doomed DATABASE_URL PORT."""

import asyncio
import sys

from mail.settings import Settings
from mail.smtp import Smtp
from mail.worker import Worker
from service.database import open_database
from tests.post.letters import OUTBOX, compose

LEASE = 1.5


async def carry(url: str, port: int) -> None:
    """Carry letters until somebody kills us."""
    database = await open_database(url)
    sender = Smtp(Settings("127.0.0.1", port, security="never"), connections=2, timeout=30)
    await Worker(database, OUTBOX, compose, sender, "doomed", lease=LEASE).run()


if __name__ == "__main__":
    asyncio.run(carry(sys.argv[1], int(sys.argv[2])))
