"""From query parameters to a Question, and from its rows to the generation's answer."""

from collections.abc import Mapping
from typing import Final

from litestar.response.base import ASGIResponse

from service.api import answers
from service.api.calls import Call
from service.api.query_string import json, whole, words
from service.database import Transaction
from service.dialects import dialect, question
from service.dialects.filters import Node, Reader
from service.dialects.question import Question
from service.users.model import Caller
from service.users.problems import BadQuery, Forbidden

METAS: Final = ("total_count", "filter_count")
# Of the documented parameters these are not answered; to pass over them would answer another question.
_UNANSWERED: Final = ("aggregate", "groupBy", "deep", "alias", "export", "version")


def _chosen(call: Call, collection: str) -> tuple[str, ...]:
    asked = words(call.query["fields"], "fields") if "fields" in call.query else []
    return dialect.choose(call.generation.language, collection, asked)


def one(call: Call, caller: Caller, collection: str, key: str) -> Question:
    """The question for one row, by its key."""
    language = call.generation.language
    return question.ask(caller, language, collection, _chosen(call, collection), key=key)


def many(call: Call, caller: Caller, collection: str) -> Question:
    """The question that the query parameters ask about a whole collection."""
    query, language = call.query, call.generation.language
    for name in _UNANSWERED:
        if name in query:
            raise BadQuery(f'"{name}" is not served')
    where, operands = _filter(call, collection)
    limit, offset = _page(call)
    search = query.get("search")
    if search is not None and not isinstance(search, str):
        raise BadQuery('"search" must be a string')
    return question.ask(
        caller,
        language,
        collection,
        _chosen(call, collection),
        where=where,
        operands=operands,
        search=search,
        sort=_sort(call, collection),
        limit=limit,
        offset=offset,
    )


def _filter(call: Call, collection: str) -> tuple[Node | None, list[object]]:
    given = call.query.get("filter")
    if given is None or given == "":
        return None, []
    language = call.generation.language
    known = dialect.words(language, collection)
    reader = Reader(language, known, collection)
    return reader.read(json(given, "filter")), reader.values


def _sort(call: Call, collection: str) -> tuple[tuple[str, bool], ...]:
    known = dialect.words(call.generation.language, collection)
    order: list[tuple[str, bool]] = []
    for word in words(call.query.get("sort", ""), "sort"):
        name = word.removeprefix("-")
        field = known.get(name)
        if field is None or field.guard in ("secret", "hidden") or field.kind in ("json", "tags"):
            raise BadQuery(f'Cannot sort by "{name[:64]}" in "{collection}"')
        order.append((name, word.startswith("-")))
    return tuple(order)


def _page(call: Call) -> tuple[int | None, int]:
    """Rows to take (None: all) and rows to pass over; `page` wins over `offset`."""
    query, most = call.query, call.house.terms.most_rows
    limit = whole(query, "limit", -1)
    if limit is None:
        limit = min(call.generation.limit, most or call.generation.limit)
    if most is not None and limit > most:
        raise BadQuery(f'"limit" must be less than or equal to {most}')
    page, offset = whole(query, "page", 1), whole(query, "offset", 0) or 0
    if page is not None and limit != -1:
        offset = (page - 1) * limit
    if limit == -1:
        limit = most if most is not None else 2**62
    if offset >= 2**62:
        raise BadQuery('"page" is beyond every row')
    return limit, offset


def _metas(call: Call) -> tuple[str, ...]:
    asked = words(call.query.get("meta", ""), "meta")
    if "*" in asked:
        return METAS
    for place, name in enumerate(asked):
        if name not in METAS:
            raise BadQuery(f'"meta[{place}]" must be one of [{", ".join(METAS)}]')
    return tuple(asked)


async def answer_one(call: Call, asked: Question) -> ASGIResponse:
    """The row, or Forbidden: what is not there and what is not yours answer alike."""
    row = await call.house.database.read(question.row, asked)
    if row is None:
        raise Forbidden
    return answers.data(asked.selection.item(row))


async def answer_many(call: Call, asked: Question) -> ASGIResponse:
    """The rows, with the counts that `meta` asks for."""
    metas = _metas(call)
    database = call.house.database
    lane = database.read if question.bounded(asked) else database.scan
    rows = await lane(question.rows, asked) if asked.values["limit"] else []
    item = asked.selection.item
    items = [item(row) for row in rows]
    if not metas:
        return answers.data(items)
    meta = await database.scan(_counts, asked, metas)
    return answers.answer({"data": items, "meta": meta})


async def _counts(tx: Transaction, asked: Question, metas: tuple[str, ...]) -> Mapping[str, int]:
    return {name: await question.count(tx, asked, filtered=name == "filter_count") for name in metas}


async def show(tx: Transaction, asked: Question) -> object | None:
    """The object as it is within a transaction; None when the caller may not see it."""
    row = await question.row(tx, asked)
    return None if row is None else asked.selection.item(row)
