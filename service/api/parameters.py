"""The documented query parameters, read into the parts of a Question; each bad use is named."""

import re
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Final

from service.api import aggregation, query_string
from service.api.calls import Call
from service.api.query_string import Tree, whole, words
from service.dialects import choosing, parts, paths, question, rules, variables
from service.dialects.choosing import Chooser
from service.dialects.filters import Reader
from service.dialects.nodes import Node, Term, joined
from service.dialects.parts import Chosen, Order, Part, Wish
from service.dialects.question import Question
from service.dialects.relations import relations
from service.dialects.variables import Variables
from service.users.model import Caller
from service.users.problems import BadQuery

MOST_SORTS: Final = 20
_ALIAS: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")
_DEEP: Final = frozenset({"_alias", "_fields", "_filter", "_search", "_sort", "_limit", "_offset", "_page"})
_VERSION: Final = "main"  # the one version that everything has
Steps = tuple[str, ...]


class Parameters:
    """The parameters of one question; `query` is that of the URL unless a body brought another."""

    def __init__(self, call: Call, caller: Caller, collection: str, query: Tree | None = None) -> None:
        given = call.query if query is None else query
        self.query = {name: value for name, value in given.items() if value is not None}
        self.language = call.generation.language
        self.collection = collection
        self._count = call.count
        self.caller = caller
        self._rules = rules.of(caller)
        self.most = call.house.terms.most_rows
        self._default = call.generation.limit
        if (self.query.get("version") or _VERSION) != _VERSION:
            raise BadQuery(f'"version" must be "{_VERSION}": there are no others')

    @cached_property
    def _variables(self) -> Variables:
        """What filters may speak of; the moment is the same for all of them."""
        return variables.of(self.caller)

    def one(self, key: str | int) -> Question:
        """The question for one row, by its key."""
        chosen, wishes = self.chosen()
        where, operands = self.standing(0)
        return question.ask(
            self.caller,
            self.language,
            self.collection,
            chosen,
            where=where,
            operands=operands,
            key=key,
            wishes=wishes,
        )

    def standing(self, first: int) -> tuple[Node | None, list[object]]:
        """What every row has to satisfy, whatever is asked; its values are counted from `first`."""
        return None, []

    def those(self, keys: Sequence[str | int]) -> Question:
        """The question for rows by their keys."""
        chosen, wishes = self.chosen()
        where, operands = self.standing(1)
        return question.ask(
            self.caller,
            self.language,
            self.collection,
            chosen,
            where=joined("and", [Term("id", "in", 0, ours=True), where]),
            operands=[list(keys), *operands],
            limit=len(keys),
            wishes=wishes,
        )

    def many(self, only: tuple[Part, ...] = ()) -> Question:
        """The question about a whole collection; `only` takes the place of what `fields` asks for."""
        summary = None if only else aggregation.read(self.language, self.collection, self.query)
        chosen, wishes = (only, ()) if only or summary else self.chosen()
        where, operands = self.where()
        limit, offset = self.page(self.query, self._default)
        asked = question.ask(
            self.caller,
            self.language,
            self.collection,
            chosen,
            where=where,
            operands=operands,
            search=self.search(self.query),
            sort=() if summary else self.sort(self.collection, self.query.get("sort", "")),
            limit=1 if self.single else question.ALL if limit is None else limit,
            offset=offset,
            wishes=wishes,
            summary=summary,
        )
        asked.single = self.single
        return asked

    @property
    def single(self) -> bool:
        """Whether the first row alone is asked for, as early clients do."""
        return "single" in self.query and self.query["single"] not in ("0", "false")

    def where(self) -> tuple[Node | None, list[object]]:
        """What the rows of a list have to satisfy."""
        return self.filter(self.collection, self.query.get("filter"))

    def chosen(self) -> tuple[tuple[Part, ...], Sequence[Wish]]:
        """What `fields`, `alias` and `deep` ask for."""
        if not self.query:
            return choosing.plain(self.language, self.collection, (), self._rules)
        given = self.query.get("fields")
        if isinstance(given, Chosen):
            return given.parts, given.wishes
        asked = choosing.flattened(given) if "fields" in self.query else []
        if not self.query.keys() & {"alias", "deep"} and sum(map(len, asked)) < choosing.SHORT:
            return choosing.plain(self.language, self.collection, tuple(asked), self._rules)
        chooser = Chooser(self.language, self._wishes(), self._rules)
        return chooser.choose(self.collection, asked), chooser.wishes

    def filter(self, collection: str, given: object) -> tuple[Node | None, list[object]]:
        """A filter's shape and its values."""
        if given is None or given == "":
            return None, []
        reader = Reader(self.language, collection, self._variables)
        node = reader.read(query_string.json(given, "filter"))
        self._count(reader.terms)
        return node, reader.values

    def sort(self, collection: str, given: object) -> Order:
        """Paths to sort by, a word with `-` before it in descending order."""
        asked = words(given, "sort")
        if len(asked) > MOST_SORTS:
            raise BadQuery(f'"sort" takes at most {MOST_SORTS} fields')
        return tuple(
            (paths.ordered(self.language, collection, word.removeprefix("-")), word.startswith("-"))
            for word in asked
        )

    def search(self, query: Mapping[str, object], name: str = "search") -> str | None:
        """The text to look for."""
        given = query.get(name)
        if given is not None and not isinstance(given, str):
            raise BadQuery(f'"{name}" must be a string')
        if given and "\0" in given:
            raise BadQuery(f'"{name}" cannot hold NUL')
        return given

    def page(self, query: Mapping[str, object], default: int, prefix: str = "") -> tuple[int | None, int]:
        """Rows to take (None: all) and rows to pass over; `page` wins over `offset`."""
        most = self.most
        limit = whole(query, f"{prefix}limit", -1)
        if query.get(f"{prefix}limit") == "":  # which the documented server takes for 0
            limit = 0
        elif limit is None:
            limit = min(default, most or default)
        if most is not None and limit > most:
            raise BadQuery(f'"{prefix}limit" must be less than or equal to {most}')
        page, offset = whole(query, f"{prefix}page", 1), whole(query, f"{prefix}offset", 0) or 0
        if page is not None and limit != -1:
            offset = (page - 1) * limit
        if offset >= question.ALL:
            raise BadQuery(f'"{prefix}page" is beyond every row')
        return (most if limit == -1 else limit), offset

    def _wishes(self) -> Mapping[Steps, Wish]:
        """What `deep` asks of relations, and under no steps at all what `alias` says of the question."""
        wishes: dict[Steps, Wish] = {(): Wish(aliases=_aliases(self.query.get("alias"), "alias"))}
        deep = _object(self.query.get("deep"), "deep")
        for name in deep:
            if name.startswith("_"):
                raise BadQuery(f'"deep" asks of relations: "{name[:64]}" has to stand within one')
        self._wish(deep, self.collection, (), wishes)
        return wishes

    def _wish(
        self, given: Mapping[str, object], collection: str, at: Steps, wishes: dict[Steps, Wish]
    ) -> None:
        if len(at) >= paths.DEEPEST:
            raise BadQuery(f'"deep" nests at most {paths.DEEPEST} levels')
        aliases = wishes[at].aliases
        for key, value in given.items():
            if key.startswith("_"):
                continue
            relation = relations(self.language, collection).get(aliases.get(key, key))
            if relation is None:
                raise BadQuery(f'"deep" names "{key[:64]}", which is no relation of "{collection}"')
            place = ".".join(("deep", *at, key))
            inner = _object(value, place)
            asked = {name: one for name, one in inner.items() if name.startswith("_") and one is not None}
            if unknown := asked.keys() - _DEEP:
                raise BadQuery(f'"{place}" does not know "{min(unknown)[:64]}"')
            wishes[*at, key] = self.wish(asked, relation.target)
            self._wish(inner, relation.target, (*at, key), wishes)

    def wish(self, asked: Mapping[str, object], target: str) -> Wish:
        """What `deep` asks of a relation to rows of `target`, its names with `_` before them."""
        where, operands = self.filter(target, asked.get("_filter"))
        limit, offset = self.page(asked, parts.DEFAULT_ROWS, "_")
        return Wish(
            choosing.flattened(asked["_fields"]) if "_fields" in asked else [],
            where,
            operands,
            self.search(asked, "_search"),
            self.sort(target, asked.get("_sort", "")),
            limit,
            offset,
            _aliases(asked.get("_alias"), "_alias"),
        )


def _aliases(given: object, name: str) -> Mapping[str, str]:
    """Words by the names that they are to have in the answer."""
    found = _object(given, name)
    for key, word in found.items():
        if not _ALIAS.fullmatch(key):
            raise BadQuery(f'"{name}" has a key that is no name: "{key[:64]}"')
        if not isinstance(word, str) or "." in word:
            raise BadQuery(f'"{name}.{key}" has to be the name of a field, without dots')
    return {key: str(word) for key, word in found.items()}


def _object(given: object, name: str) -> Mapping[str, object]:
    found = {} if given is None or given == "" else query_string.json(given, name)
    if not isinstance(found, dict):
        raise BadQuery(f'"{name}" has to be an object')
    return found
