"""PostgreSQL when connections are killed, locks collide, the server restarts or the wire is cut."""

import asyncio
import gc
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from urllib.parse import parse_qs, urlsplit

import asyncpg
import pytest
from sqlalchemy import bindparam as bind
from sqlalchemy import func, insert, select, update

from service.database import Database, OutcomeUnknown, Transaction, Unavailable, new_key, open_database
from service.database.migrations import perform
from tests.postgresql import PostgreSQL
from tests.shelf import books, kept, metadata
from tests.stopwatch import within

ADD = insert(books)
BACKEND = select(func.pg_backend_pid())
RAISE = update(books).where(books.c.id == bind("of_id")).values(pages=books.c.pages + 1)


async def pair(tx: Transaction, title: str) -> str:
    """Two rows that belong together."""
    for author in ("a", "b"):
        await tx.run(ADD, id=new_key(), title=title, author=author)
    return title


async def owing(tx: Transaction, title: str) -> str:
    """The same, of which nothing is asked: one statement, which is a transaction by itself."""
    tx.owe(ADD, [{"id": new_key(), "title": title, "author": author} for author in ("a", "b")])
    return title


@pytest.fixture
async def admin(postgresql: PostgreSQL) -> "AsyncIterator[asyncpg.Connection[asyncpg.Record]]":
    connection = await asyncpg.connect(postgresql.url())
    yield connection
    await connection.close()


@pytest.fixture
async def library(postgresql_url: str) -> AsyncIterator[Database]:
    await perform(postgresql_url, metadata.create_all)
    opened = await open_database(postgresql_url)
    yield opened
    await opened.close()


async def test_a_backend_killed_within_a_unit_is_replaced(
    library: Database, admin: "asyncpg.Connection[asyncpg.Record]"
) -> None:
    begun: asyncio.Queue[int] = asyncio.Queue()
    killed = asyncio.Event()

    async def unit(tx: Transaction, title: str) -> str:
        found = await tx.row(BACKEND)
        assert found is not None
        await tx.run(ADD, id=new_key(), title=title, author="a")
        begun.put_nowait(found[0])
        await tx.rows(select(func.pg_sleep(0.0 if killed.is_set() else 5)))
        await tx.run(ADD, id=new_key(), title=title, author="b")
        return title

    writing = asyncio.create_task(library.write(unit, "kept"))
    backend = await begun.get()
    killed.set()
    await admin.execute("SELECT pg_terminate_backend($1)", backend)
    async with asyncio.timeout(3):
        assert await writing == "kept"
    assert await begun.get() != backend
    assert await kept(library) == {"kept": 2}


@pytest.mark.parametrize("moment", ["before a statement", "before COMMIT"])
async def test_a_backend_killed_while_nobody_looks(
    library: Database, postgresql: PostgreSQL, moment: str
) -> None:
    """The client has the server's last words in its buffer, unread, when it asks for more."""
    attempts: list[int] = []

    async def unit(tx: Transaction) -> str:
        found = await tx.row(BACKEND)
        assert found is not None
        attempts.append(found[0])
        if moment == "before COMMIT":
            await pair(tx, "kept")
        if len(attempts) == 1:
            postgresql.psql(f"SELECT pg_terminate_backend({found[0]})")
            time.sleep(0.05)  # noqa: ASYNC251  # the loop shall not hear of it
        if moment == "before a statement":
            await pair(tx, "kept")
        return "done"

    if moment == "before a statement":
        assert await library.write(unit) == "done"
        assert len(set(attempts)) == 2
        assert await kept(library) == {"kept": 2}
    else:
        with pytest.raises(OutcomeUnknown):
            await library.write(unit)
        assert len(attempts) == 1
        assert await kept(library) == {}
    assert await library.write(pair, "next") == "next"


async def test_a_backend_killed_while_a_reader_thinks(library: Database, postgresql: PostgreSQL) -> None:
    backends: list[int] = []

    async def unit(tx: Transaction) -> bool:
        for _ in range(2):
            found = await tx.row(BACKEND)
            assert found is not None
            backends.append(found[0])
            if len(backends) == 1:
                postgresql.psql(f"SELECT pg_terminate_backend({found[0]})")
                time.sleep(0.05)  # noqa: ASYNC251  # the loop shall not hear of it
        return True

    for _ in range(3):
        assert await library.read(unit)
    assert len(backends) == 7


