"""What became of the operations of a deferred request, as applications are told of it (RFC 9967, 2.5.1)."""

from collections.abc import Mapping, Sequence
from typing import Final

from providers.scim import bulk, messages
from providers.scim.bulk import Operation
from providers.scim.schema import Resource
from service.api import scim_asked
from service.api.scim_asked import Asked
from service.api.scim_resources import TYPES
from service.users.checks import is_uuid
from service.users.events import Outcome

_ENDPOINTS: Final = frozenset(type_.endpoint for type_ in TYPES)


class Outcomes:
    """Tells of the operations of one request, whose id is its txn; `base` stands before `/Users`."""

    def __init__(self, id_: str, asked: Asked, base: str) -> None:
        self.operations: Sequence[Operation]
        self.operations, self.accepted = scim_asked.operations(asked)
        self.is_bulk = asked.endpoint == bulk.ENDPOINT
        self._id, self._base = id_, base

    def of(self, told: Mapping[int, Resource]) -> dict[int, Outcome]:
        """What is told of operations, by their number."""
        return {number: self._outcome(number, one) for number, one in told.items()}

    def failure(self, one: Operation, status: int, words: str) -> Resource:
        """What is told of an operation that was not even begun."""
        place = None if one.key is None else f"{self._base}{one.endpoint}/{one.key}"
        return bulk.told(one, status, location=place, response=messages.error(status, words))

    def _outcome(self, number: int, told: Resource) -> Outcome:
        """Of a Bulk's operations each has a txn of its own (2.5.1.2)."""
        txn = f"{self._id}:{number}" if self.is_bulk else self._id
        return Outcome(txn, self._subject(self.operations[number], told), _storable(told))

    def _subject(self, one: Operation, told: Resource) -> str:
        """The path of the resource; of what was never made that of its type."""
        if one.endpoint not in _ENDPOINTS:
            return bulk.ENDPOINT
        found = str(told.get("location") or "").removeprefix(self._base)
        return found if is_uuid(found.rpartition("/")[2]) else one.endpoint


def unknown(id_: str, status: int, words: str) -> Outcome:
    """What is told of a request of which nobody can say any longer what it asked."""
    return Outcome(
        id_,
        bulk.ENDPOINT,
        bulk.told(Operation(0), status, location=None, response=messages.error(status, words)),
    )


def _storable(told: Resource) -> Resource:
    """Without NUL, which no text that is kept may hold; what was asked comes back in it."""
    return {
        name: value.replace("\0", "\ufffd") if isinstance(value, str) else value
        for name, value in told.items()
    }
