"""A process that carries letters, as our worker or as a bare loop: python -m tests.bench.post, a Task on stdin.

The bare loop writes the same letters and hands the same bytes to aiosmtplib, with no outbox and no second
thoughts.
"""

import asyncio
import sys
import time
from collections import deque
from email.message import EmailMessage
from typing import Literal

import asyncpg
import msgspec
from aiosmtplib import SMTP

from mail.allowance import Allowance
from mail.contract import Letter
from mail.envelope import for_wire
from mail.outbox import Outbox
from mail.settings import Settings
from mail.smtp import Smtp
from mail.worker import Worker
from service.database import Database, Transaction, new_key, now, open_database, sqlite_path
from service.database.migrations import migrate
from service.database.tables import letter_windows, letters
from tests.post.letters import SENDER, compose, letter, message, owed
from tests.post.servers import Sink, sink, until

OUTBOX = Outbox(letters, "acme.example", Allowance(letter_windows))  # as the service has it


class Task(msgspec.Struct, frozen=True):
    """What to do, at which database, to which sink; `count` letters over `connections`."""

    kind: Literal["ours", "bare", "wake", "sink"]
    url: str = ""
    port: int = 0
    connections: int = 1
    count: int = 0
    elsewhere: bool = False  # whether the letters are posted by another process than the one that carries


class Result(msgspec.Struct, frozen=True):
    """Seconds by the clock and of this process's CPU; for `wake` the seconds of each."""

    seconds: float = 0
    cpu: float = 0
    waits: tuple[float, ...] = ()


async def _bare(task: Task) -> Result:
    left = deque(range(task.count))

    async def carry() -> None:
        client = SMTP(hostname="127.0.0.1", port=task.port)
        await client.connect()
        while left:
            held = letter(recipient=f"p{left.popleft()}@example.org")
            content = message(held, email=held.recipient).as_bytes(policy=for_wire(utf8=False, eight=True))
            await client.sendmail(SENDER.addr_spec, [held.recipient], content)
        await client.quit()

    return await _timed(asyncio.gather(*(carry() for _ in range(task.connections))))


async def _ours(task: Task) -> Result:
    database = await _database(task.url)
    await database.write(_post, task.count)
    sender = Smtp(Settings("127.0.0.1", task.port, security="never"), connections=task.connections)
    composed = 0

    async def counted(held: Letter) -> EmailMessage:
        nonlocal composed
        composed += 1
        return await compose(held)

    worker = Worker(database, OUTBOX, counted, sender, new_key(), poll=0.01)

    async def carry() -> None:
        running = asyncio.create_task(worker.run())
        await until(lambda: composed >= task.count, 300)
        worker.stop()
        await running

    result = await _timed(carry())
    await sender.close()
    await database.close()
    return result


async def _wake(task: Task) -> Result:
    """From a commit to the composer: of this process's own, or of another, heard by bell or SQLite's watch."""
    database = await _database(task.url)
    posting = await open_database(task.url) if task.elsewhere else database
    arrived: list[float] = []

    async def note(held: Letter) -> EmailMessage:
        arrived.append(time.perf_counter())
        return await compose(held)

    sender = Smtp(Settings("127.0.0.1", task.port, security="never"))
    worker = Worker(database, OUTBOX, note, sender, new_key())
    running = asyncio.create_task(worker.run())
    listening = asyncio.create_task(database.listen(worker.wake if task.elsewhere else lambda: None))
    posting.on_commit(lambda _: posting.ring() if task.elsewhere else worker.wake())
    waits = []
    for number in range(task.count):
        await asyncio.sleep(0.05)
        await posting.write(_post, 1, number)
        began = time.perf_counter()
        await until(lambda wanted=number: len(arrived) > wanted)  # type: ignore[misc]  # it is asked at once
        waits.append(max(0.0, arrived[number] - began))
    listening.cancel()
    worker.stop()
    await running
    await sender.close()
    for one in {database, posting}:
        await one.close()
    return Result(waits=tuple(waits))


async def _timed(work: object) -> Result:
    began, cpu = time.perf_counter(), time.process_time()
    await work  # type: ignore[misc]  # a coroutine or what gather() gives
    return Result(time.perf_counter() - began, time.process_time() - cpu)


async def _post(tx: Transaction, count: int, first: int = 0) -> None:
    at = now()
    for number in range(first, first + count):
        await OUTBOX.post(tx, owed(at, recipient=f"p{number}@example.org"))


async def _database(url: str) -> Database:
    if sqlite_path(url) is None:
        connection = await asyncpg.connect(url.replace("/post?", "/postgres?"))
        try:
            await connection.execute("CREATE DATABASE post")
        except asyncpg.DuplicateDatabaseError:
            pass
        finally:
            await connection.close()
    await migrate(url)
    return await open_database(url)


async def _sink() -> None:
    """Take letters until stdin ends; the port is the first line of stdout."""
    async with sink(Sink()) as server:
        print(server.port, flush=True)
        await asyncio.to_thread(sys.stdin.read)


async def main() -> None:
    """Do the task; a Result on stdout."""
    task = msgspec.json.decode(sys.stdin.readline(), type=Task)
    message()  # templates are compiled once in the life of a process, not for each letter
    if task.kind == "sink":
        await _sink()
        return
    work = {"ours": _ours, "bare": _bare, "wake": _wake}[task.kind]
    print(msgspec.json.encode(await work(task)).decode())


if __name__ == "__main__":
    asyncio.run(main())
