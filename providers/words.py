"""Under which names a kind of provider tells what: a row of words, dotted paths into objects among them."""

from collections.abc import Mapping

from msgspec import Struct

Said = Mapping[str, object]


class Words(Struct, frozen=True, kw_only=True):
    """The defaults are those of OpenID Connect Core 5.1; of several identifiers the first one there counts.

    `verified` names what says that the very address under `email` is the person's own.
    """

    identifier: tuple[str, ...] = ("sub",)
    email: str = "email"
    verified: str = "email_verified"
    first_name: str = "given_name"
    last_name: str = "family_name"
    groups: str = "groups"


OPENID = Words()


def find(said: Said, word: str) -> object:
    """The value called `word`, or the one at the dotted path `word`; None where there is none."""
    value = said.get(word)
    if value is not None:
        return value
    value = said
    for step in word.split("."):
        value = value.get(step) if isinstance(value, Mapping) else None
    return value


def read_groups(value: object) -> tuple[str, ...] | None:
    """The names in a list of groups, or of objects with a name; a text is one group, an object no answer."""
    if isinstance(value, Mapping):
        return None
    listed = value if isinstance(value, list) else [value]
    named = (one.get("name") if isinstance(one, Mapping) else one for one in listed)
    return tuple(name for name in named if isinstance(name, str) and name)