async def test_killing_backends_all_the_time_loses_nothing(
    library: Database, postgresql_url: str, admin: "asyncpg.Connection[asyncpg.Record]"
) -> None:
    name = urlsplit(postgresql_url).path[1:]
    acknowledged: set[str] = set()
    unknown: set[str] = set()
    reads: list[object] = []
    stop = asyncio.Event()

    async def kill() -> None:
        while not stop.is_set():
            await admin.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = $1 AND random() < 0.4",
                name,
            )
            await asyncio.sleep(0.03)

    async def write(worker: int) -> None:
        for number in range(60):
            title = f"{worker}-{number}"
            try:
                acknowledged.add(await library.write(pair if number % 2 else owing, title))
            except OutcomeUnknown:
                unknown.add(title)
            except Unavailable:
                pass

    async def read() -> None:
        while not stop.is_set():
            try:
                reads.append(await library.read(lambda tx: tx.row(BACKEND)))
            except Unavailable:
                await asyncio.sleep(0.01)

    killing, reading = asyncio.create_task(kill()), asyncio.create_task(read())
    await asyncio.gather(*(write(worker) for worker in range(12)))
    stop.set()
    await asyncio.gather(killing, reading)
    found = await kept(library)
    assert acknowledged <= found.keys() <= acknowledged | unknown
    assert set(found.values()) == {2}
    assert len(acknowledged) > 600
    assert len(reads) > 20


async def test_a_bell_that_is_cut_off_is_lost_in_silence(
    library: Database, postgresql_url: str, admin: "asyncpg.Connection[asyncpg.Record]"
) -> None:
    unforeseen: list[object] = []  # of tasks that nobody waits for, as those that ring
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda _, context: unforeseen.append(context))
    try:
        for number in range(60):
            writing = asyncio.create_task(library.write(pair, f"{number}"))
            library.ring()
            await admin.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1",
                urlsplit(postgresql_url).path[1:],
            )
            library.ring()
            await asyncio.gather(writing, return_exceptions=True)
        gc.collect()  # a task tells what nobody took from it when it goes
    finally:
        loop.set_exception_handler(None)
    assert unforeseen == []


async def test_a_deadlock_is_run_again(library: Database) -> None:
    first, second = new_key(), new_key()
    rows = [{"id": key, "title": key, "pages": 0} for key in (first, second)]
    await library.write(lambda tx: tx.run_many(ADD, rows))
    attempts: list[str] = []

    async def both(tx: Transaction, one: str, other: str) -> None:
        attempts.append(one)
        await tx.run(RAISE, of_id=one)
        await tx.rows(select(func.pg_sleep(0.2)))
        await tx.run(RAISE, of_id=other)

    await asyncio.gather(library.write(both, first, second), library.write(both, second, first))
    assert len(attempts) == 3
    pages = select(books.c.pages)
    assert await library.read(lambda tx: tx.rows(pages)) == [(2,), (2,)]


async def test_a_problem_that_the_unit_translates_is_run_again_all_the_same(library: Database) -> None:
    """The unit may make what it likes of a deadlock; the door knows what it was."""
    first, second = new_key(), new_key()
    rows = [{"id": key, "title": key, "pages": 0} for key in (first, second)]
    await library.write(lambda tx: tx.run_many(ADD, rows))

    async def both(tx: Transaction, one: str, other: str) -> None:
        try:
            await tx.run(RAISE, of_id=one)
            await tx.rows(select(func.pg_sleep(0.2)))
            await tx.run(RAISE, of_id=other)
        except Exception as reason:
            raise LookupError from reason

    await asyncio.gather(library.write(both, first, second), library.write(both, second, first))
    pages = select(books.c.pages)
    assert await library.read(lambda tx: tx.rows(pages)) == [(2,), (2,)]


