"""The query parameters of the 8 generation, read into the parts of a Question."""

from collections.abc import Mapping, Sequence
from typing import Final

from service.api import query_string
from service.api.calls import Call
from service.api.parameters import Parameters
from service.api.query_string import Tree, words
from service.dialects import choosing, dialect, question
from service.dialects.chained_filters import ChainedReader
from service.dialects.functions import RANDOM
from service.dialects.nodes import Node, Term, joined
from service.dialects.parts import Order, Part, Wish
from service.dialects.paths import Path
from service.users.model import ARCHIVED, Caller
from service.users.problems import BadQuery

_USERS: Final = "directus_users"
_KNOWN: Final = ("fields", "limit", "offset", "page", "sort", "single", "status", "filter", "meta")
_RANDOM: Final = (Path((), "id", RANDOM, ours=True), False)


class Parameters8(Parameters):
    """Lists of users leave out deleted ones, unless `status` asks for them; whatever names an item does."""

    def __init__(self, call: Call, caller: Caller, collection: str, query: Tree | None = None) -> None:
        given = call.query if query is None else query
        known: Tree = {name: given[name] for name in _KNOWN if given.get(name) is not None}
        super().__init__(call, caller, collection, {**known, "search": given.get("q") or None})

    def standing(self, first: int) -> tuple[Node | None, list[object]]:
        """Deleted users are not there."""
        if self.collection != _USERS:
            return None, []
        return Term("status", "neq", first, ours=True), [ARCHIVED]

    def where(self) -> tuple[Node | None, list[object]]:
        """The statuses that are asked for, and the filter."""
        shown, values = self._statuses()
        given = self.query.get("filter")
        if given in (None, ""):
            return shown, values
        reader = ChainedReader(self.language, self.collection, self._variables)
        reader.values.extend(values)
        asked = reader.read(query_string.json(given, "filter"))
        return joined("and", [shown, asked]), reader.values

    def _statuses(self) -> tuple[Node | None, list[object]]:
        asked = words(self.query.get("status", ""), "status")
        if not asked or self.collection != _USERS:
            return self.standing(0)
        if "*" in asked:
            return None, []
        dump = dialect.words(self.language, _USERS)["status"].cells[self.language].dump
        return Term("status", "in", 0, ours=True), [[dump(word) if dump else word for word in asked]]

    def chosen(self) -> tuple[tuple[Part, ...], Sequence[Wish]]:
        """What `fields` asks for, without the words that have a `-` before them."""
        asked = choosing.flattened(self.query["fields"]) if "fields" in self.query else []
        left_out = {word[1:] for word in asked if word.startswith("-")}
        known = dialect.words(self.language, self.collection)
        if unknown := left_out - known.keys():
            raise BadQuery(f'Invalid field "{min(unknown)[:64]}" in "{self.collection}"')
        kept = tuple(word for word in asked if not word.startswith("-"))
        chosen, wishes = choosing.plain(self.language, self.collection, kept, self._rules)
        if not left_out:
            return chosen, wishes
        shown = tuple(part for part in chosen if _key(part) not in left_out)
        if not shown:
            raise BadQuery('"fields" leaves nothing to show')
        return shown, wishes

    def sort(self, collection: str, given: object) -> Order:
        """Words to sort by; `?` is an order by chance."""
        asked = words(given, "sort")
        if "?" in asked:
            return (_RANDOM,)
        return super().sort(collection, ",".join(asked))

    def page(self, query: Mapping[str, object], default: int, prefix: str = "") -> tuple[int | None, int]:
        """Rows to take and to pass over: any negative `limit` is all, `offset` wins over `page`."""
        limit, offset, page = (query_string.whole(query, name, least) for name, least in _BOUNDS)
        taken = min(default, self.most or default) if limit is None else limit
        if self.most is not None and taken > self.most:
            raise BadQuery(f'"limit" must be less than or equal to {self.most}')
        if offset is None:
            offset = (page - 1) * limit if page is not None and limit is not None and limit > 0 else 0
        if offset >= question.ALL:
            raise BadQuery('"page" is beyond every row')
        return (self.most if taken < 0 else taken), offset


_BOUNDS: Final = (("limit", -(2**31)), ("offset", 0), ("page", 1))


def _key(part: Part) -> str:
    return part if isinstance(part, str) else part.key
