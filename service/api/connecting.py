"""Which SCIM connection is calling: its token is recognised, with a short memory that every change clears."""

import time
from collections.abc import Callable

import msgspec

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


class _Known(msgspec.Struct):
    """What is remembered of a token; times are of the monotonic clock."""

    found: Recognised
    fresh_until: float
    seen_at: float  # when its next use is noted


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
        self._known: dict[str, _Known] = {}  # by the token itself: no request waits for its fingerprint
        self._epoch = 0
        database.on_commit(self._forget)

    async def connection(self, call: Call) -> Connection:
        """The connection whose token a request brings, which goes through its door from now on.

        Raises NotSignedIn and WrongCredentials; WrongAddress and TooMany for what the connection may not.
        """
        token = bearer(call)
        if token is None:
            raise NotSignedIn
        known, moment = self._known.get(token), self._clock()
        if known is None or known.fresh_until < moment:
            known = await self._look_up(token, moment)
        connection, expires_at = known.found.connection, known.found.expires_at
        self._sync.follow(call, connection)
        if expires_at is not None and expires_at <= now():
            raise Expired
        if connection.networks:
            check_address(connection.networks, call.ip)
        if connection.rate is not None:
            self._rates.take(connection.id, connection.rate)
        if moment >= known.seen_at:
            known.seen_at = moment + TOUCHED
            self._behind.note(self._database.write(connections.seen, fingerprint(token)))
        return connection

    async def _look_up(self, token: str, moment: float) -> _Known:
        epoch, before = self._epoch, self._known.get(token)
        found = await self._database.read(connections.recognise, fingerprint(token))
        if found is None:
            self._known.pop(token, None)
            raise WrongCredentials
        known = _Known(found, moment + LIFE, before.seen_at if before else 0.0)
        if epoch == self._epoch:
            if len(self._known) >= MOST:
                self._known.clear()
            self._known[token] = known
        return known

    def _forget(self, announced: frozenset[tuple[str, str]]) -> None:
        if any(what == "connection" for what, _ in announced):
            self._epoch += 1
            self._known.clear()
