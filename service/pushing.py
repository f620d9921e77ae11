"""Pushes provisioning events to applications (RFC 8935): claim, sign, send, settle, until told to stop.

What an application does not take is pushed again, ever later, as long as events are kept, and what came after
it waits, so that all come in their order. What it calls unreadable is let go, as by a poll. One that is away
holds up nobody else: each connection has its own way.
"""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Final, NoReturn

import httpx2
import msgspec

from providers.contract import ProviderError
from providers.http import AGENT, TIMEOUT, Outbound
from service.api.event_tokens import EventTokens
from service.config import Config
from service.database import Database
from service.rounds import Rounds
from service.sealing import SealBroken, Sealer
from service.users import connection_changes, feed
from service.users.event_keys import EventKeys
from service.users.events import FED
from service.users.feed import Event, Target

_TOGETHER: Final = 20  # events of one claim
_LEASE: Final = 2 * TIMEOUT * _TOGETHER
_UNREADABLE: Final = "invalid_request"  # RFC 8935, 2.4: it is no event, or says what no such event does
_WORD: Final = 40  # characters of an error that the log keeps
_log: Final = logging.getLogger(__name__)


class _Complaint(msgspec.Struct, frozen=True):
    err: str


class Pusher:
    """One of any number; begins with run()."""

    def __init__(self, database: Database, tokens: EventTokens, outbound: Outbound, sealer: Sealer) -> None:
        self._database = database
        self._sealer = sealer
        self._tokens = tokens
        self._outbound = outbound
        self._rounds = Rounds(
            database,
            wake=FED,
            look=feed.targets,
            key=lambda target: target.connection,
            work=self._push,
            name="push",
        )

    async def run(self) -> NoReturn:
        """Push until cancelled; what is under way then is pushed again when its lease is over."""
        await self._rounds.run()

    async def _push(self, target: Target) -> None:
        while held := await self._database.write(feed.claim, target, _TOGETHER, _LEASE):
            try:
                if not await self._deliver(target, held):
                    return
            except asyncio.CancelledError:  # we are to end; the next one need not wait for our lease
                await self._database.write(feed.release, target, held)
                raise

    async def _deliver(self, target: Target, held: list[Event]) -> bool:
        """Send one after the other up to the first that is not taken; the rest follow that one."""
        taken: list[str] = []
        tokens = await self._tokens.sign(target.project, target.connection, held)
        for one in held:
            if not await self._send(target, tokens[one.id]):
                break
            taken.append(one.id)
        await self._database.write(feed.settle, target.project, target.connection, taken)
        left = held[len(taken) :]
        if left:
            await self._database.write(feed.postpone, target, left)
        return not left

    async def _send(self, target: Target, token: str) -> bool:
        """Whether the application has it now, or will never take it; 202 is what RFC 8935, 2.2 asks for."""
        try:
            headers = self._authorization(target)
        except SealBroken:
            self._tell(target, "the secret is gone that its events_authorization was sealed under")
            return False
        headers |= {
            "Content-Type": "application/secevent+jwt",
            "Accept": "application/json",
            "User-Agent": AGENT,
        }
        try:
            request = httpx2.Request("POST", target.url, headers=headers, content=token.encode())
            answer = await self._outbound.handle_async_request(request)
        except (ProviderError, httpx2.InvalidURL, UnicodeError) as problem:
            self._tell(target, str(problem))
            return False
        if answer.status_code in (200, 202, 204):
            return True
        said = _complaint(answer)
        self._tell(target, f"it answered with status {answer.status_code} {said}".rstrip())
        return answer.status_code == 400 and said == _UNREADABLE

    def _authorization(self, target: Target) -> dict[str, str]:
        if target.authorization is None:
            return {}
        where = connection_changes.place(target.project, target.connection, "events_authorization")
        return {"Authorization": self._sealer.open(target.authorization, where)}

    def _tell(self, target: Target, reason: str) -> None:
        extra = {"connection": target.connection, "reason": reason[:500]}
        _log.warning("an application did not take an event", extra=extra)


def _complaint(answer: httpx2.Response) -> str:
    """The error of RFC 8935, 2.3; empty where there is none."""
    try:
        return msgspec.json.decode(answer.content, type=_Complaint).err[:_WORD]
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return ""


@asynccontextmanager
async def working(config: Config, database: Database) -> AsyncIterator[None]:
    """Push events until the block ends."""
    outbound = Outbound(config.outbound_ip_allow_list)
    sealer = Sealer(config.secrets)
    tokens = EventTokens(database, EventKeys(sealer), config.public_url)
    task = asyncio.create_task(Pusher(database, tokens, outbound, sealer).run(), name="event pusher")
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        await outbound.shut()
