"""Who is calling: a bearer token becomes a Caller, with a short memory that every revocation clears."""

import time
from collections.abc import Callable, Mapping
from datetime import datetime
from math import inf
from typing import Any, Final

import msgspec

from service.api import cookies
from service.api.allowed import check_address
from service.api.behind import Behind
from service.api.calls import Call
from service.database import Database, now
from service.dialects import rules
from service.tokens import TokenExpired, TokenInvalid, Tokens, fingerprint
from service.users import permissions, sessions
from service.users.leave import Leave
from service.users.model import Caller
from service.users.problems import Expired, FactorNeeded, Forged, WrongCredentials

LIFE: Final = 1.0  # seconds until another replica's revocation is seen here; our own is seen at once
MOST: Final = 10_000
_SAFE: Final = ("GET", "HEAD", "OPTIONS")
TOUCHED: Final = 60.0  # seconds between two writes of last_access for one person


_Place = tuple[str, str, bool]  # project, token, and whether a cookie kept it


class Known(msgspec.Struct):
    """What is remembered of a credential; times are of the monotonic clock, `ends` of the wall clock."""

    caller: Caller
    fresh_until: float
    touch_at: float
    ends: float
    confined: bool = False
    networks: tuple[str, ...] = ()


class _Granted(msgspec.Struct, frozen=True):
    leave: Leave
    fresh_until: float


class Callers:
    """Recognises credentials; one per process."""

    def __init__(
        self,
        database: Database,
        tokens: Tokens,
        behind: Behind,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._database = database
        self._tokens = tokens
        self._clock = clock
        self._known: dict[_Place, Known] = {}
        self._granted: dict[tuple[str, str | None, bool], _Granted] = {}
        self._epoch = 0  # rises with every commit that ends something: older look-ups are not remembered
        self._behind = behind
        database.on_commit(self._forget)

    async def identify(self, call: Call) -> Caller:
        """The caller of a request: the public when it brings no token (a header wins over a parameter)."""
        token = bearer(call)
        is_kept = token is None
        if token is None and (token := _kept(call)) is None:
            return Caller(call.project, leave=(await self._leave(call.project, None)).leave)
        known, moment = self._known.get((call.project, token, is_kept)), self._clock()
        if known is None or known.fresh_until < moment:
            known = await self._look_up(call.project, token, is_kept=is_kept)
        if known.ends <= time.time():
            raise Expired
        if known.networks:
            check_address(known.networks, call.ip)
        if known.confined and not call.generation.setting_up.match(call.path):
            raise FactorNeeded
        if moment >= known.touch_at:
            self._touch(known, moment)
        return known.caller

    def session(self, token: str) -> str:
        """The session that an access token names. Raises Expired, Forged; the database knows if it lives."""
        return str(self._claims(token)["session"])

    def _claims(self, token: str) -> Mapping[str, Any]:
        try:
            return self._tokens.verify("access", token)
        except TokenExpired:
            raise Expired from None
        except TokenInvalid:
            raise Forged from None

    async def _look_up(self, project: str, token: str, *, is_kept: bool) -> Known:
        """Who a token speaks for; a kept one is an access token, never a static one, which is opaque."""
        epoch, place = self._epoch, (project, token, is_kept)
        claims = self._claims(token) if is_kept or is_of_session(token) else None
        if claims is None:
            session = None
            found = await self._database.read(sessions.recognise_token, project, fingerprint(token))
        else:
            session = str(claims["session"])
            found = await self._database.read(sessions.recognise, project, session)
        if found is None:
            self._known.pop(place, None)
            raise WrongCredentials
        caller = Caller(project, found.user, found.role, found.admin, found.app, session)
        moment = self._clock()
        fresh_until = moment + LIFE
        if not caller.admin:
            granted = await self._leave(project, found.role, signed_in=True)
            caller = msgspec.structs.replace(caller, leave=granted.leave)
            fresh_until = min(fresh_until, granted.fresh_until)
        before = self._known.get(place)
        known = Known(
            caller,
            fresh_until,
            before.touch_at if before else 0.0,  # at once
            min(_seconds(found.expires_at), inf if claims is None else claims["exp"]),
            found.confined,
            found.networks,
        )
        if epoch == self._epoch:
            if len(self._known) >= MOST:
                self._known.clear()
            self._known[place] = known
        return known

    async def _leave(self, project: str, role: str | None, *, signed_in: bool = False) -> "_Granted":
        """What the rules of a role allow, or of those without one."""
        known = self._granted.get((project, role, signed_in))
        if known is None or known.fresh_until < self._clock():
            epoch, fresh_until = self._epoch, self._clock() + LIFE
            found = await self._database.read(permissions.of_role, project, role)
            known = _Granted(rules.compiled(found, signed_in=signed_in), fresh_until)
            if epoch == self._epoch:
                if len(self._granted) >= MOST:
                    self._granted.clear()
                self._granted[project, role, signed_in] = known
        return known

    def _forget(self, announced: frozenset[tuple[str, str]]) -> None:
        self._epoch += 1
        users = {key for what, key in announced if what == "user"}
        if any(what == "role" for what, _ in announced):
            self._known.clear()
            self._granted.clear()
        elif users:
            self._known = {key: known for key, known in self._known.items() if known.caller.user not in users}

    def _touch(self, known: Known, moment: float) -> None:
        """Notes that the person was here, behind the answer's back; the database once a minute."""
        if known.caller.user is None:
            return
        known.touch_at = moment + TOUCHED
        caller = known.caller
        who = (caller.project, known.caller.user, now(), caller.session)
        self._behind.note(self._database.write(sessions.touch, *who))


def _seconds(at: str | None) -> float:
    """A moment as seconds since 1970; what never ends ends at infinity."""
    return inf if at is None else datetime.fromisoformat(at).timestamp()


def _kept(call: Call) -> str | None:
    """The access token in the cookie of mode `session`; changes may only come from our own pages."""
    token = call.cookie(call.generation.cookie(call))
    if token and call.method not in _SAFE:
        cookies.same_site(call)
    return token or None


def is_of_session(token: str) -> bool:
    """Whether a token is an access token by its looks; a static one is opaque."""
    return token.count(".") == 2 and token.startswith("eyJ")


def bearer(call: Call) -> str | None:
    """The token of a request; `Authorization: null`, which old clients send, is none."""
    header = call.header(b"authorization")
    if header:
        scheme, _, token = header.partition(" ")
        if scheme.lower() == "bearer" and (token := token.strip()):
            return token
    if b"access_token" in call.scope["query_string"]:
        return call.asked("access_token") or None
    return None
