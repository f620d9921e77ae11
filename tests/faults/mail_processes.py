"""Processes for tests that kill them: one that invites without end, one that carries letters."""

import asyncio
import itertools
import os

from mail.outbox import Outbox
from mail.settings import Settings
from mail.smtp import Smtp
from mail.worker import Worker
from service.database import Database, Transaction, new_key, open_database
from service.database.tables import letters
from service.users import invitations, model
from tests.post.letters import compose

LEASE = 1.5  # seconds
CONNECTIONS = 2
AT_ONCE = 5  # people in one invitation


def invite(url: str, notes: str, name: str) -> None:
    """Invite people until somebody kills us; whom the database has acknowledged is noted in a file."""
    asyncio.run(_invite(url, notes, name))


def carry(url: str, port: int) -> None:
    """Carry letters until somebody kills us."""
    asyncio.run(_carry(url, port))


async def invite_some(database: Database, emails: list[str]) -> None:
    """Invite these people for a day."""
    async with asyncio.timeout(30):
        await database.write(_invite_all, emails)


async def _invite_all(tx: Transaction, emails: list[str]) -> None:
    await invitations.invite(tx, model.house("default"), emails, None, invitations.Terms(86_400))


async def _invite(url: str, notes: str, name: str) -> None:
    database = await open_database(url)
    file = os.open(notes, os.O_APPEND | os.O_WRONLY | os.O_CREAT)
    for number in itertools.count():
        emails = [f"{name}-{number}-{place}@example.org" for place in range(AT_ONCE)]
        await invite_some(database, emails)
        os.write(file, "".join(f"{email}\n" for email in emails).encode())
        await asyncio.sleep(0.02)


async def _carry(url: str, port: int) -> None:
    database = await open_database(url)
    sender = Smtp(Settings("127.0.0.1", port, security="never"), connections=CONNECTIONS, timeout=30)
    outbox = Outbox(letters, "acme.example")
    await Worker(database, outbox, compose, sender, new_key(), poll=0.05, lease=LEASE).run()
