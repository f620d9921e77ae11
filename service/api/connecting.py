"""Which SCIM connection is calling: its token is recognised, with a short memory that every change clears."""

import time
from collections.abc import Callable

from service.api.allowed import Rates, check_address
from service.api.behind import Behind
from service.api.callers import LIFE, MOST, TOUCHED, bearer
from service.api.calls import Call
from service.api.sync import Sync
from service.database import Database, now
from service.tokens import fingerprint
from service.users import connections
from service.users.connections import Connection, Recognised
from service.users.problems import Expired, NotSignedIn, WrongCredentials


class Connecting:
    """Recognises the tokens of connections; one per process."""

    def __init__(
        self, database: Database, behind: Behind, sync: Sync, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._database = database
        self._behind = behind
        self._sync = sync
        self._rates = Rates(clock)
        self._clock = clock
        self._known: dict[str, tuple[Recognised, float]] = {}  # until when it is fresh
        self._seen: dict[str, float] = {}  # when the next use is noted
        self._epoch = 0
        database.on_commit(self._forget)

    async def connection(self, call: Call) -> Connection:
        """The connection whose token a request brings, which goes through its door from now on.

        Raises NotSignedIn and WrongCredentials; WrongAddress and TooMany for what the connection may not.
        """
        token = bearer(call)
        if token is None:
            raise NotSignedIn
        mark, moment = fingerprint(token), self._clock()
        found, fresh_until = self._known.get(mark, (None, 0.0))
        if found is None or fresh_until < moment:
            found = await self._look_up(mark, moment)
        connection = found.connection
        self._sync.follow(call, connection)
        if found.expires_at is not None and found.expires_at <= now():
            raise Expired
        check_address(connection.networks, call.ip)
        if connection.rate is not None:
            self._rates.take(connection.id, connection.rate)
        if moment >= self._seen.get(mark, 0.0):
            self._seen[mark] = moment + TOUCHED
            self._behind.note(self._database.write(connections.seen, mark))
        return connection

    async def _look_up(self, mark: str, moment: float) -> Recognised:
        epoch = self._epoch
        found = await self._database.read(connections.recognise, mark)
        if found is None:
            self._known.pop(mark, None)
            raise WrongCredentials
        if epoch == self._epoch:
            if len(self._known) >= MOST:
                self._known.clear()
                self._seen.clear()
            self._known[mark] = found, moment + LIFE
        return found

    def _forget(self, announced: frozenset[tuple[str, str]]) -> None:
        if any(what == "connection" for what, _ in announced):
            self._epoch += 1
            self._known.clear()
