"""Who is calling: a bearer token becomes a Caller, with a short memory that every revocation clears."""

import asyncio
import time
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any, Final

import msgspec

from service.api.calls import Call
from service.database import Database, Unavailable, now
from service.tokens import TokenExpired, TokenInvalid, Tokens, fingerprint
from service.users import connections, sessions
from service.users.connections import Connection
from service.users.model import Caller
from service.users.problems import Expired, Forged, NotSignedIn, WrongCredentials

LIFE: Final = 1.0  # seconds until another replica's revocation is seen here; our own is seen at once
MOST: Final = 10_000
TOUCHED: Final = 60.0  # seconds between two writes of last_access for one person


class Known(msgspec.Struct):
    """What is remembered of a credential; times are of the monotonic clock, `ends` of the wall clock."""

    caller: Caller
    fresh_until: float
    touch_at: float
    ends: str | None


class Callers:
    """Recognises credentials; one per process."""

    def __init__(
        self, database: Database, tokens: Tokens, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._database = database
        self._tokens = tokens
        self._clock = clock
        self._known: dict[tuple[str, str], Known] = {}
        self._epoch = 0  # rises with every commit that ends something: older look-ups are not remembered
        self._touching: set[asyncio.Task[None]] = set()
        self._seen: dict[str, float] = {}  # when the next use of a connection's token is noted
        database.on_commit(self._forget)

    async def identify(self, call: Call) -> Caller:
        """The caller of a request: the public when it brings no token (a header wins over a parameter)."""
        token = bearer(call)
        if token is None:
            return Caller(call.project)
        session = self._session(token)
        credential = session or fingerprint(token)
        known = self._known.get((call.project, credential))
        if known is None or known.fresh_until < self._clock():
            known = await self._look_up(call.project, credential, is_session=session is not None)
        if known.ends is not None and known.ends <= now():
            raise Expired
        self._touch(known)
        return known.caller

    async def connection(self, call: Call) -> Connection:
        """The SCIM connection whose token a request brings. Raises NotSignedIn and WrongCredentials."""
        token = bearer(call)
        if token is None:
            raise NotSignedIn
        mark = fingerprint(token)
        found = await self._database.read(connections.recognise, mark)
        if found is None:
            raise WrongCredentials
        moment = self._clock()
        if moment >= self._seen.get(mark, 0.0):
            if len(self._seen) >= MOST:
                self._seen.clear()
            self._seen[mark] = moment + TOUCHED
            self._behind(self._database.write(connections.seen, mark))
        return found.connection

    def _session(self, token: str) -> str | None:
        """The session of an access token; None for a static token, which is opaque."""
        if token.count(".") != 2 or not token.startswith("eyJ"):
            return None
        try:
            return str(self._tokens.verify("access", token)["session"])
        except TokenExpired:
            raise Expired from None
        except TokenInvalid:
            raise Forged from None

    async def _look_up(self, project: str, credential: str, *, is_session: bool) -> Known:
        epoch = self._epoch
        verb = sessions.recognise if is_session else sessions.recognise_token
        found = await self._database.read(verb, project, credential)
        if found is None:
            self._known.pop((project, credential), None)
            raise WrongCredentials
        session = credential if is_session else None
        caller = Caller(project, found.user, found.role, found.admin, found.app, session)
        moment = self._clock()
        before = self._known.get((project, credential))
        known = Known(caller, moment + LIFE, before.touch_at if before else moment, found.expires_at)
        if epoch == self._epoch:
            if len(self._known) >= MOST:
                self._known.clear()
            self._known[project, credential] = known
        return known

    def _forget(self, announced: frozenset[tuple[str, str]]) -> None:
        self._epoch += 1
        users = {key for what, key in announced if what == "user"}
        if any(what == "role" for what, _ in announced):
            self._known.clear()
        elif users:
            self._known = {key: known for key, known in self._known.items() if known.caller.user not in users}

    def _touch(self, known: Known) -> None:
        """Notes that the person was here, behind the answer's back; the database once a minute."""
        moment = self._clock()
        if moment < known.touch_at or known.caller.user is None:
            return
        known.touch_at = moment + TOUCHED
        caller = known.caller
        self._behind(self._database.write(sessions.touch, caller.project, known.caller.user, now()))

    def _behind(self, note: Coroutine[Any, Any, object]) -> None:
        """Has a note written while the answer goes out; one that cannot be written is no error."""
        task = asyncio.create_task(_quietly(note))
        self._touching.add(task)
        task.add_done_callback(self._touching.discard)

    async def close(self) -> None:
        """Lets the last notes be written."""
        await asyncio.gather(*self._touching, return_exceptions=True)


async def _quietly(note: Coroutine[Any, Any, object]) -> None:
    with suppress(Unavailable):
        await note


def bearer(call: Call) -> str | None:
    """The token of a request; `Authorization: null`, which old clients send, is none."""
    header = call.header(b"authorization")
    if header:
        scheme, _, token = header.partition(" ")
        if scheme.lower() == "bearer" and token.strip():
            return token.strip()
    if b"access_token" in call.scope["query_string"]:
        given = call.query.get("access_token")
        return given if isinstance(given, str) and given else None
    return None
