"""The worker between a real database and real mail servers: what is owed arrives, whatever dies meanwhile."""

import asyncio
import logging
import re
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from email.message import EmailMessage
from typing import Any

import pytest

from mail import schedule
from mail.contract import Composer, Letter, Obsolete, Sender
from mail.outbox import POSTED
from mail.settings import Settings
from mail.smtp import Smtp
from mail.worker import Worker
from service.database import Database, Unavailable, new_key
from tests.post.doomed import LEASE
from tests.post.letters import LINK, OUTBOX, compose, owed, row
from tests.post.servers import Act, Scripted, Sink, scripted, sink, until


class Clock:
    """The present, moved by as much as a test says."""

    def __init__(self) -> None:
        self.ahead = 0.0

    def __call__(self) -> str:
        return schedule.later(schedule.now(), self.ahead)


@asynccontextmanager
async def working(
    database: Database,
    port: int,
    *,
    composer: Composer = compose,
    clock: Callable[[], str] = schedule.now,
    poll: float = 0.05,
    lease: float | None = None,
    sender: Sender | None = None,
) -> AsyncIterator[Worker]:
    """A worker at work; afterwards it has stopped, and its connections are closed."""
    sender = sender or Smtp(Settings("127.0.0.1", port, security="never"), connections=2, timeout=10)
    worker = Worker(database, OUTBOX, composer, sender, new_key(), clock=clock, poll=poll, lease=lease)
    running = asyncio.create_task(worker.run())
    try:
        yield worker
        worker.stop()
        async with asyncio.timeout(30):
            await running
    finally:
        running.cancel()
        await asyncio.wait([running])
        await sender.close()


async def _post(database: Database, **changes: object) -> str:
    return await database.write(OUTBOX.post, owed(schedule.now(), **changes))


async def _until(database: Database, key: str, status: str, seconds: float = 30) -> dict[str, Any]:
    async with asyncio.timeout(seconds):
        while (found := await row(database, key))["status"] != status:  # noqa: ASYNC110  others write it
            await asyncio.sleep(0.02)
    return found


def _message_ids(texts: list[bytes]) -> list[str]:
    return [found[1].decode() for text in texts if (found := re.search(rb"^Message-ID: (\S+)", text, re.M))]


async def test_a_letter_leaves_at_the_commit_that_owes_it(database: Database) -> None:
    async with sink(Sink()) as server, working(database, server.port, poll=60) as worker:
        database.on_commit(lambda told: worker.wake() if any(what == POSTED for what, _ in told) else None)
        await asyncio.sleep(0.1)  # it has looked, found nothing, and would look again in a minute
        key = await _post(database, recipient="anna@example.org")
        found = await _until(database, key, "sent")
        assert (found["attempts"], found["accepted_reply"], found["next_at"]) == (1, "2.0.0 taken", None)
        assert server.envelopes[0].rcpt_tos == ["anna@example.org"]


async def test_letters_that_another_process_owes_are_found_by_looking(database: Database) -> None:
    async with sink(Sink()) as server, working(database, server.port):
        key = await _post(database)
        await _until(database, key, "sent")


async def test_two_workers_send_each_letter_once(database: Database) -> None:
    keys = [await _post(database, recipient=f"{n}@example.org") for n in range(40)]
    async with (
        sink(Sink(delay=0.01)) as server,
        working(database, server.port),
        working(database, server.port),
    ):
        for key in keys:
            await _until(database, key, "sent", seconds=40)
        recipients = sorted(envelope.rcpt_tos[0] for envelope in server.envelopes)
        assert recipients == sorted(f"{n}@example.org" for n in range(40))


async def test_a_refused_letter_goes_again_later_under_the_same_message_id(database: Database) -> None:
    clock = Clock()
    server = Scripted({"END": "451 4.3.0 busy"}, once=True)
    async with scripted(server), working(database, server.port, clock=clock):
        key = await _post(database)
        await until(lambda: len(server.read) == 1)
        found = await _until(database, key, "queued")
        assert (found["attempts"], found["last_code"]) == (1, "4.3.0")
        assert schedule.later(clock(), 20) < found["next_at"] < schedule.later(clock(), 37)
        clock.ahead = 37
        assert (await _until(database, key, "sent"))["attempts"] == 2
        assert _message_ids(server.read) == [f"<{key}@acme.example>"] * 2


