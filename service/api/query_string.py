"""Query strings: brackets and JSON read into one tree, whatever the client's library wrote."""

import re
from collections.abc import Mapping
from itertools import pairwise
from typing import Final
from urllib.parse import parse_qsl

import msgspec

from service.users.problems import BadQuery

MOST_PARAMETERS: Final = 2000
DEEPEST: Final = 24
_KEY: Final = re.compile(r"([^\[\]]+)((?:\[[^\[\]]*\])*)\Z")
_PART: Final = re.compile(r"\[([^\[\]]*)\]")
# Generation 8's `[>=]`, whose "=" many leave as it is.
_SIGN: Final = re.compile(rb"(\[(?:[!<>]|%21|%3[CE])?)=\]")

Tree = dict[str, object]

# Clients ask few questions many times: one that speaks of nothing but these holds no secret, nobody's name
# and no moment, so it is read once.
PLAIN: Final = frozenset({"fields", "limit", "offset", "page", "sort", "meta", "single", "status"})
SHORT: Final = 2048  # bytes of a query that is worth remembering
MOST: Final = 512
_known: Final[dict[bytes, Tree]] = {}


def read(raw: bytes) -> Tree:
    """The parameters as a tree: `a[b][]=1&a[b][]=2` is `{"a": {"b": ["1", "2"]}}`. Raises BadQuery.

    Nobody changes it: a plain one that comes again is not read again.
    """
    tree = _known.get(raw)
    if tree is None:
        tree = _read(raw)
        if len(raw) <= SHORT and tree.keys() <= PLAIN:
            if len(_known) >= MOST:
                _known.clear()
            _known[raw] = tree
    return tree


def _read(raw: bytes) -> Tree:
    try:
        text = _SIGN.sub(rb"\1%3D]", raw).decode("ascii")
        pairs = parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=MOST_PARAMETERS)
    except ValueError:
        raise BadQuery("The query string is malformed or has too many parameters") from None
    tree: Tree = {}
    for key, value in pairs:
        if "[" not in key:
            _place(tree, [key], value)
        elif found := _KEY.match(key):
            _place(tree, [found[1], *_PART.findall(found[2])], value)
        else:
            raise BadQuery(f'The parameter "{key[:64]}" has unbalanced brackets')
    return {key: _lists(value) for key, value in tree.items()}


def _place(tree: Tree, path: list[str], value: str) -> None:
    if len(path) > DEEPEST:
        raise BadQuery(f"Parameters nest at most {DEEPEST} levels")
    for part, after in pairwise(path):
        tree = _inside(tree, part or str(len(tree)), after, path[0])
    last = path[-1] or str(len(tree))
    earlier = tree.get(last)
    if earlier is None:
        tree[last] = value
    elif isinstance(earlier, list):  # the same name again and again is a list, as some libraries write one
        earlier.append(value)
    elif not isinstance(earlier, dict):
        tree[last] = [earlier, value]
    elif next(iter(earlier)).isdecimal():
        _place(earlier, [""], value)
    else:
        raise _both(path[0])


def _inside(tree: Tree, part: str, after: str, name: str) -> Tree:
    """What a part of a key leads into; values that are there already become the first of a list."""
    child = tree.setdefault(part, {})
    if isinstance(child, dict):
        return child
    if after and not after.isdecimal():
        raise _both(name)
    values = child if isinstance(child, list) else [child]
    listed: Tree = {str(index): value for index, value in enumerate(values)}
    tree[part] = listed
    return listed


def _both(name: str) -> BadQuery:
    return BadQuery(f'The parameter "{name[:64]}" is both a value and an object')


def _lists(value: object) -> object:
    """Objects whose keys are all numbers are lists, of any length."""
    if not isinstance(value, dict):
        return value
    if value and all(key.isdecimal() for key in value):
        return [_lists(value[key]) for key in sorted(value, key=lambda key: int(key[:9]))]
    return {key: _lists(child) for key, child in value.items()}


def words(value: object, name: str) -> list[str]:
    """A list of words: given as CSV, as an array, or both."""
    parts = value if isinstance(value, list) else [value]
    found: list[str] = []
    for part in parts:
        if not isinstance(part, str):
            raise BadQuery(f'"{name}" has to be a string or an array of strings')
        found.extend(word for piece in part.split(",") if (word := piece.strip()))
    return found


def json(value: object, name: str) -> object:
    """An object or array given in brackets or as JSON text."""
    if not isinstance(value, str):
        return value
    try:
        return msgspec.json.decode(value)
    except (msgspec.DecodeError, RecursionError):
        raise BadQuery(f"Invalid JSON for {name} object") from None


def whole(query: Mapping[str, object], name: str, least: int) -> int | None:
    """A whole number of at least `least`; None when the parameter is absent or empty."""
    value = query.get(name)
    text = "" if value is None else str(value).strip()
    if not text:
        return None
    if not re.fullmatch(r"[+-]?[0-9]{1,18}", text):
        raise BadQuery(f'"{name}" must be a number')
    number = int(text)
    if number < least:
        raise BadQuery(f'"{name}" must be greater than or equal to {least}')
    return number
