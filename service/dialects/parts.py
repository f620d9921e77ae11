"""What `fields` asks for, as a tree: words of the row itself, and branches where relations lead to others."""

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Final, cast

import msgspec

from service.dialects import paths
from service.dialects.dialect import readable
from service.dialects.fields import Language
from service.dialects.filters import Node
from service.dialects.paths import DEEPEST, Path
from service.dialects.relations import Relation, relations
from service.users.problems import BadQuery

if TYPE_CHECKING:
    from service.dialects.rules import Rules

MOST: Final = 1000  # parts of one answer's object
DEFAULT_ROWS: Final = 100  # of a relation to many, when `deep` says nothing else
Order = tuple[tuple[Path, bool], ...]  # a path, and whether it descends


class Leaf(msgspec.Struct, frozen=True):
    """A value of the row: `key` names it in the answer; `ours` as in a Path."""

    key: str
    word: str
    function: str | None = None
    ours: bool = False


KEY: Final = Leaf("id", "id", ours=True)


class Branch(msgspec.Struct, frozen=True):
    """An object, or with `many` a list of objects (of keys, when it has no parts).

    `number` tells the branches to many of one question apart; what `deep` asks of them is their own, and its
    values are kept under that number.
    """

    key: str
    relation: Relation
    parts: tuple["Part", ...]
    number: int = 0
    where: Node | None = None
    searched: bool = False
    sort: Order = ()


class Inner(msgspec.Struct, frozen=True):
    """An object of more values of the same row."""

    key: str
    parts: tuple["Part", ...]


class Constant(msgspec.Struct, frozen=True):
    """A value that is the same for every row."""

    key: str
    value: str


Part = str | Leaf | Branch | Inner | Constant  # a str is a leaf under its own word
Tree = dict[str, "Tree"]


class Wish(msgspec.Struct):
    """What `deep` asks of one relation to many; `limit` None is all of them."""

    fields: list[str] = []
    where: Node | None = None
    operands: list[object] = []
    search: str | None = None
    sort: Order = ()
    limit: int | None = DEFAULT_ROWS
    offset: int = 0


Wishes = Mapping[tuple[str, ...], Wish]


class Chosen(msgspec.Struct, frozen=True):
    """Parts that a language with selections of its own has chosen, with the wishes of their branches."""

    parts: tuple[Part, ...]
    wishes: Sequence[Wish] = ()


