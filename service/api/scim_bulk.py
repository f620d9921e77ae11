"""Many operations in one SCIM request (RFC 7644, 3.7): each is done whole or not at all, and told of."""

from collections.abc import Collection, Mapping, Sequence
from typing import Final

from litestar import post
from litestar.handlers import HTTPRouteHandler
from litestar.response.base import ASGIResponse
from litestar.types import Scope

from providers.scim import bulk, messages
from providers.scim.bulk import Operation
from providers.scim.problems import ScimProblem, shown
from providers.scim.schema import Resource
from service.api import answers, scim_requests
from service.api.calls import SCIM_BODY
from service.api.scim_requests import BASE, Condition, Request, bare, key_of, tag
from service.api.scim_resources import SERVED, Many, Served, addressed
from service.database import Unavailable, new_key
from service.users.problems import Problem, Unreachable

_TOGETHER: Final = 250  # resources that are made in one transaction, so that others need not wait long
_SUCCESS: Final = {"POST": 201, "PUT": 200, "PATCH": 200, "DELETE": 204}


Ready = tuple[Operation, Many, Mapping[str, object]]  # the values of what an operation is to make
_CIRCLE: Final = "Of the operations that refer to each other not all can be done."


class Unresolved(ScimProblem):
    """What an operation refers to was not made (3.7.1)."""

    status = 409


@post(f"{BASE}/Bulk", status_code=200)
async def run_bulk(scope: Scope) -> ASGIResponse:
    """Does what it can, in the order of the operations but for those that refer to later ones."""
    request = await scim_requests.read(scope, SERVED[0].type)
    return await run(request, await request.call.json(SCIM_BODY))


async def run(request: Request, body: object) -> ASGIResponse:
    """Does a BulkRequest."""
    asked = bulk.read(body, request.profile)
    way = _Run(request, asked.accepted)
    placed, tangled = bulk.ordered(asked.operations)
    await way.all(placed)
    await way.circle([one for one in tangled if _many(one) is not None])
    for rest in bulk.ordered([one for one in tangled if _many(one) is None]):
        await way.all(rest)
    return answers.scim(bulk.response([way.told[number] for number in sorted(way.told)]))


def _many(one: Operation) -> Many | None:
    """How resources of its type are made many at a time, for an operation that makes one of them."""
    served = _served(one.endpoint)
    return served.many if served and one.method == "POST" and one.problem is None else None


def _served(endpoint: str) -> Served | None:
    return next((one for one in SERVED if one.type.endpoint == endpoint), None)


