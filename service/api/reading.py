"""From query parameters to a Question, and from its rows to the generation's answer."""

from collections.abc import Sequence
from typing import Final

from litestar.response.base import ASGIResponse

from service.api import answers, exports
from service.api.calls import Call
from service.api.keys import item_of
from service.api.query_string import MOST, PLAIN, SHORT, Tree
from service.database import Transaction
from service.dialects import dialect, question, rules
from service.dialects.parts import KEY
from service.dialects.question import Question
from service.users.model import Caller
from service.users.problems import Forbidden, NoneFound


def one(call: Call, caller: Caller, collection: str, key: str) -> Question:
    """The question for one row, by its key. Raises Forbidden for what is none: it names nothing."""
    item = item_of(collection, key)
    asked = _again(call, caller, collection, "one")
    if asked is None:
        asked = call.generation.parameters(call, caller, collection).one(item)
        _keep(call, caller, "one", asked)
    asked.values["key"] = item
    return asked


def those(call: Call, caller: Caller, collection: str, keys: Sequence[str]) -> Question:
    """The question for some rows, by their keys: they come in the order of these."""
    known = [dialect.item(collection, key) for key in keys]
    return call.generation.parameters(call, caller, collection).those(known)


def many(call: Call, caller: Caller, collection: str, query: Tree | None = None) -> Question:
    """The question about a whole collection: that of the URL, or `query` of a body in its place."""
    if query is not None:
        return call.generation.parameters(call, caller, collection, query).many()
    asked = _again(call, caller, collection, "many")
    if asked is None:
        asked = call.generation.parameters(call, caller, collection).many()
        _keep(call, caller, "many", asked)
    return asked


_Place = tuple[str, str, str, object, int | None, bytes]
_kept: Final[dict[_Place, Question]] = {}


def _place(call: Call, caller: Caller, collection: str, kind: str) -> _Place | None:
    """All that a plain question depends on, but the caller's own values."""
    text = call.query_text
    if text is None or len(text) > SHORT or caller.connection is not None:
        return None
    return call.generation.language, collection, kind, rules.of(caller), call.house.terms.most_rows, text


def _again(call: Call, caller: Caller, collection: str, kind: str) -> Question | None:
    """The question as this caller asks it, if it is one that was asked before."""
    place = _place(call, caller, collection, kind)
    kept = None if place is None else _kept.get(place)
    return None if kept is None else question.again(caller, kept)


def _keep(call: Call, caller: Caller, kind: str, asked: Question) -> None:
    place = _place(call, caller, asked.shape.collection, kind)
    if place is not None and call.query.keys() <= PLAIN:
        if len(_kept) >= MOST:
            _kept.clear()
        _kept[place] = question.bare(asked)


def naming(call: Call, caller: Caller, collection: str, query: Tree) -> Question:
    """The question for the keys that a body's `query` finds: `question.rows` gives (key,) of each."""
    return call.generation.parameters(call, caller, collection, {**query, "alias": None, "deep": None}).many(
        (KEY,)
    )


async def answer_one(call: Call, asked: Question) -> ASGIResponse:
    """The row, or Forbidden: what is not there and what is not yours answer alike."""
    metas, names = call.generation.metas, call.generation.metas.read(call.query)
    lane = call.house.database.scan if asked.wishes else call.house.database.read
    item = await lane(show, call, asked)
    if item is None:
        raise Forbidden
    if call.query.get("export"):
        return exports.of_one(asked, item, exports.known(call.query["export"]))
    if meta := metas.of_one(asked, names):
        return answers.answer({"data": item, "meta": meta})
    return answers.data(item)


async def answer_many(call: Call, asked: Question, query: Tree | None = None) -> ASGIResponse:
    """The rows, with what `meta` asks for; the first of them alone where `single` does."""
    given = call.query if query is None else query
    names, database = call.generation.metas.read(given), call.house.database
    if given.get("export"):
        return await exports.of_many(database, asked, exports.known(given["export"]))
    lane = database.read if question.bounded(asked) else database.scan
    items = await lane(_items, call, asked) if asked.values["limit"] else []
    if asked.single and not items:
        raise NoneFound
    data = items[0] if asked.single else items
    if not names:
        return answers.data(data)
    meta = await database.scan(call.generation.metas.tell, call, asked, names, len(items))
    return answers.answer({"data": data, "meta": meta})


async def _items(tx: Transaction, call: Call, asked: Question) -> Sequence[object]:
    return await call.generation.told(tx, call, await question.items(tx, asked))


async def show(tx: Transaction, call: Call, asked: Question) -> object | None:
    """The object as it is within a transaction; None when the caller may not see it."""
    items = await call.generation.told(tx, call, await question.items(tx, asked))
    return items[0] if items else None