async def test_a_letter_without_an_answer_goes_again_and_says_that_it_may_have_arrived(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    clock = Clock()
    server = Scripted({"END": Act.CLOSE}, once=True)
    async with scripted(server), working(database, server.port, clock=clock):
        key = await _post(database)
        await until(lambda: len(server.read) == 1)
        await _until(database, key, "queued")
        clock.ahead = 37
        await _until(database, key, "sent")
        assert _message_ids(server.read) == [f"<{key}@acme.example>"] * 2
    assert [getattr(record, "uncertain", None) for record in caplog.records if record.levelno > 20] == [True]


async def test_a_letter_survives_a_killed_worker(database: Database, database_url: str) -> None:
    server = Scripted({"END": Act.HANG}, once=True)
    async with scripted(server):
        key = await _post(database)
        doomed = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.post.doomed", database_url, str(server.port)
        )
        try:
            await until(lambda: len(server.read) == 1, seconds=30)
        finally:
            doomed.kill()
            await doomed.wait()
        assert (await row(database, key))["lease_owner"] == "doomed"
        async with working(database, server.port):
            found = await _until(database, key, "sent", seconds=LEASE + 30)
        assert found["attempts"] == 2
        assert _message_ids(server.read) == [f"<{key}@acme.example>"] * 2
        assert len(server.texts) == 1


async def test_while_the_server_is_away_letters_wait_without_losing_attempts(database: Database) -> None:
    async with sink(Sink()) as server:
        pass
    async with working(database, server.port):
        keys = [await _post(database) for _ in range(10)]
        await asyncio.sleep(0.5)
        async with sink(server):
            for key in keys:
                found = await _until(database, key, "sent", seconds=10)
                assert found["attempts"] == 1
            assert len(server.envelopes) == 10


