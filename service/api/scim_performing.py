"""Does a SCIM request that was accepted to be done later: its operations, each with effect once.

What became of an operation is noted and told in the transaction of its effect, in which we also say that the
request is still ours. Who goes on after a crash leaves alone what is noted; who lost it changes nothing.
"""

import logging
from typing import Final

import msgspec

from providers.scim import bulk
from providers.scim.schema import Resource
from providers.scim.search import Search
from service.api import scim_asked, scim_conditions, scim_deferred, scim_outcomes, scim_requests, sync_doors
from service.api.house import House
from service.api.scim_asked import Asked
from service.api.scim_noting import Noting
from service.api.scim_operations import Alone, Run
from service.api.scim_outcomes import Outcomes
from service.api.scim_resources import SERVED
from service.api.sync_entry import Entry
from service.database import Transaction
from service.sealing import SealBroken
from service.users import connections, deferred
from service.users.connections import Connection
from service.users.deferred import Held
from service.users.model import Origin

_LEFT: Final = "It was left alone: there were as many errors before it as failOnErrors accepts."
_GIVEN_UP: Final = "It could not be done here. The log of the service says why."
_FAILED_DEPENDENCY: Final = 424  # RFC 4918, 11.4
_log: Final = logging.getLogger(__name__)


async def perform(house: House, held: Held, *, most: int) -> None:
    """Do a request that is held and forget it, or give it up when it was begun more than `most` times.

    `house` has the database's own doors. Raises Lost, Interrupted, Unavailable, and what nobody foresaw.
    """
    project = held.request.project
    connection = await house.database.read(connections.read, project, held.request.connection)
    if connection is None:
        return
    # Of one that could not even be given up it is better not to look again at what was asked.
    asked = _opened(house, held) if held.attempts <= most + 1 else None
    if asked is None or held.attempts > most:
        await _give_up(house, held, connection, asked)
        return
    way = _Way(house, held, connection, asked)
    await way.go()
    await way.end()


def _opened(house: House, held: Held) -> Asked | None:
    """What was asked; None where it was sealed under a secret that is gone."""
    project, id_ = held.request.project, held.request.id
    try:
        sealed = house.sealer.open(held.asked, scim_deferred.place(project, id_))
    except SealBroken:
        _log.error("a deferred request was sealed under a secret that is gone", extra={"txn": id_})
        return None
    return msgspec.json.decode(sealed, type=Asked)


async def _give_up(house: House, held: Held, connection: Connection, asked: Asked | None) -> None:
    """Forget a request that cannot be done; of each operation that was not done it is told (2.5.1.2)."""
    id_ = held.request.id
    if asked is None:
        left = [scim_outcomes.unknown(id_, 500, _GIVEN_UP)]
    else:
        outcomes = Outcomes(id_, asked, scim_requests.base_of(house, asked.prefix))
        lost = {
            one.number: outcomes.failure(one, 500, _GIVEN_UP)
            for one in outcomes.operations
            if one.number not in held.noted
        }
        left = list(outcomes.of(lost).values())
    await house.database.write(deferred.finish, connection.caller(Origin()), held, left)


class _Way:
    """The way through one request, from where it was left."""

    def __init__(self, house: House, held: Held, connection: Connection, asked: Asked) -> None:
        call = scim_asked.call_of(house, held.request.project, held.request.id, asked)
        self._house, self._held, self._connection = house, held, connection
        self._entry = call.entry = Entry(call, connection)
        door = sync_doors.DOORS[connection.dry_run](house.database, self._entry)
        call.house = msgspec.structs.replace(house, database=Noting(door, self._note, self._committed))
        self._request = scim_requests.of_connection(call, connection, SERVED[0].type, Search())
        self._outcomes = Outcomes(held.request.id, asked, self._request.base)
        alone = None if self._outcomes.is_bulk else Alone(asked.key, scim_conditions.of_headers(call))
        self._run = Run(self._request, self._outcomes.accepted, alone=alone, done=held.noted)
        self._noted, self._noting = set(held.noted), set[int]()

    async def go(self) -> None:
        """Do what is left to do."""
        await self._run.everything(self._outcomes.operations)

    async def _note(self, tx: Transaction, made: object) -> None:
        """Note and tell, in the transaction of an effect, what became of all that has ended with it."""
        if not self._entry.doing or self._connection.dry_run:
            return
        told = {**self._told(), **self._run.outcomes(made)}
        self._noting = set(told)
        await deferred.tell(tx, self._request.caller, self._held, self._outcomes.of(told))

    def _committed(self) -> None:
        """What was noted last is there."""
        self._noted |= self._noting
        self._noting = set()

    async def end(self) -> None:
        """Tell what was not told yet, and of what was left alone that it was."""
        for one in self._outcomes.operations:
            left_alone = self._outcomes.failure(one, _FAILED_DEPENDENCY, _LEFT)
            self._run.told.setdefault(one.number, left_alone)
        left = list(self._outcomes.of(self._told()).values())
        await self._house.database.write(deferred.finish, self._request.caller, self._held, left)
        self._house.deferral.tell(self._held.request.id, self._run.told)
        self._log()

    def _told(self) -> dict[int, Resource]:
        """What became of those of whom nobody knows it yet."""
        return {number: told for number, told in self._run.told.items() if number not in self._noted}

    def _log(self) -> None:
        """The log has the request twice: as it was accepted, and as it ended."""
        if not self._connection.log_days:
            return
        told, is_bulk = self._run.told, self._outcomes.is_bulk
        answer = bulk.response(told) if is_bulk else told[0]
        self._entry.take(msgspec.json.encode(answer.get("response", answer)))
        self._house.sync.answered(self._entry, 200 if is_bulk else int(str(told[0]["status"])))
