"""Letters while servers and workers are killed, stopped, or cannot reach the mail server: none is lost."""

import asyncio
import os
import random
import re
import signal
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import Envelope
from sqlalchemy import func, select

from mail import schedule
from mail.outbox import Outbox
from mail.settings import Settings
from mail.smtp import Smtp
from mail.worker import Worker
from service.database import Database, Transaction, new_key
from service.database.tables import letters
from tests.commands import forking
from tests.faults import mail_processes
from tests.faults.mail_processes import CONNECTIONS, LEASE, invite_some
from tests.post.letters import compose
from tests.post.servers import Scripted, Sink, scripted, sink, until

KILLS = 50  # on each database, of each: a process that invites, and one that carries letters
PEOPLE = 2000
OUTBOX = Outbox(letters, "acme.example")
_STATES = select(letters.c.status, func.count()).group_by(letters.c.status)
_ATTEMPTS = select(letters.c.recipient, letters.c.attempts)
_MESSAGE_ID = re.compile(rb"^Message-ID: *(?:\r\n )?(<[^>]+>)", re.MULTILINE | re.IGNORECASE)


def _start(work: Callable[..., None], *facts: object) -> Any:
    process = forking().Process(target=work, args=facts, daemon=True)
    process.start()
    return process


async def _states(database: Database) -> dict[str, int]:
    async def look(tx: Transaction) -> dict[str, int]:
        return dict(await tx.rows(_STATES))

    return await database.scan(look)


async def _all_sent(database: Database, seconds: float = 120) -> None:
    async with asyncio.timeout(seconds):
        while (await _states(database)).keys() != {"sent"}:  # noqa: ASYNC110  # the others do not know that somebody waits
            await asyncio.sleep(0.1)


@asynccontextmanager
async def _working(database: Database, port: int, **more: Any) -> AsyncIterator[Worker]:
    connections = more.pop("connections", 4)
    sender = Smtp(Settings("127.0.0.1", port, security="never"), connections=connections, timeout=20)
    worker = Worker(database, OUTBOX, compose, sender, new_key(), poll=0.05, **more)
    task = asyncio.create_task(worker.run())
    try:
        yield worker
    finally:
        worker.stop()
        await task
        await sender.close()


def _delivered(envelopes: list[Envelope]) -> dict[str, list[str]]:
    """The Message-ID of every copy, by recipient."""
    found: dict[str, list[str]] = defaultdict(list)
    for envelope in envelopes:
        assert isinstance(envelope.content, bytes)
        key = _MESSAGE_ID.search(envelope.content)
        assert key is not None
        found[envelope.rcpt_tos[0]].append(key[1].decode())
    return found


async def test_killed_servers_and_workers_lose_no_letter(
    database: Database, database_url: str, tmp_path: Path
) -> None:
    chance, notes = random.Random(11), tmp_path / "acknowledged"  # noqa: S311  # the same course each time
    async with sink(Sink()) as server:
        for number in range(KILLS):
            inviting = _start(mail_processes.invite, database_url, str(notes), f"p{number}")
            carrying = _start(mail_processes.carry, database_url, server.port)
            await asyncio.sleep(chance.uniform(0.1, 0.35))
            for process in chance.sample([inviting, carrying], 2):
                process.kill()
                await asyncio.to_thread(process.join)
        acknowledged = set(notes.read_text().split()) if notes.exists() else set()
        missing = PEOPLE - len(acknowledged)
        for number in range(0, missing, 100):
            emails = [f"rest-{number}-{place}@example.org" for place in range(100)]
            await invite_some(database, emails)
            acknowledged.update(emails)
        async with _working(database, server.port):
            await _all_sent(database)
    found = _delivered(server.envelopes)
    assert acknowledged <= found.keys()
    assert all(len(set(copies)) == 1 for copies in found.values())  # whatever came twice is one letter
    assert len({copies[0] for copies in found.values()}) == len(found)
    twice = sum(len(copies) - 1 for copies in found.values())
    assert twice <= KILLS * 2 * CONNECTIONS
    assert max(map(len, found.values())) <= 3


async def test_a_worker_that_sleeps_beyond_its_lease_does_no_harm(
    database: Database, database_url: str
) -> None:
    async with sink(Sink(delay=0.4)) as server:
        await invite_some(database, ["anna@example.org"])
        sleeper = _start(mail_processes.carry, database_url, server.port)
        await until(lambda: server.together > 0, 20)
        os.kill(sleeper.pid, signal.SIGSTOP)
        await asyncio.sleep(LEASE)
        async with _working(database, server.port):
            await _all_sent(database, 20)
            os.kill(sleeper.pid, signal.SIGCONT)
            await asyncio.sleep(1)
            assert await _states(database) == {"sent": 1}
        sleeper.kill()
        await asyncio.to_thread(sleeper.join)
    (copies,) = _delivered(server.envelopes).values()
    assert 1 <= len(copies) <= 2
    assert len(set(copies)) == 1


async def test_a_mail_server_that_is_away_for_a_while_costs_no_attempt(database: Database) -> None:
    emails = [f"p{number}@example.org" for number in range(200)]
    async with sink(Sink()) as server:
        port = server.port
    await invite_some(database, emails)
    async with _working(database, port):
        await asyncio.sleep(2.5)
        assert await _states(database) == {"queued": 200}
        async with sink(Sink(port=port)) as server:
            await _all_sent(database)
    assert {email: len(copies) for email, copies in _delivered(server.envelopes).items()} == dict.fromkeys(
        emails, 1
    )
    attempts = dict(await database.read(lambda tx: tx.rows(_ATTEMPTS)))
    assert set(attempts.values()) == {1}


async def test_a_slow_mail_server_loses_no_lease(database: Database) -> None:
    emails = [f"p{number}@example.org" for number in range(40)]
    await invite_some(database, emails)
    async with sink(Sink(delay=0.5)) as server, _working(database, server.port, connections=8):
        await _all_sent(database)
    assert len(server.envelopes) == 40
    assert server.most_together == 8


async def test_whoever_hangs_up_after_the_text_gets_it_again_under_the_same_name(database: Database) -> None:
    began = asyncio.get_running_loop().time()

    def fast() -> str:
        """A minute passes in a second."""
        return schedule.later(start, 60 * (asyncio.get_running_loop().time() - began))

    start = schedule.now()
    server = _Forgetful(chance=random.Random(5))  # noqa: S311  # the same course each time
    emails = [f"p{number}@example.org" for number in range(100)]
    await invite_some(database, emails)
    async with scripted(server), _working(database, server.port, clock=fast, lease=3600):
        await _all_sent(database)
    copies = Counter(match[1] for text in server.read if (match := _MESSAGE_ID.search(text)))
    assert len(copies) == 100
    assert server.hung_up > 5
    assert sum(copies.values()) == 100 + server.hung_up


class _Forgetful(Scripted):
    """Takes each text, and hangs up after one in five of them without a word."""

    def __init__(self, chance: random.Random) -> None:
        super().__init__()
        self.chance = chance
        self.hung_up = 0

    async def _answer(self, writer: asyncio.StreamWriter, step: str, usual: str) -> bool:
        if step == "END" and self.chance.random() < 0.2:
            self.hung_up += 1
            return False
        return await super()._answer(writer, step, usual)
