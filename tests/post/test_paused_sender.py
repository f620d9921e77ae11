"""A sender that may not send is told of where administrators look: in the health and in the metrics."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import update

from mail import schedule
from mail.settings import Settings
from mail.smtp import Smtp
from mail.worker import Worker
from service.database import Transaction, new_key
from service.database.tables import letters
from service.users.correspondence import STALLED
from tests.pages.invited import invite
from tests.post.letters import OUTBOX, compose
from tests.post.servers import Scripted, scripted, until
from tests.served import Served, served


@pytest.fixture
async def house(database_url: str, tmp_path: Path) -> AsyncIterator[Served]:
    async with served(database_url, tmp_path / "data") as house:
        yield house


async def _be_refused(house: Served) -> None:
    """Carry letters to a server that refuses our password, until it has."""
    server = Scripted({"AUTH": "535 5.7.8 no <ada@example.org>"}, extensions=("AUTH PLAIN",))
    async with scripted(server):
        sender = Smtp(Settings("127.0.0.1", server.port, "post", new_key(), "never"), timeout=5)
        worker = Worker(house.house.database, OUTBOX, compose, sender, new_key(), poll=0.05)
        running = asyncio.create_task(worker.run())
        await until(lambda: "AUTH" in server.commands(), 20)
        worker.stop()
        await running
        await sender.close()


async def _wait(house: Served, seconds: float) -> None:
    """Let time pass for the letters that are due."""

    async def change(tx: Transaction) -> None:
        then = schedule.later(schedule.now(), -seconds)
        await tx.run(update(letters), created_at=then, next_at=then)

    await house.house.database.write(change)


async def test_a_paused_sender_is_told_of_with_the_reason(house: Served) -> None:
    await invite(house, "ada@example.org")
    await _be_refused(house)
    health = (await house.ask("GET", "/server/health")).json()
    assert (health["status"], health["checks"]["email:waiting"][0]["status"]) == ("ok", "ok")
    await _wait(house, STALLED + 5)
    answer = await house.ask("GET", "/server/health")
    assert answer.status_code == 200  # requests can be answered all the same
    assert answer.json()["status"] == "warn"
    schemas = (await house.ask("GET", "/server/specs/oas")).json()["components"]["schemas"]
    assert "warn" in schemas["Health"]["properties"]["status"]["enum"]
    (mail,) = answer.json()["checks"]["email:waiting"]
    assert mail["output"] == "1 due: the mail server refuses our name or password"
    assert STALLED + 5 <= mail["observedValue"] < STALLED + 120
    metrics = (await house.ask("GET", "/metrics")).text
    assert "idbridge_mail_due 1\n" in metrics
    assert "idbridge_mail_stalled 1\n" in metrics


async def test_one_letter_alone_says_for_how_long_the_server_has_been_away(house: Served) -> None:
    """Each look at the server holds it, and puts it back as due from that moment."""
    await invite(house, "ada@example.org")
    await _wait(house, STALLED + 5)
    await _be_refused(house)
    telling = (await house.ask("GET", "/server/health")).json()["checks"]["email:waiting"][0]
    assert telling["status"] == "warn"
    assert telling["output"] == "1 due: the mail server refuses our name or password"
    await house.house.database.write(OUTBOX.claim, "me", 1, 60, schedule.now())
    assert (await house.ask("GET", "/server/health")).json()["checks"]["email:waiting"][0] == telling


async def test_the_stranger_learns_nothing_of_the_post(house: Served) -> None:
    await invite(house, "ada@example.org")
    await _wait(house, STALLED + 5)
    _, token = await house.person("grace@example.com")
    for who in (None, token):
        assert (await house.ask("GET", "/server/health", token=who)).json() == {"status": "ok"}
    told = (await house.ask("GET", "/server/health")).json()["checks"]["email:waiting"]
    assert "nobody carries them" in told[0]["output"]
