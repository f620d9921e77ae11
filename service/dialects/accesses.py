"""What a caller may do to each collection, told to themselves: the answer of `/permissions/me`."""

from collections.abc import Mapping, Sequence
from typing import Final

from service.dialects import rules
from service.dialects.dialect import COLLECTIONS, Collection, words
from service.dialects.fields import Language
from service.dialects.grants import Granted
from service.dialects.relations import relations
from service.users import access
from service.users.leave import Action
from service.users.model import FILE_ATTRIBUTES, FILES, USERS, Caller

ACTIONS: Final[tuple[Action, ...]] = ("create", "read", "update", "delete", "share")
_NONE: Final = {"access": "none"}
_FULL: Final[dict[str, object]] = {"access": "full", "fields": ["*"], "presets": {}}


def told(caller: Caller) -> dict[str, dict[str, dict[str, object]]]:
    """Collection and action: `full`, `partial` (some rows only) or `none`, fields, and what is filled in."""
    limits = rules.of(caller)
    return {
        name: {
            action: _told(caller, home, action, limits.grants(action, home.own)) if limits else {**_FULL}
            for action in ACTIONS
        }
        for name, home in COLLECTIONS.items()
    }


def _told(caller: Caller, home: Collection, action: Action, grants: Sequence[Granted]) -> dict[str, object]:
    fields = spoken("rest10", home, action, grants, signed_in=caller.user is not None)
    if not fields and not grants:
        return {**_NONE}
    return {
        "access": "full" if any(grant.where is None for grant in grants) else "partial",
        "fields": ["*"] if len(fields) == len(_words("rest10", home)) else [*fields],
        "presets": {name: value for grant in grants for name, value in grant.presets.items()},
    }


def spoken(
    language: Language, home: Collection, action: Action, grants: Sequence[Granted], *, signed_in: bool
) -> tuple[str, ...]:
    """The words that rules are about, with those of their own row that people change without any."""
    own = _OWN.get((home.own, action), frozenset()) if signed_in else frozenset()
    if action == "create" and grants:
        own = frozenset()  # rules take the place of what goes without any
    names = own.union(*(grant.names for grant in grants))
    return tuple(word for word, attribute in _words(language, home).items() if attribute in names)


def _words(language: Language, home: Collection) -> dict[str, str]:
    """The words of a collection, lists that lead to other rows among them, with what rules call them."""
    known = {word: field.attribute for word, field in words(language, home.name).items()}
    return known | {word: word for word, one in relations(language, home.name).items() if one.many}


_OWN: Final[Mapping[tuple[str, Action], frozenset[str]]] = {
    (USERS, "update"): frozenset(name.removesuffix("_hash") for name in access.OWN),
    (FILES, "create"): frozenset(FILE_ATTRIBUTES),
    (FILES, "update"): frozenset(FILE_ATTRIBUTES) - {"id"},
}
