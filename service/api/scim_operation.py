"""One operation of a SCIM request: how it is made ready, and what it is told of when it fails."""

from collections.abc import Collection, Mapping
from typing import Final

from providers.scim import bulk
from providers.scim.bulk import Operation
from providers.scim.problems import ScimProblem, shown
from providers.scim.schema import Resource
from service.api import answers
from service.api.scim_requests import BASE
from service.api.scim_resources import SERVED, Many
from service.database import Unavailable
from service.users.problems import Unreachable

_MANY: Final = {served.type.endpoint: served.many for served in SERVED}


class Unresolved(ScimProblem):
    """What an operation refers to was not made (3.7.1)."""

    status = 409


def many_of(one: Operation) -> Many | None:
    """How resources of its type are made many at a time, for an operation that makes one of them."""
    return _MANY.get(one.endpoint) if one.method == "POST" and one.problem is None else None


def resolved(one: Operation, known: Mapping[str, str]) -> object:
    """The data with ids in the place of references."""
    return bulk.resolved(one.data, known) if one.refers else one.data


def check(one: Operation, known: Collection[str]) -> None:
    """Raises Unresolved for a reference to what is not there."""
    for name in one.refers:
        if name not in known:
            raise Unresolved(f'"bulkId:{shown(name)}" refers to nothing that this request has made.')


def error(problem: Exception, one: Operation) -> Resource:
    """The problem as an Error of its own."""
    if isinstance(problem, Unavailable):
        return answers.told_in_scim(Unreachable("The database cannot be reached now"))
    return answers.told_in_scim(problem, answers.collection_of(BASE + one.endpoint))