class Chooser:
    """Grows the tree of one question; `wishes` are then found under the numbers of its branches."""

    def __init__(
        self, language: Language, aliases: Mapping[str, str], wishes: Wishes, rules: "Rules | None" = None
    ) -> None:
        self._language = language
        self._rules = rules
        self._aliases = aliases
        self._wished = wishes
        self._count = 0
        self.wishes: list[Wish] = []

    def choose(self, collection: str, asked: Sequence[str]) -> tuple[Part, ...]:
        """The parts that `fields` asks for; `*` and nothing mean every word. BadQuery names unknown ones."""
        tree: Tree = {}
        for text in asked or ["*"]:
            steps = text.split(".")
            if len(steps) > DEEPEST:
                raise BadQuery(f'"fields" nests at most {DEEPEST} levels')
            here = tree
            for step in steps:
                here = here.setdefault(step, {})
        return self._parts(collection, tree, (), many=False)

    def _parts(self, home: str, tree: Tree, at: tuple[str, ...], *, many: bool) -> tuple[Part, ...]:
        known = relations(self._language, home)
        chosen: dict[str, Part] = {}
        aliases = self._aliases if not at else {}
        for step, inner in self._spread(home, tree, many=many).items():
            word = aliases.get(step, step)
            relation = known.get(word)
            if relation is not None and (inner or relation.many):
                chosen[step] = self._branch(step, relation, inner, (*at, step), many=many)
            elif inner:
                raise BadQuery(f'"{word[:64]}" is no relation in "{home}"')
            else:
                leaf = self._leaf(home, step, word)
                chosen[leaf if isinstance(leaf, str) else leaf.key] = leaf
            self._count += 1
            if self._count > MOST:
                raise BadQuery(f'"fields" asks for more than {MOST} values')
        return tuple(chosen.values())

    def _spread(self, home: str, tree: Tree, *, many: bool) -> Tree:
        """The tree with words in the place of `*`; what follows a `*` is asked of relations among them."""
        spread: Tree = {}
        known = relations(self._language, home)
        for step, inner in tree.items():
            for word in self._every(home, many=many) if step == "*" else [step]:
                relation = known.get(word)
                if step == "*" and (relation is None or not inner or not self._goes_on(relation, many=many)):
                    spread.setdefault(word, {})
                else:
                    _merge(spread.setdefault(word, {}), inner)
        return spread

    def _every(self, home: str, *, many: bool) -> Iterable[str]:
        """What `*` stands for, of what the caller may know; within a relation to many, no other one."""
        rules, known = self._rules, relations(self._language, home)
        for word in readable(self._language, home):
            if rules is None or rules.knows(self._language, home, word):
                yield word
        for word, one in known.items():
            spreads = one.many and one.spreads and not many
            if spreads and (rules is None or rules.leads(self._language, home, one)):
                yield word

    def _goes_on(self, relation: Relation, *, many: bool) -> bool:
        """Whether a `*` goes on along a relation."""
        if relation.many and many:
            return False
        return self._rules is None or self._rules.reads(relation.target)

    def _leaf(self, home: str, key: str, asked: str) -> str | Leaf:
        word, function = paths.call(asked)
        if paths.kind_of(self._language, home, word, function) is None:
            raise BadQuery(f'Unknown field "{asked[:64]}" in "{home}"')
        named = Path((), word, function).key if key == asked else key
        return word if function is None and named == word else Leaf(named, word, function)

    def _branch(
        self, key: str, relation: Relation, inner: Tree, at: tuple[str, ...], *, many: bool
    ) -> Branch:
        if not relation.many:
            return Branch(key, relation, self._parts(relation.target, inner, at, many=many))
        if many:
            raise BadQuery(f'"{".".join(at)}" is a relation to many within another one')
        wish = self._wished.get(at) or Wish()
        for text in wish.fields:
            here = inner
            for step in text.split(".")[:DEEPEST]:
                here = here.setdefault(step, {})
        number = len(self.wishes)
        self.wishes.append(wish)
        parts = self._parts(relation.target, inner, at, many=True) if inner else ()
        return Branch(key, relation, parts, number, wish.where, bool(wish.search), wish.sort)


SHORT: Final = 1024  # characters of `fields` that are worth remembering


@lru_cache(512)
def plain(
    language: Language, collection: str, asked: tuple[str, ...], rules: "Rules | None" = None
) -> tuple[tuple[Part, ...], tuple[Wish, ...]]:
    """What `fields` alone asks for, with its wishes: the same for whoever asks the same again."""
    chooser = Chooser(language, {}, {}, rules)
    return chooser.choose(collection, asked), tuple(chooser.wishes)


def _merge(into: Tree, other: Tree) -> None:
    for step, inner in other.items():
        _merge(into.setdefault(step, {}), inner)


def flattened(given: object, depth: int = 0) -> list[str]:
    """Fields as JSON says them: texts, and objects for relations (`{"role": ["name"]}`). Raises BadQuery."""
    if depth >= DEEPEST:
        raise BadQuery(f'"fields" nests at most {DEEPEST} levels')
    found: list[str] = []
    for one in given if isinstance(given, list) else [given]:
        if isinstance(one, str):
            found += [word for piece in one.split(",") if (word := piece.strip())]
        elif isinstance(one, dict):
            for word, inner in cast(dict[str, object], one).items():
                found += [f"{word}.{text}" for text in flattened(inner, depth + 1)]
        else:
            raise BadQuery('"fields" has to be a string or an array of strings')
    return found
