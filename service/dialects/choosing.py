"""What `fields` asks for, read into the parts of an answer with the help of `alias` and `deep`."""

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Final, cast

from service.dialects import parts, paths
from service.dialects.dialect import readable, words
from service.dialects.fields import Language
from service.dialects.parts import Branch, Leaf, Part, Wish
from service.dialects.paths import DEEPEST, Path
from service.dialects.relations import Relation, relations
from service.users.problems import BadQuery

if TYPE_CHECKING:
    from service.dialects.rules import Rules

MOST: Final = 1000  # parts of one answer's object
SHORT: Final = 1024  # characters of `fields` that are worth remembering
Tree = dict[str, "Tree"]
Wishes = Mapping[tuple[str, ...], Wish]  # by the keys that lead to a relation; () is the question itself
_NOTHING: Final = Wish()


class Chooser:
    """Grows the tree of one question; `wishes` are then found under the numbers of its branches."""

    def __init__(self, language: Language, wishes: Wishes, rules: "Rules | None" = None) -> None:
        self._language = language
        self._rules = rules
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
            _grow(tree, steps)
        return self._parts(collection, tree, (), many=False)

    def _parts(self, home: str, tree: Tree, at: tuple[str, ...], *, many: bool) -> tuple[Part, ...]:
        known, aliases = relations(self._language, home), self._wish(at).aliases
        chosen: dict[str, Part] = {}
        for step, inner in self._spread(home, tree, aliases, many=many).items():
            word, here = aliases.get(step, step), (*at, step)
            relation = known.get(word)
            if relation is not None:
                for text in self._wish(here).fields:
                    _grow(inner, text.split(".")[:DEEPEST])
            if relation is not None and (inner or relation.many):
                chosen[step] = self._branch(step, relation, inner, here, many=many or relation.many)
            elif inner:
                raise BadQuery(f'"{word[:64]}" is no relation in "{home}"')
            else:
                leaf = self._leaf(home, step, word)
                chosen[leaf if isinstance(leaf, str) else leaf.key] = leaf
            self._count += 1
            if self._count > MOST:
                raise BadQuery(f'"fields" asks for more than {MOST} values')
        return tuple(chosen.values())

    def _wish(self, at: tuple[str, ...]) -> Wish:
        return self._wished.get(at, _NOTHING)

    def _spread(self, home: str, tree: Tree, aliases: Mapping[str, str], *, many: bool) -> Tree:
        """The tree with words in the place of `*`; what follows a `*` is asked of relations among them."""
        spread: Tree = {}
        known = relations(self._language, home)
        for step, inner in tree.items():
            for word in self._all(home, aliases, many=many) if step == "*" else [step]:
                relation = known.get(aliases.get(word, word))
                if step == "*" and (relation is None or not inner or not self._goes_on(relation, many=many)):
                    spread.setdefault(word, {})
                else:
                    _merge(spread.setdefault(word, {}), inner)
        return spread

    def _all(self, home: str, aliases: Mapping[str, str], *, many: bool) -> Iterable[str]:
        """What `*` stands for, the second names of it too, and those of what is no word: they are refused."""
        every = list(self._every(home, many=many))
        known = words(self._language, home).keys() | relations(self._language, home).keys()
        yield from every
        for name, asked in aliases.items():
            word, _ = paths.call(asked)
            if word in every or word not in known:
                yield name

    def _every(self, home: str, *, many: bool) -> Iterable[str]:
        """The words among it, of what the caller may know; within a relation to many, no other one."""
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
        chosen = self._parts(relation.target, inner, at, many=many) if inner else ()
        return parts.branch(key, relation, chosen, self._wish(at), self.wishes)


@lru_cache(512)
def plain(
    language: Language, collection: str, asked: tuple[str, ...], rules: "Rules | None" = None
) -> tuple[tuple[Part, ...], tuple[Wish, ...]]:
    """What `fields` alone asks for, with its wishes: the same for whoever asks the same again."""
    chooser = Chooser(language, {}, rules)
    return chooser.choose(collection, asked), tuple(chooser.wishes)


def _grow(tree: Tree, steps: Sequence[str]) -> None:
    for step in steps:
        tree = tree.setdefault(step, {})


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
