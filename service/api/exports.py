"""`export`: the answer as a file, sent batch by batch, so that neither we nor the database hold it whole."""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import Final

import msgspec
from litestar.response.base import ASGIResponse
from litestar.types import Receive, Scope, Send

from service.api.export_formats import FORMATS, Column, Format
from service.database import Database
from service.dialects import question
from service.dialects.nodes import Joined, Term
from service.dialects.parts import KEY, Branch, Part
from service.dialects.question import Question
from service.dialects.summaries import Summary
from service.users.problems import BadQuery

BATCH: Final = 100  # rows: what the lanes of the database, and the loop, are held for at a time
REST: Final = 0.02  # seconds between two batches, at most


def known(name: object) -> str:
    """The name of a format. Raises BadQuery."""
    if not isinstance(name, str) or name not in FORMATS:
        raise BadQuery(f'"export" must be one of [{", ".join(FORMATS)}]')
    return name


async def of_many(database: Database, asked: Question, name: str) -> "File":
    """The rows as a file; a question that cannot be answered is refused before the first byte."""
    batches = _batches(database, asked)
    first: list[object] = await anext(batches, [])
    return File(name, asked, first, _rested(batches))


def of_one(asked: Question, item: object, name: str) -> "File":
    """One row as a file."""
    return File(name, asked, [item], _no_more())


async def _no_more() -> AsyncIterator[list[object]]:
    nothing: tuple[list[object], ...] = ()
    for batch in nothing:
        yield batch


async def _batches(database: Database, asked: Question) -> AsyncIterator[list[object]]:
    limit = asked.values["limit"]
    if limit == 0:
        return
    if asked.summary is not None or (isinstance(limit, int) and limit <= BATCH):
        yield await database.scan(question.items, asked)
        return
    async for keys in _keys(database, asked):
        yield await database.scan(question.items, _with_keys(asked, keys))


async def _rested(batches: AsyncIterator[list[object]]) -> AsyncIterator[list[object]]:
    """The batches, each after a rest as long as the last one took: half of the time is for others."""
    began = time.perf_counter()
    async for batch in batches:
        yield batch
        await asyncio.sleep(min(REST, time.perf_counter() - began))
        began = time.perf_counter()


async def _keys(database: Database, asked: Question) -> AsyncIterator[list[str]]:
    """The keys of the rows. In the order of the keys a batch begins where the last one ended; any other order
    is made once, for all of them."""
    shape = msgspec.structs.replace(asked.shape, chosen=(KEY,))
    if shape.sort:
        keys = [row[0] for row in await database.scan(question.rows, Question(shape, asked.values))]
        for start in range(0, len(keys), BATCH):
            yield keys[start : start + BATCH]
        return
    values, left = dict(asked.values), int(str(asked.values["limit"]))
    while left > 0:
        values["limit"] = min(left, BATCH)
        rows = await database.scan(question.rows, Question(shape, values))
        if rows:
            yield [row[0] for row in rows]
        if len(rows) < min(left, BATCH):
            return
        left -= len(rows)
        place = sum(name[0] == "v" and name[1:].isdigit() for name in asked.values)
        after = Term("id", "gt", place, ours=True)
        where = asked.shape.where
        values |= {f"v{place}": rows[-1][0], "offset": 0}
        shape = msgspec.structs.replace(shape, where=Joined("and", (where, after)) if where else after)


def _with_keys(asked: Question, keys: list[str]) -> Question:
    shape = msgspec.structs.replace(
        asked.shape,
        where=Term("id", "in", 0, ours=True),
        searched=False,
        keyed=False,
        paged=False,
        reach=0,
        remote=False,
    )
    callers = {name: value for name, value in asked.values.items() if name.startswith("caller_")}
    return Question(shape, {**callers, "v0": keys}, asked.wishes)


class File(ASGIResponse):
    """An attachment whose items come batch by batch."""

    def __init__(
        self, name: str, asked: Question, first: list[object], rest: AsyncIterator[list[object]]
    ) -> None:
        self._format: Format = FORMATS[name]
        self._first, self._rest = first, rest
        self._columns = _summed(asked.summary) if asked.summary else _columns(asked.shape.chosen)
        called = f"{asked.shape.collection} {datetime.now(UTC):%Y%m%d-%H%M%S}.{name}"
        self._headers = [
            (b"content-type", f"{self._format.media}; charset=utf-8".encode()),
            (b"content-disposition", f'attachment; filename="{called}"'.encode()),
        ]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it, until the end or until nobody is there to take it."""
        await send({"type": "http.response.start", "status": 200, "headers": self._headers})
        leaving = asyncio.create_task(_left(receive))
        try:
            opening = self._format.opening(self._columns).encode()
            await _send(send, opening + self._batch(self._first, first=True))
            empty = not self._first  # rows may go while they are read: that of a batch says nothing of others
            async for items in self._rest:
                if leaving.done():
                    break
                await _send(send, self._batch(items, first=empty))
                empty = empty and not items
            closing = self._format.closing + (self._format.nothing if empty else "")
            await _send(send, closing.encode(), more=False)
        finally:
            leaving.cancel()
            with suppress(asyncio.CancelledError):
                await leaving

    def _batch(self, items: Sequence[object], *, first: bool) -> bytes:
        return self._format.batch(msgspec.json.encode(items), self._columns, first)


async def _send(send: Send, piece: bytes, *, more: bool = True) -> None:
    if piece or not more:
        await send({"type": "http.response.body", "body": piece, "more_body": more})


async def _left(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _columns(parts: Sequence[Part]) -> list[Column]:
    """The columns of a table: those of an object to one row stand beside ours."""
    columns: list[Column] = []
    for part in parts:
        if isinstance(part, Branch) and not part.relation.many:
            columns += [(part.key, *inner) for inner in _columns(part.parts)]
        else:
            columns.append((part if isinstance(part, str) else part.key,))
    return columns


def _summed(summary: Summary) -> list[Column]:
    sums = [(one.operation, one.path.key) if one.path else (one.operation,) for one in summary.sums]
    return [*((path.key,) for path in summary.groups), *sums]