class _Run:
    """The way through the operations of one request; `told` is what became of each, by its number."""

    def __init__(self, request: Request, accepted: int | None) -> None:
        self.told: dict[int, Resource] = {}
        self._request = request
        self._accepted = accepted
        self._errors = 0
        self._keys: dict[str, str] = {}  # the id of each resource that was made, by the bulkId

    @property
    def _over(self) -> bool:
        """Whether there were as many errors as the client accepts."""
        return self._accepted is not None and self._errors >= self._accepted

    async def all(self, operations: Sequence[Operation]) -> None:
        """Does them one after the other; of those that make resources of one type, many at a time."""
        batch: list[Operation] = []
        for one in operations:
            many = _many(one)
            if batch and (many is None or many is not _many(batch[0]) or len(batch) == _TOGETHER):
                await self._batch(batch)
                batch = []
            if many is not None:
                batch.append(one)
            elif not self._over:
                await self._one(one)
        await self._batch(batch)

    async def circle(self, operations: Sequence[Operation]) -> None:
        """Makes resources that refer to each other in a circle: all of them or none (3.7.1)."""
        if not operations or self._over:
            return
        keys = {str(one.bulk_id): new_key() for one in operations}
        known, ready = {**self._keys, **keys}, list[Ready]()
        for one in operations:
            try:
                ready.append(await self._ready(one, keys[str(one.bulk_id)], known))
            except (Problem, ScimProblem, Unavailable) as problem:
                self._fail(one, problem)
        try:
            if len(ready) < len(operations):
                raise Unresolved(_CIRCLE)
            for many in {id(many): many for _, many, _ in ready}.values():
                await many.make(self._request, [values for _, its, values in ready if its is many])
        except (Problem, ScimProblem, Unavailable) as problem:
            for one, _, _ in ready:
                self._fail(
                    one, problem if len(ready) == 1 else Unresolved(f"{_CIRCLE} {_detail(problem, one)}")
                )
            return
        for one, many, _ in ready:
            self._succeed(one, keys[str(one.bulk_id)], many.version)

    async def _batch(self, operations: Sequence[Operation]) -> None:
        """What cannot be read fails when all before it has been done."""
        keys = {str(one.bulk_id): new_key() for one in operations}
        known = {**self._keys, **keys}
        ready: list[Ready] = []
        for one in operations:
            try:
                ready.append(await self._ready(one, keys[str(one.bulk_id)], known))
            except (Problem, ScimProblem, Unavailable) as problem:
                await self._make(ready, keys)
                ready = []
                if self._over:
                    return
                self._fail(one, problem)
        await self._make(ready, keys)

    async def _ready(self, one: Operation, key: str, known: Mapping[str, str]) -> Ready:
        many = _many(one)
        assert many is not None  # noqa: S101  # asked only of those for which it is; mypy cannot know
        _check(one, known)
        return one, many, await many.prepare(self._request, _resolved(one, known), key)

    async def _make(self, ready: Sequence[Ready], keys: Mapping[str, str]) -> None:
        """One transaction for all; where that fails, one for each half, down to the one that is wrong."""
        if not ready or self._over:
            return
        first, many, _ = ready[0]
        try:
            own = {str(one.bulk_id) for one, _, _ in ready}
            for one, _, _ in ready:
                _check(one, self._keys.keys() | own)
            await many.make(self._request, [values for _, _, values in ready])
        except (Problem, ScimProblem, Unavailable) as problem:
            if len(ready) == 1:
                self._fail(first, problem)
                return
            half = len(ready) // 2
            await self._make(ready[:half], keys)
            await self._make(ready[half:], keys)
            return
        for one, _, _ in ready:
            self._succeed(one, keys[str(one.bulk_id)], many.version)

    async def _one(self, one: Operation) -> None:
        try:
            if one.problem is not None:
                raise one.problem
            served = addressed(f"{BASE}{one.endpoint}")
            _check(one, self._keys)
            made = await self._done(one, served, self._request.of(served.type))
        except (Problem, ScimProblem, Unavailable) as problem:
            self._fail(one, problem)
            return
        key = str(made["id"]) if made is not None and one.method == "POST" else self._key(one)
        self._succeed(one, key, None if made is None else tag(made), unseen=made is None)

    async def _done(self, one: Operation, served: Served, request: Request) -> Resource | None:
        """Does one operation as a request of its own would; gives the resource where one is there."""
        data = _resolved(one, self._keys)
        condition = Condition(match=None if one.version is None else frozenset((bare(one.version),)))
        match one.method:
            case "POST":
                return await served.create(request, data)
            case "PUT":
                return await served.replace(request, key_of(self._key(one)), data, condition)
            case "PATCH":
                # The RFC's own example leaves the envelope out.
                steps = data if isinstance(data, list) else messages.operations(data, request.profile)
                return await served.change(request, key_of(self._key(one)), steps, condition)
            case _:
                await served.remove(request, key_of(self._key(one)), condition)
                return None

    def _key(self, one: Operation) -> str:
        return str(bulk.resolved(one.key, self._keys))

    def _succeed(self, one: Operation, key: str, version: str | None, *, unseen: bool = False) -> None:
        if one.bulk_id is not None:
            self._keys[one.bulk_id] = key
        status = 204 if unseen else _SUCCESS[one.method]
        self.told[one.number] = bulk.told(one, status, location=self._place(one, key), version=version)

    def _fail(self, one: Operation, problem: Exception) -> None:
        self._errors += 1
        error = _error(problem, one)
        place = None if one.key is None else self._place(one, self._key(one))
        self.told[one.number] = bulk.told(one, int(str(error["status"])), location=place, response=error)

    def _place(self, one: Operation, key: str) -> str:
        return f"{self._request.base}{one.endpoint}/{key}"


def _resolved(one: Operation, known: Mapping[str, str]) -> object:
    return bulk.resolved(one.data, known) if one.refers else one.data


def _check(one: Operation, known: Collection[str]) -> None:
    """Raises Unresolved for a reference to what is not there."""
    for name in one.refers:
        if name not in known:
            raise Unresolved(f'"bulkId:{shown(name)}" refers to nothing that this request has made.')


def _error(problem: Exception, one: Operation) -> Resource:
    if isinstance(problem, Unavailable):
        return answers.told_in_scim(Unreachable("The database cannot be reached now"))
    return answers.told_in_scim(problem, answers.collection_of(BASE + one.endpoint))


def _detail(problem: Exception, one: Operation) -> str:
    return str(_error(problem, one)["detail"])


HANDLERS: Final[list[HTTPRouteHandler]] = [run_bulk]
