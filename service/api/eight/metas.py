"""`meta` of the 8 generation: what was asked, how many there are, and where the other pages are."""

from collections.abc import Mapping
from math import ceil
from typing import Final
from urllib.parse import urlencode

from service.api.calls import Call
from service.api.query_string import words
from service.database import Transaction
from service.dialects import dialect, question
from service.dialects.nodes import Node, Term
from service.dialects.question import ALL, Question
from service.users.model import ARCHIVED, STATUSES
from service.users.problems import BadQuery

_USERS: Final = "directus_users"
_OF_ONE: Final = ("collection", "type")
_NAMES: Final = (*_OF_ONE, "result_count", "total_count", "filter_count", "status", "page")
_ALSO: Final = {"status_count": "status"}  # as the documentation has it


class Metas8:
    """Every key that is documented."""

    def read(self, query: Mapping[str, object]) -> tuple[str, ...]:
        """What is asked for. Raises BadQuery."""
        asked = [_ALSO.get(name, name) for name in words(query.get("meta", ""), "meta")]
        if "*" in asked:
            return _NAMES
        for name in asked:
            if name not in _NAMES:
                raise BadQuery(f'Unknown meta "{name[:64]}": there are {", ".join(_NAMES)}')
        return tuple(asked)

    def of_one(self, asked: Question, names: tuple[str, ...]) -> Mapping[str, object]:
        """Of an item only what it is."""
        known = {"collection": asked.shape.collection, "type": "item"}
        return {name: known[name] for name in _OF_ONE if name in names}

    async def tell(
        self, tx: Transaction, call: Call, asked: Question, names: tuple[str, ...], shown: int
    ) -> Mapping[str, object]:
        """What is told of a list."""
        if asked.single:
            return self.of_one(asked, names)
        told: dict[str, object] = {"collection": asked.shape.collection, "type": "collection"}
        told["result_count"] = shown
        if "total_count" in names:
            told["total_count"] = await _total(tx, call, asked)
        if {"filter_count", "page"} & set(names):
            told["filter_count"] = await question.count(tx, asked, filtered=True)
        if "status" in names and asked.shape.collection == _USERS:
            told["status_count"] = await _by_status(tx, call, asked)
        if "page" in names:
            told |= _pages(call, asked, int(str(told["filter_count"])))
        wanted = {_SHOWN.get(name, (name,)) for name in names}
        keys = [key for group in wanted for key in group]
        return {key: value for key, value in told.items() if key in keys}


_PAGE: Final = ("limit", "offset", "page", "page_count", "links")
_SHOWN: Final[Mapping[str, tuple[str, ...]]] = {"status": ("status_count",), "page": _PAGE}


async def _counted(tx: Transaction, call: Call, asked: Question, where: Node | None, value: object) -> int:
    about = question.ask(
        call.known, asked.shape.language, asked.shape.collection, (), where=where, operands=[value]
    )
    return await question.count(tx, about, filtered=True)


async def _total(tx: Transaction, call: Call, asked: Question) -> int:
    """All but what is deleted, whatever was asked for."""
    there = Term("status", "neq", 0, ours=True) if asked.shape.collection == _USERS else None
    return await _counted(tx, call, asked, there, ARCHIVED)


async def _by_status(tx: Transaction, call: Call, asked: Question) -> Mapping[str, int]:
    load = dialect.words("rest8", _USERS)["status"].cells["rest8"].load
    own = Term("status", "eq", 0, ours=True)
    return {
        str(load(status) if load else status): await _counted(tx, call, asked, own, status)
        for status in STATUSES
    }


def _pages(call: Call, asked: Question, count: int) -> dict[str, object]:
    """Where this page is among all, and the addresses of the others; null where there is none."""
    limit, offset = int(str(asked.values["limit"])), int(str(asked.values["offset"]))
    if limit in (ALL, 0):
        limit = max(count, 1)
    page, last = offset // limit + 1, max(ceil(count / limit), 1)
    links = {
        "self": f"{call.house.terms.public_url}{call.prefix}{call.path}",
        "current": _link(call, limit, page),
        "next": _link(call, limit, page + 1) if page < last else None,
        "previous": _link(call, limit, page - 1) if page > 1 else None,
        "first": _link(call, limit, 1),
        "last": _link(call, limit, last),
    }
    return {"limit": limit, "offset": offset, "page": page, "page_count": last, "links": links}


def _link(call: Call, limit: int, page: int) -> str:
    """This question with another page; no token travels in it."""
    kept = _pairs(
        {n: v for n, v in call.query.items() if n not in ("access_token", "page", "offset", "limit")}
    )
    query = urlencode([*kept, ("limit", str(limit)), ("page", str(page))])
    return f"{call.house.terms.public_url}{call.prefix}{call.path}?{query}"


def _pairs(tree: object, name: str = "") -> list[tuple[str, str]]:
    if isinstance(tree, dict):
        return [
            pair for key, value in tree.items() for pair in _pairs(value, f"{name}[{key}]" if name else key)
        ]
    if isinstance(tree, list):
        return [pair for place, value in enumerate(tree) for pair in _pairs(value, f"{name}[{place}]")]
    return [(name, str(tree))]
