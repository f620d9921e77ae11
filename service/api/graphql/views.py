"""What a caller may see and do in GraphQL: the view that their schema is cut to, by their role's rules."""

from functools import lru_cache
from typing import Final

from service.api.calls import Call
from service.dialects import accesses, rules
from service.dialects.dialect import COLLECTIONS, Collection, readable, words
from service.dialects.graphql.views import Glimpse, View
from service.dialects.relations import relations
from service.dialects.rules import Rules
from service.users.leave import Action
from service.users.model import FILES
from service.users.problems import FactorNeeded

_SPOKEN: Final = tuple(home for name, home in COLLECTIONS.items() if words("graphql", name))
_KEPT_BY_US: Final = frozenset({"directus_activity", "directus_revisions"})  # nobody writes history
BROUGHT: Final = frozenset({FILES})  # a file begins with its bytes, which GraphQL does not carry


async def view(call: Call) -> View:
    """The caller's view. Who still lacks a second factor that their role asks for sees next to nothing."""
    try:
        caller = await call.caller()
    except FactorNeeded:
        return View()
    limits = rules.of(caller)
    return ADMINISTRATOR if limits is None else limited(limits, signed_in=caller.user is not None)


@lru_cache(256)
def limited(limits: Rules, *, signed_in: bool) -> View:
    """The view of whoever is not an administrator."""
    glimpses = [_limited(limits, home, signed_in=signed_in) for home in _SPOKEN]
    seen = tuple(glimpse for glimpse in glimpses if glimpse != Glimpse(glimpse.collection))
    invites = signed_in and bool(limits.grants("create", "users"))
    return View(seen, person=signed_in, invites=invites)


def _limited(limits: Rules, home: Collection, *, signed_in: bool) -> Glimpse:
    def spoken(action: Action) -> tuple[str, ...]:
        grants = limits.grants(action, home.own)
        return accesses.spoken("graphql", home, action, grants, signed_in=signed_in)

    many = {word: one for word, one in relations("graphql", home.name).items() if one.many}
    shown = {*readable("graphql", home.name), *many}
    read = tuple(
        word
        for word in spoken("read")
        if word in shown and (word not in many or limits.leads("graphql", home.name, many[word]))
    )
    if home.name in _KEPT_BY_US:
        return Glimpse(home.name, read)
    removes = bool(limits.grants("delete", home.own)) or (signed_in and home.own == FILES)
    create = () if home.own in BROUGHT else spoken("create")
    return Glimpse(home.name, read, create, spoken("update"), delete=removes)


def _whole(home: Collection) -> Glimpse:
    many = (word for word, relation in relations("graphql", home.name).items() if relation.many)
    read = (*readable("graphql", home.name), *many)
    if home.name in _KEPT_BY_US:
        return Glimpse(home.name, read)
    return Glimpse(home.name, read, () if home.own in BROUGHT else read, read, delete=True)


ADMINISTRATOR: Final = View(tuple(map(_whole, _SPOKEN)), person=True, invites=True)
