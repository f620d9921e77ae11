"""What a caller may see and do in GraphQL: the view that their schema is cut to."""

from typing import Final

from service.api.calls import Call
from service.dialects.dialect import COLLECTIONS, readable, words
from service.dialects.graphql.views import Glimpse, View
from service.dialects.relations import relations
from service.users import access
from service.users.problems import FactorNeeded

_SPOKEN: Final = tuple(name for name in COLLECTIONS if words("graphql", name))
_KEPT_BY_US: Final = frozenset({"directus_activity", "directus_revisions"})  # nobody writes history
_BROUGHT: Final = frozenset({"directus_files"})  # a file begins with its bytes, which GraphQL does not carry


async def view(call: Call) -> View:
    """The caller's view. Who still lacks a second factor that their role asks for sees what strangers see."""
    try:
        caller = await call.caller()
    except FactorNeeded:
        return View()
    if caller.user is None:
        return View()
    return ADMINISTRATOR if caller.admin else PERSON


def _read(collection: str) -> tuple[str, ...]:
    many = (word for word, relation in relations("graphql", collection).items() if relation.many)
    return (*readable("graphql", collection), *many)


def _administrators(collection: str) -> Glimpse:
    read = _read(collection)
    if collection in _KEPT_BY_US:
        return Glimpse(collection, read)
    return Glimpse(collection, read, () if collection in _BROUGHT else read, read, delete=True)


def _persons(collection: str) -> Glimpse:
    known = words("graphql", collection)
    own = tuple(word for word, field in known.items() if field.column in access.OWN)
    return Glimpse(collection, _read(collection), update=own if collection == "directus_users" else ())


ADMINISTRATOR: Final = View(tuple(map(_administrators, _SPOKEN)), person=True, invites=True)
PERSON: Final = View(tuple(_persons(name) for name in _SPOKEN if name not in _KEPT_BY_US), person=True)