class Wire:
    """A way to the server at `url` that can be cut at the next COMMIT, or statement by itself, or speak out
    of turn."""

    def __init__(self, url: str) -> None:
        self._parts = urlsplit(url)
        self._socket = f"{parse_qs(self._parts.query)['host'][0]}/.s.PGSQL.5432"
        self._clients: list[asyncio.StreamWriter] = []
        self._pumps: set[asyncio.Task[None]] = set()
        self._begun = False  # a transaction, by the last connection that was used
        self.cut_at_commit = False
        self.deliver = False  # whether the server gets the COMMIT after which the wire is cut

    async def __aenter__(self) -> str:
        self._listener = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        host, port = self._listener.sockets[0].getsockname()
        return f"postgresql://postgres@{host}:{port}{self._parts.path}"

    async def __aexit__(self, *_: object) -> None:
        self._listener.close()
        for pump in self._pumps:
            pump.cancel()
        await asyncio.gather(*self._pumps, return_exceptions=True)

    def say_goodbye(self) -> None:
        """What a server says that is told to stop, without the end that follows."""
        fields = b"SFATAL\0VFATAL\0C57P01\0Mterminating connection due to administrator command\0\0"
        for client in self._clients:
            client.write(b"E" + (len(fields) + 4).to_bytes(4, "big") + fields)

    async def _serve(self, client: asyncio.StreamReader, answer: asyncio.StreamWriter) -> None:
        self._clients.append(answer)
        server, ask = await asyncio.open_unix_connection(self._socket)
        there = asyncio.create_task(self._pump(client, ask, answer))
        back = asyncio.create_task(self._pump(server, answer))
        self._pumps.update((there, back))
        await asyncio.wait((there, back), return_when=asyncio.FIRST_COMPLETED)
        back.cancel()
        answer.transport.abort()

    async def _pump(
        self,
        source: asyncio.StreamReader,
        sink: asyncio.StreamWriter,
        client: asyncio.StreamWriter | None = None,
    ) -> None:
        try:
            while data := await source.read(65536):
                commits = b"COMMIT\0" in data or (data.startswith(b"B") and not self._begun)
                self._begun = (self._begun or b"BEGIN" in data) and not commits
                cut = client is not None and self.cut_at_commit and commits
                if client is not None and cut:
                    client.transport.abort()  # first, so that no answer gets there
                    self.cut_at_commit = False
                if self.deliver or not cut:
                    sink.write(data)
                    await sink.drain()
                if cut:
                    return
        except OSError:
            pass
        finally:
            sink.close()


@pytest.mark.parametrize("writing", [pair, owing])
@pytest.mark.parametrize("delivered", [True, False])
async def test_a_wire_cut_at_commit_is_said_to_be_unknown_and_not_run_again(
    postgresql_url: str, delivered: bool, writing: Callable[[Transaction, str], Awaitable[str]]
) -> None:
    await perform(postgresql_url, metadata.create_all)
    attempts: list[str] = []
    heard: list[frozenset[tuple[str, str]]] = []

    async def unit(tx: Transaction) -> None:
        attempts.append(await writing(tx, "cut"))
        tx.announce("title", "cut")

    wire = Wire(postgresql_url)
    async with wire as url:
        database = await open_database(url)
        try:
            database.on_commit(heard.append)
            await database.write(writing, "before")
            wire.cut_at_commit, wire.deliver = True, delivered
            with pytest.raises(OutcomeUnknown):
                await database.write(unit)
            assert attempts == ["cut"]
            assert heard == [{("title", "cut")}]  # whoever remembers must look again
            await asyncio.sleep(0.1)  # the server may still be at it
            assert await kept(database) == {"before": 2} | ({"cut": 2} if delivered else {})
        finally:
            await database.close()


async def test_a_server_that_says_goodbye_and_does_not_hang_up(postgresql_url: str) -> None:
    await perform(postgresql_url, metadata.create_all)
    wire = Wire(postgresql_url)
    async with wire as url:
        database = await open_database(url)
        try:
            for number in range(3):
                wire.say_goodbye()
                await asyncio.sleep(0.05)
                assert await database.write(pair, f"t{number}") == f"t{number}"
                wire.say_goodbye()
                await asyncio.sleep(0.05)
                assert await database.read(lambda tx: tx.row(BACKEND))
            assert await kept(database) == {"t0": 2, "t1": 2, "t2": 2}
        finally:
            await database.close()


