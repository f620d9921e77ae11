"""The way through the operations of a request (RFC 7644, 3.7): each is done whole or not at all, and told."""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Final

import msgspec

from providers.scim import bulk, messages
from providers.scim.bulk import Operation
from providers.scim.problems import ScimProblem
from providers.scim.schema import Resource
from providers.scim.search import Search
from service.api import scim_conditions
from service.api.keys import key_of
from service.api.scim_conditions import Condition
from service.api.scim_operation import Unresolved, check, error, many_of, resolved
from service.api.scim_requests import BASE, Request
from service.api.scim_resources import SERVED, Many, Served, addressed
from service.api.scim_telling import Telling
from service.database import Unavailable, new_key
from service.users.problems import Problem

_FAILURES: Final = (Problem, ScimProblem, Unavailable)  # of one operation: those beside it go on
_TOGETHER: Final = 250  # resources that are made in one transaction, so that others need not wait long
_UNSHOWN: Final = Search(excluded=("members",))
_CIRCLE: Final = "Of the operations that refer to each other not all can be done."
_INSIDE: Final = "It is in a circle of groups, or refers to one: groups cannot be inside each other."

Ready = tuple[Operation, Many, Mapping[str, object]]  # the values of what an operation is to make


class Alone(msgspec.Struct, frozen=True):
    """What a request has that is not part of a Bulk: the id for what it makes, and its own condition."""

    key: str
    condition: Condition


class Run(Telling):
    """The way through the operations of one request. `outcomes` tells, of what a transaction gives, what
    becomes of the operations that are its own."""

    def __init__(
        self,
        request: Request,
        accepted: int | None,
        *,
        alone: Alone | None = None,
        done: Mapping[int, Resource] = MappingProxyType({}),
    ) -> None:
        super().__init__(request.base, accepted, done)
        self.outcomes: Callable[[object], Mapping[int, Resource]] = lambda _: {}
        self._request = request
        # Members are in no answer to a Bulk, and a group of many may be changed by each of its operations.
        asked = request if alone else request.about(_UNSHOWN)
        self._of = {served.type.name: asked.of(served.type) for served in SERVED}
        self._alone = alone

    async def everything(self, operations: Sequence[Operation]) -> None:
        """Does all of them, each after those that it refers to."""
        placed, tangled = bulk.ordered(operations)
        await self.all(placed)
        await self.circle([one for one in tangled if many_of(one) is not None])
        placed, tangled = bulk.ordered([one for one in tangled if many_of(one) is None])
        await self.all(placed)
        for one in self.left(tangled):
            if one.method == "POST" and not self.over:
                self.fail(one, Unresolved(_INSIDE))
        await self.all(tangled)

    async def all(self, operations: Sequence[Operation]) -> None:
        """Does them one after the other; of those that make resources of one type, many at a time."""
        batch: list[Operation] = []
        for one in self.left(operations):
            many = many_of(one)
            if batch and (many is None or many is not many_of(batch[0]) or len(batch) == _TOGETHER):
                await self._batch(batch)
                batch = []
            if many is not None:
                batch.append(one)
            elif not self.over:
                await self._one(one)
        await self._batch(batch)

    async def circle(self, operations: Sequence[Operation]) -> None:
        """Makes resources that refer to each other in a circle: all of them or none (3.7.1)."""
        operations = self.left(operations)
        if not operations or self.over:
            return
        keys = {str(one.bulk_id): new_key() for one in operations}
        known, ready = {**self.keys, **keys}, list[Ready]()
        for one in operations:
            try:
                ready.append(await self._ready(one, keys[str(one.bulk_id)], known))
            except _FAILURES as problem:
                self.fail(one, problem)
        try:
            if len(ready) < len(operations):
                raise Unresolved(_CIRCLE)
            for many in {id(many): many for _, many, _ in ready}.values():
                await self._together([one for one in ready if one[1] is many], keys)
        except _FAILURES as problem:
            for one, _, _ in ready:
                self.fail(
                    one,
                    problem if len(ready) == 1 else Unresolved(f"{_CIRCLE} {error(problem, one)['detail']}"),
                )
            return
        for one, many, _ in ready:
            self.take_up(one.number, self.made(one, keys[str(one.bulk_id)], many.version))

    async def _batch(self, operations: Sequence[Operation]) -> None:
        """What cannot be read fails when all before it has been done."""
        keys = {str(one.bulk_id): self._fresh() for one in operations}
        known = {**self.keys, **keys}
        ready: list[Ready] = []
        for one in operations:
            try:
                ready.append(await self._ready(one, keys[str(one.bulk_id)], known))
            except _FAILURES as problem:
                await self._make(ready, keys)
                ready = []
                if self.over:
                    return
                self.fail(one, problem)
        await self._make(ready, keys)

    async def _ready(self, one: Operation, key: str, known: Mapping[str, str]) -> Ready:
        many = many_of(one)
        assert many is not None  # noqa: S101  # asked only of those for which it is; mypy cannot know
        check(one, known)
        return one, many, await many.prepare(self._request, resolved(one, known), key)

    async def _make(self, ready: Sequence[Ready], keys: Mapping[str, str]) -> None:
        """One transaction for all; where that fails, one for each half, down to the one that is wrong."""
        if not ready or self.over:
            return
        first, many, _ = ready[0]
        try:
            known = self.keys.keys() | {str(one.bulk_id) for one, _, _ in ready}
            for one, _, _ in ready:
                check(one, known)
            await self._together(ready, keys)
        except _FAILURES as problem:
            if len(ready) == 1:
                self.fail(first, problem)
                return
            half = len(ready) // 2
            await self._make(ready[:half], keys)
            await self._make(ready[half:], keys)
            return
        for one, _, _ in ready:
            self.take_up(one.number, self.made(one, keys[str(one.bulk_id)], many.version))

    async def _together(self, ready: Sequence[Ready], keys: Mapping[str, str]) -> None:
        """One transaction for resources of one type."""
        many = ready[0][1]
        self.outcomes = lambda _: {
            one.number: self.made(one, keys[str(one.bulk_id)], many.version) for one, _, _ in ready
        }
        await many.make(self._request, [values for _, _, values in ready])

    def _fresh(self) -> str:
        return new_key() if self._alone is None else self._alone.key

    async def _one(self, one: Operation) -> None:
        try:
            if one.problem is not None:
                raise one.problem
            served = addressed(f"{BASE}{one.endpoint}")
            check(one, self.keys)
            self.outcomes = lambda made: {one.number: self.changed(one, made)}
            made = await self._done(one, served, self._of[served.type.name])
        except _FAILURES as problem:
            self.fail(one, problem)
            return
        self.take_up(one.number, self.changed(one, made))

    async def _done(self, one: Operation, served: Served, request: Request) -> Resource | None:
        """Does one operation as a request of its own would; gives the resource where one is there."""
        data = resolved(one, self.keys)
        condition = self._alone.condition if self._alone else scim_conditions.of_version(one.version)
        match one.method:
            case "POST":
                return await served.create(request, data, self._fresh())
            case "PUT":
                return await served.replace(request, key_of(self.key(one)), data, condition)
            case "PATCH":
                # The RFC's own example leaves the envelope out.
                steps = data if isinstance(data, list) else messages.operations(data, request.profile)
                return await served.change(request, key_of(self.key(one)), steps, condition)
            case _:
                await served.remove(request, key_of(self.key(one)), condition)
                return None
