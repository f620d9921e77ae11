"""From query parameters to a Question, and from its rows to the generation's answer."""

from collections.abc import Mapping, Sequence
from typing import Final

from litestar.response.base import ASGIResponse

from service.api import answers, exports
from service.api.calls import Call
from service.api.parameters import Parameters
from service.api.query_string import Tree, words
from service.database import Transaction
from service.dialects import dialect, question
from service.dialects.parts import KEY
from service.dialects.question import Question
from service.users.model import Caller
from service.users.problems import BadQuery, Forbidden

METAS: Final = ("total_count", "filter_count")


def one(call: Call, caller: Caller, collection: str, key: str) -> Question:
    """The question for one row, by its key."""
    return Parameters(call, caller, collection).one(dialect.item(collection, key))


def those(call: Call, caller: Caller, collection: str, keys: Sequence[str]) -> Question:
    """The question for some rows, by their keys: they come in the order of these."""
    known = [dialect.item(collection, key) for key in keys]
    return Parameters(call, caller, collection).those(known)


def many(call: Call, caller: Caller, collection: str, query: Tree | None = None) -> Question:
    """The question about a whole collection: that of the URL, or `query` of a body in its place."""
    return Parameters(call, caller, collection, query).many()


def naming(call: Call, caller: Caller, collection: str, query: Tree) -> Question:
    """The question for the keys that a body's `query` finds: `question.rows` gives (key,) of each."""
    return Parameters(call, caller, collection, {**query, "alias": None, "deep": None}).many((KEY,))


def _metas(query: Mapping[str, object]) -> tuple[str, ...]:
    asked = words(query.get("meta", ""), "meta")
    if "*" in asked:
        return METAS
    for place, name in enumerate(asked):
        if name not in METAS:
            raise BadQuery(f'"meta[{place}]" must be one of [{", ".join(METAS)}]')
    return tuple(asked)


async def answer_one(call: Call, asked: Question) -> ASGIResponse:
    """The row, or Forbidden: what is not there and what is not yours answer alike."""
    lane = call.house.database.scan if asked.wishes else call.house.database.read
    item = await lane(show, asked)
    if item is None:
        raise Forbidden
    if "export" in call.query:
        return exports.of_one(asked, item, exports.known(call.query["export"]))
    return answers.data(item)


async def answer_many(call: Call, asked: Question, query: Tree | None = None) -> ASGIResponse:
    """The rows, with the counts that `meta` asks for."""
    given = call.query if query is None else query
    metas, database = _metas(given), call.house.database
    if given.get("export") is not None:
        return await exports.of_many(database, asked, exports.known(given["export"]))
    lane = database.read if question.bounded(asked) else database.scan
    items = await lane(question.items, asked) if asked.values["limit"] else []
    if not metas:
        return answers.data(items)
    meta = await database.scan(_counts, asked, metas)
    return answers.answer({"data": items, "meta": meta})


async def _counts(tx: Transaction, asked: Question, metas: tuple[str, ...]) -> Mapping[str, int]:
    return {name: await question.count(tx, asked, filtered=name == "filter_count") for name in metas}


async def show(tx: Transaction, asked: Question) -> object | None:
    """The object as it is within a transaction; None when the caller may not see it."""
    items = await question.items(tx, asked)
    return items[0] if items else None