async def test_the_server_restarts_and_nothing_acknowledged_is_lost() -> None:
    server = PostgreSQL()
    try:
        url = await server.fresh()
        await perform(url, metadata.create_all)
        database = await open_database(url)
        for mode in ("fast", "immediate"):
            await _restart(server, database, mode)
        server.stop("immediate")
        with within(5):
            for door in (database.write, database.read, database.scan):
                with pytest.raises(Unavailable):
                    await door(pair, "nowhere")
            with pytest.raises(Unavailable):
                await open_database(url)
            writing = (database.write(pair, f"{n}") for n in range(200))
            answers = await asyncio.gather(*writing, return_exceptions=True)
        assert {type(answer) for answer in answers} == {Unavailable}
        server.start()
        await asyncio.sleep(0.3)  # for so long nobody tries after a failure
        assert await database.write(pair, "back") == "back"
        await database.close()
    finally:
        server.end()


async def _restart(server: PostgreSQL, database: Database, mode: str) -> None:
    acknowledged: set[str] = set()
    unknown: set[str] = set()
    stop = asyncio.Event()

    async def write(worker: int) -> None:
        number = 0
        while not stop.is_set():
            number += 1
            title = f"{mode}-{worker}-{number}"
            try:
                acknowledged.add(await database.write(pair if number % 2 else owing, title))
            except OutcomeUnknown:
                unknown.add(title)
            except Unavailable:
                await asyncio.sleep(0.02)

    writers = [asyncio.create_task(write(worker)) for worker in range(8)]
    await asyncio.sleep(0.3)
    before = len(acknowledged)
    await asyncio.to_thread(server.stop, mode)
    await asyncio.to_thread(server.start)
    async with asyncio.timeout(30):  # the server is up: they go on by themselves
        while len(acknowledged) < before + 50:  # noqa: ASYNC110  writers do not know that somebody waits
            await asyncio.sleep(0.01)
    stop.set()
    await asyncio.gather(*writers)
    await asyncio.sleep(0.3)  # for so long nobody tries after a failure
    found = {title: n for title, n in (await kept(database)).items() if title.startswith(mode)}
    assert before > 20
    assert acknowledged <= found.keys() <= acknowledged | unknown
    assert set(found.values()) == {2}


async def test_a_statement_that_takes_too_long_is_cut_off(
    postgresql_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from service.database.postgres import lane

    monkeypatch.setitem(lane._SETTINGS, "statement_timeout", "200ms")
    database = await open_database(postgresql_url)
    try:
        for door in (database.write, database.read, database.scan):
            with pytest.raises(Unavailable, match="too long"):
                await door(lambda tx: tx.rows(select(func.pg_sleep(5))))
    finally:
        await database.close()


async def test_a_row_lock_that_is_not_to_be_had_is_unavailable(
    postgresql_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from service.database.postgres import lane

    monkeypatch.setitem(lane._SETTINGS, "lock_timeout", "200ms")
    await perform(postgresql_url, metadata.create_all)
    database = await open_database(postgresql_url)
    other = await asyncpg.connect(postgresql_url)
    try:
        key = new_key()
        await database.write(lambda tx: tx.run(ADD, id=key, title="held", pages=0))
        async with other.transaction():
            await other.execute("UPDATE books SET pages = 5")
            with pytest.raises(Unavailable, match="lock"):
                await database.write(lambda tx: tx.run(RAISE, of_id=key))
        assert await database.write(lambda tx: tx.run(RAISE, of_id=key)) == 1
    finally:
        await other.close()
        await database.close()


async def test_a_cancelled_read_leaves_a_connection_that_works(library: Database) -> None:
    for _ in range(20):
        reading = asyncio.create_task(library.read(lambda tx: tx.rows(select(func.pg_sleep(3)))))
        await asyncio.sleep(0.01)
        reading.cancel()
        with pytest.raises(asyncio.CancelledError):
            await reading
        async with asyncio.timeout(2):
            assert await library.read(lambda tx: tx.row(select(func.length("four")))) == (4,)
