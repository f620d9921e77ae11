"""What a caller may do to each collection, told to themselves: the answer of `/permissions/me`."""

from collections.abc import Sequence
from typing import Final

from service.dialects import rules
from service.dialects.dialect import COLLECTIONS, Collection, words
from service.dialects.grants import Granted
from service.dialects.relations import relations
from service.users import access
from service.users.leave import Action
from service.users.model import USERS, Caller

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
    own = _OWN if caller.user is not None and (home.own, action) == (USERS, "update") else frozenset()
    if not grants and not own:
        return {**_NONE}
    names = own.union(*(grant.names for grant in grants))
    known = {word: field.attribute for word, field in words("rest10", home.name).items()}
    known |= {word: word for word, one in relations("rest10", home.name).items() if one.many}
    fields = [word for word, attribute in known.items() if attribute in names]
    return {
        "access": "full" if any(grant.where is None for grant in grants) else "partial",
        "fields": ["*"] if len(fields) == len(known) else fields,
        "presets": {name: value for grant in grants for name, value in grant.presets.items()},
    }


_OWN: Final = frozenset(name.removesuffix("_hash") for name in access.OWN)
