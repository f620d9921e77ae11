"""What is told of the operations of a SCIM request (RFC 7644, 3.7.3), and what of it the others need."""

from collections.abc import Mapping, Sequence
from typing import Final

from providers.scim import bulk
from providers.scim.bulk import Operation
from providers.scim.schema import Resource
from service.api.scim_conditions import tag
from service.api.scim_operation import error

_SUCCESS: Final = {"POST": 201, "PUT": 200, "PATCH": 200, "DELETE": 204}


class Telling:
    """`told` is what became of each operation, by its number; `keys` the id of each resource that was made,
    by the bulkId. `done` are operations that were done before: they are left alone."""

    def __init__(self, base: str, accepted: int | None, done: Mapping[int, Resource]) -> None:
        self.told: dict[int, Resource] = {}
        self.keys: dict[str, str] = {}
        self._base = base
        self._accepted = accepted
        self._errors = 0
        for number, told in done.items():
            self.take_up(number, told)

    def take_up(self, number: int, told: Resource) -> None:
        """Count what became of an operation."""
        self.told[number] = told
        if int(str(told["status"])) >= 400:
            self._errors += 1
        elif told.get("bulkId") is not None:
            self.keys[str(told["bulkId"])] = str(told["location"]).rpartition("/")[2]

    @property
    def over(self) -> bool:
        """Whether there were as many errors as the client accepts."""
        return self._accepted is not None and self._errors >= self._accepted

    def left(self, operations: Sequence[Operation]) -> list[Operation]:
        """Those that are still to be done."""
        return [one for one in operations if one.number not in self.told]

    def key(self, one: Operation) -> str:
        """The id of what an operation is about."""
        return str(bulk.resolved(one.key, self.keys))

    def made(self, one: Operation, key: str, version: str) -> Resource:
        """What is told of an operation that made or changed the resource with this id."""
        return bulk.told(one, _SUCCESS[one.method], location=self._place(one, key), version=version)

    def changed(self, one: Operation, made: object) -> Resource:
        """What is told of an operation that gave a resource, or nothing to be seen."""
        if not isinstance(made, dict):
            return bulk.told(one, 204, location=self._place(one, self.key(one)))
        key = str(made["id"]) if one.method == "POST" else self.key(one)
        return self.made(one, key, tag(made))

    def fail(self, one: Operation, problem: Exception) -> None:
        """Tell of an operation what was wrong with it."""
        told = error(problem, one)
        place = None if one.key is None or one.method == "POST" else self._place(one, self.key(one))
        self.take_up(one.number, bulk.told(one, int(str(told["status"])), location=place, response=told))

    def _place(self, one: Operation, key: str) -> str:
        return f"{self._base}{one.endpoint}/{key}"