async def test_a_wrong_password_stops_the_post_and_costs_no_letter_its_attempts(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    password = new_key()
    server = Scripted({"AUTH": "535 5.7.8 no"}, extensions=("AUTH PLAIN",))
    async with scripted(server):
        sender = Smtp(Settings("127.0.0.1", server.port, "post", password, "never"), connections=1, timeout=5)
        keys = [await _post(database) for _ in range(5)]
        async with working(database, server.port, sender=sender) as worker:
            await until(lambda: any(record.levelno == logging.ERROR for record in caplog.records))
            worker.wake()
            await asyncio.sleep(0.3)
            assert server.commands().count("AUTH") == 1  # more would lock the account
        for key in keys:
            found = await row(database, key)
            assert (found["status"], found["attempts"]) == ("queued", 0)
    assert "MAIL" not in server.commands()
    assert password not in caplog.text


async def test_a_stopped_worker_finishes_what_it_began_and_begins_nothing(database: Database) -> None:
    async with sink(Sink(delay=0.3)) as server:
        async with working(database, server.port):
            keys = [await _post(database) for _ in range(10)]
            await until(lambda: server.together > 0)
        states = [(await row(database, key))["status"] for key in keys]
        assert set(states) == {"sent", "queued"}
        assert states.count("sent") == len(server.envelopes) <= 4


async def test_a_worker_that_is_cut_off_leaves_its_letter_to_the_next(database: Database) -> None:
    server = Scripted({"RCPT": Act.HANG}, once=True)
    async with scripted(server):
        key = await _post(database)
        sender = Smtp(Settings("127.0.0.1", server.port, security="never"), timeout=10)
        running = asyncio.create_task(
            Worker(database, OUTBOX, compose, sender, "cut off", poll=0.05, lease=1).run()
        )
        await until(lambda: "RCPT" in server.commands())
        running.cancel()
        await asyncio.wait([running])
        assert (await row(database, key))["lease_owner"] == "cut off"
        async with working(database, server.port):
            assert (await _until(database, key, "sent"))["attempts"] == 2


async def test_letters_that_nobody_needs_or_can_have_are_not_sent(database: Database) -> None:
    async def choosy(held: Letter) -> EmailMessage:
        if held.data["name"] == "Eve":
            raise Obsolete("the invitation was withdrawn")
        return await compose(held)

    async with scripted(Scripted()) as server, working(database, server.port, composer=choosy):
        withdrawn = await _post(database, data={"name": "Eve"})
        late = await _post(database, expires_at=schedule.now())
        nowhere = await _post(database, recipient="nobody")
        good = await _post(database)
        assert (await _until(database, withdrawn, "cancelled"))[
            "last_reason"
        ] == "the invitation was withdrawn"
        assert "time" in (await _until(database, late, "dead"))["last_reason"]
        assert (await _until(database, nowhere, "dead"))["last_code"] == "5.1.3"
        await _until(database, good, "sent")
        assert len(server.read) == 1


async def test_one_letter_that_cannot_be_written_holds_up_no_other(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    async def breaks(held: Letter) -> EmailMessage:
        if held.data["name"] == "Eve":
            raise LookupError(f"{held.recipient} {LINK}")
        return await compose(held)

    async with sink(Sink()) as server, working(database, server.port, composer=breaks):
        bad = await _post(database, data={"name": "Eve"})
        good = await _post(database)
        await _until(database, good, "sent")
        found = await _until(database, bad, "queued")
    assert found["last_reason"].startswith("it could not be written: LookupError in breaks")
    assert _everything(caplog).count("LookupError") == 1


async def test_nothing_in_the_log_lets_anybody_read_or_use_a_letter(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    answer = f"550 5.7.1 <anna@example.org>: {LINK} is not liked"
    server = Scripted({"RCPT": answer}, once=True)
    async with scripted(server), working(database, server.port):
        first = await _post(database)
        await _until(database, first, "dead")
        second = await _post(database)
        await _until(database, second, "sent")
    written = _everything(caplog)
    assert first in written
    assert second in written
    assert "a***@example.org" in written
    assert "anna@" not in written
    assert "token" not in written
    assert "://" not in written


def _everything(caplog: pytest.LogCaptureFixture) -> str:
    """What any formatter could make of the records of the post."""
    return "\n".join(str(vars(record)) for record in caplog.records if record.name.startswith("mail"))


class Fragile:
    """A database that fails a few times when a letter is to be settled."""

    def __init__(self, database: Database, failures: int) -> None:
        self._database = database
        self.failures = failures

    async def write(self, unit: Any, /, *args: Any, **kwargs: Any) -> Any:
        if unit.__name__.startswith("settle") and self.failures:
            self.failures -= 1
            raise Unavailable
        return await self._database.write(unit, *args, **kwargs)


class Slow:
    """A database that begins to settle and ends when it is told to."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.began, self.go_on = asyncio.Event(), asyncio.Event()

    async def write(self, unit: Any, /, *args: Any, **kwargs: Any) -> Any:
        if unit.__name__.startswith("settle"):
            self.began.set()
            await self.go_on.wait()
        return await self._database.write(unit, *args, **kwargs)


async def test_what_is_being_written_down_when_a_worker_is_cut_off_is_written_to_its_end(
    database: Database,
) -> None:
    async with sink(Sink()) as server:
        slow = Slow(database)
        key = await _post(database)
        sender = Smtp(Settings("127.0.0.1", server.port, security="never"), timeout=10)
        running = asyncio.create_task(Worker(slow, OUTBOX, compose, sender, new_key(), poll=0.05).run())
        await slow.began.wait()
        running.cancel()
        asyncio.get_running_loop().call_later(0.05, slow.go_on.set)
        await asyncio.wait([running])
        await sender.close()
        assert (await row(database, key))["status"] == "sent"


async def test_what_the_server_took_is_written_down_even_if_the_database_stumbles(database: Database) -> None:
    async with sink(Sink()) as server:
        fragile = Fragile(database, failures=2)
        key = await _post(database)
        sender = Smtp(Settings("127.0.0.1", server.port, security="never"), timeout=10)
        worker = Worker(fragile, OUTBOX, compose, sender, new_key(), poll=0.05)
        running = asyncio.create_task(worker.run())
        await _until(database, key, "sent")
        worker.stop()
        await running
        await sender.close()
        assert fragile.failures == 0
        assert len(server.envelopes) == 1
