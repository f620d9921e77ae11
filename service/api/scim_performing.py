"""Does a SCIM request that was accepted to be done later: its operations, each with effect once.

What became of an operation is noted and told in the transaction of its effect, in which we also say that the
request is still ours. Who goes on after a crash leaves alone what is noted; who lost it changes nothing.
"""

import logging
from collections.abc import Awaitable, Mapping
from typing import Final

import msgspec

from providers.scim import bulk, messages
from providers.scim.bulk import Operation
from providers.scim.schema import Resource
from providers.scim.search import Search
from service.api import scim_asked, scim_conditions, scim_deferred, scim_requests, sync_doors
from service.api.house import House
from service.api.scim_asked import Asked
from service.api.scim_operations import Alone, Run
from service.api.scim_resources import SERVED, TYPES
from service.api.sync_entry import Entry
from service.database import Transaction, Unavailable
from service.database.door import P, T, Unit
from service.sealing import SealBroken
from service.users import connections, deferred
from service.users.checks import is_uuid
from service.users.connections import Connection
from service.users.deferred import Held
from service.users.events import Outcome
from service.users.model import Origin

_LEFT: Final = "It was left alone: there were as many errors before it as failOnErrors accepts."
_GIVEN_UP: Final = "It could not be done here. The log of the service says why."
_FAILED_DEPENDENCY: Final = 424  # RFC 4918, 11.4
_log: Final = logging.getLogger(__name__)


class Interrupted(Exception):
    """The database went away on the way; what is done is noted, and the rest waits."""


async def perform(house: House, held: Held, *, most: int) -> None:
    """Do a request that is held and forget it, or give it up when it was begun more than `most` times.

    `house` has the database's own doors. Raises Lost, Interrupted, Unavailable, and what nobody foresaw.
    """
    project, id_ = held.request.project, held.request.id
    connection = await house.database.read(connections.read, project, held.request.connection)
    if connection is None:
        return
    if held.attempts > most:
        await _give_up(house, held, connection)
        return
    try:
        sealed = house.sealer.open(held.asked, scim_deferred.place(project, id_))
    except SealBroken:
        _log.error("a deferred request was sealed under a secret that is gone", extra={"txn": id_})
        await _give_up(house, held, connection)
        return
    way = _Way(house, held, connection, msgspec.json.decode(sealed, type=Asked))
    await way.go()
    await way.end()


async def _give_up(house: House, held: Held, connection: Connection) -> None:
    """Forget a request that cannot be done; what was asked is better not even looked at again."""
    caller = connection.caller(Origin())
    outcome = Outcome(held.request.id, bulk.ENDPOINT, _failure(Operation(0), 500, _GIVEN_UP))
    await house.database.write(deferred.finish, caller, held, [outcome])


class _Way:
    """The way through one request, from where it was left."""

    def __init__(self, house: House, held: Held, connection: Connection, asked: Asked) -> None:
        call = scim_asked.call_of(house, held.request.project, held.request.id, asked)
        self._house, self._held, self._connection = house, held, connection
        self._entry = call.entry = Entry(call, connection)
        door = sync_doors.DOORS[connection.dry_run](house.database, self._entry)
        call.house = msgspec.structs.replace(house, database=_Noting(door, self))
        self._request = scim_requests.of_connection(call, connection, SERVED[0].type, Search())
        self._is_bulk = asked.endpoint == bulk.ENDPOINT
        self._operations, accepted = scim_asked.operations(asked)
        alone = None if self._is_bulk else Alone(asked.key, scim_conditions.of_headers(call))
        self._run = Run(self._request, accepted, alone=alone, done=held.noted)
        self._noted, self._noting = set(held.noted), set[int]()

    async def go(self) -> None:
        """Do what is left to do."""
        await self._run.everything(self._operations)

    async def note(self, tx: Transaction, made: object) -> None:
        """Note and tell, in the transaction of an effect, what became of all that has ended with it."""
        if not self._entry.doing or self._connection.dry_run:
            return
        told = {**self._told(), **self._run.outcomes(made)}
        self._noting = set(told)
        await deferred.tell(tx, self._request.caller, self._held, self._outcomes(told))

    def committed(self) -> None:
        """What was noted last is there."""
        self._noted |= self._noting
        self._noting = set()

    async def end(self) -> None:
        """Tell what was not told yet, and of what was left alone that it was."""
        for one in self._operations:
            self._run.told.setdefault(one.number, _failure(one, _FAILED_DEPENDENCY, _LEFT))
        left = list(self._outcomes(self._told()).values())
        await self._house.database.write(deferred.finish, self._request.caller, self._held, left)
        self._house.deferral.tell(self._held.request.id, self._run.told)
        self._log()

    def _told(self) -> dict[int, Resource]:
        """What became of those of whom nobody knows it yet."""
        return {number: told for number, told in self._run.told.items() if number not in self._noted}

    def _outcomes(self, told: Mapping[int, Resource]) -> dict[int, Outcome]:
        return {number: self._outcome(number, one) for number, one in told.items()}

    def _outcome(self, number: int, told: Resource) -> Outcome:
        """Of a Bulk's operations each has a txn of its own (RFC 9967, 2.5.1.2)."""
        txn = f"{self._held.request.id}:{number}" if self._is_bulk else self._held.request.id
        return Outcome(txn, _subject(self._operations[number], told, self._request.base), _storable(told))

    def _log(self) -> None:
        """The log has the request twice: as it was accepted, and as it ended."""
        if not self._connection.log_days:
            return
        told = self._run.told
        answer = bulk.response(told) if self._is_bulk else told[0]
        self._entry.take(msgspec.json.encode(answer.get("response", answer)))
        self._house.sync.answered(self._entry, 200 if self._is_bulk else int(str(told[0]["status"])))


class _Noting:
    """The door of a connection whose request is done later."""

    def __init__(self, door: sync_doors.Logged, way: _Way) -> None:
        self._door, self._way = door, way

    async def write(self, unit: Unit[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Write, note and tell, or nothing of it."""

        async def noted(tx: Transaction) -> T:
            made = await unit(tx, *args, **kwargs)
            await self._way.note(tx, made)
            return made

        made = await _kept(self._door.write(noted))
        self._way.committed()
        return made

    async def read(self, unit: Unit[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """The connection's own."""
        return await _kept(self._door.read(unit, *args, **kwargs))

    async def scan(self, unit: Unit[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """The connection's own."""
        return await _kept(self._door.scan(unit, *args, **kwargs))


async def _kept(work: Awaitable[T]) -> T:
    """A database that is away is nothing that an operation failed by. Raises Interrupted."""
    try:
        return await work
    except Unavailable as problem:
        raise Interrupted from problem


def _failure(one: Operation, status: int, words: str) -> Resource:
    return bulk.told(one, status, location=None, response=messages.error(status, words))


def _storable(told: Resource) -> Resource:
    """Without NUL, which no text that is kept may hold; what was asked comes back in it."""
    return {
        name: value.replace("\0", "\ufffd") if isinstance(value, str) else value
        for name, value in told.items()
    }


def _subject(one: Operation, told: Resource, base: str) -> str:
    """The path of the resource; of what was never made that of its type."""
    if one.endpoint not in _ENDPOINTS:
        return bulk.ENDPOINT
    found = str(told.get("location") or "").removeprefix(base)
    return found if is_uuid(found.rpartition("/")[2]) else one.endpoint


_ENDPOINTS: Final = frozenset(type_.endpoint for type_ in TYPES)
