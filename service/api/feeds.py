"""The feeds of provisioning events: applications fetch them (RFC 8936), each with a token for one feed."""

import asyncio
import logging
import re
from collections.abc import Mapping
from contextlib import suppress
from typing import Final

import msgspec
from litestar import Router, get, post
from litestar.params import FromPath
from litestar.response.base import ASGIResponse
from litestar.types import Scope

from service.api import answers
from service.api.callers import bearer
from service.api.calls import KIB, Call, of
from service.api.coded import Refused
from service.api.event_tokens import FEEDS, KEYS
from service.database import now
from service.tokens import fingerprint
from service.users import connections, event_keys, feed
from service.users.checks import is_uuid
from service.users.connections import Connection
from service.users.feed import Event
from service.users.model import LOCAL
from service.users.problems import BadPayload, RouteUnknown, WrongMedia

MOST: Final = 1000  # events of one answer, and of one acknowledgement
MOST_FULL: Final = 100  # of those with values, each of which may be some tens of kB
_USUAL: Final = 100
WAIT: Final = 20.0  # seconds; the longest that a poll is held
_LOOK: Final = 1.0  # seconds between two looks while it is
_BODY: Final = 256 * KIB
_WORDS: Final = 200  # characters of an application's complaint that the log keeps
_PROJECT: Final = re.compile(r"[a-z0-9._-]{1,63}")
_log: Final = logging.getLogger(__name__)


class _Poll(msgspec.Struct, frozen=True, rename="camel"):
    """What an application asks (RFC 8936, 2.2)."""

    max_events: int = _USUAL
    return_immediately: bool = False
    ack: list[str] = []
    set_errs: dict[str, dict[str, object]] = {}


@post(f"{FEEDS}/{{key:str}}", status_code=200)
async def poll(scope: Scope, key: FromPath[str]) -> ASGIResponse:
    """Takes what the application has, gives what it has not, and waits a while for what is to come."""
    call = of(scope)
    try:
        connection = await _connection(call, key)
        asked = await _asked(call)
        await _settle(call, connection, asked)
        sets, more = await _sets(call, connection, asked)
    except Refused as refused:
        body = {"err": refused.error, "description": refused.told}
        challenge = (("www-authenticate", "Bearer"),) if refused.status == 401 else ()
        return answers.answer(body, status=refused.status, headers=challenge)
    return answers.answer({"sets": sets, "moreAvailable": more})


@get([KEYS, f"{KEYS}/{{project:str}}"])
async def keys(scope: Scope, project: FromPath[str] = LOCAL) -> ASGIResponse:
    """The public keys that the events of a project are signed with: a JWK Set (RFC 7517, 5)."""
    if not _PROJECT.fullmatch(project):
        raise RouteUnknown(scope["path"])
    found = await of(scope).house.database.read(event_keys.published, project)
    return answers.answer({"keys": found}, media="application/jwk-set+json")


async def _connection(call: Call, key: str) -> Connection:
    token = bearer(call)
    if token is None:
        raise Refused("authentication_failed", "A receiver's token is needed.", 401)
    found = await call.house.database.read(connections.receiver, fingerprint(token))
    if found is None or (found.expires_at is not None and found.expires_at <= now()):
        raise Refused("authentication_failed", "This is no receiver's token, or one past its time.", 401)
    if not is_uuid(key) or found.connection.id != key.lower():
        raise Refused("access_denied", "This token is for the events of another connection.", 403)
    return found.connection


async def _asked(call: Call) -> _Poll:
    try:
        body = await call.json(_BODY)
        asked = msgspec.convert({} if body is None else body, _Poll)
    except (BadPayload, WrongMedia, msgspec.ValidationError) as problem:
        raise Refused("invalid_request", f"The body is no poll: {problem}"[:500]) from None
    if asked.max_events < 0 or len(asked.ack) + len(asked.set_errs) > MOST:
        told = f"maxEvents is at least 0, and one poll settles at most {MOST} events."
        raise Refused("invalid_request", told)
    return asked


async def _settle(call: Call, connection: Connection, asked: _Poll) -> None:
    """What the application has, and what it says it will never take, waits no longer."""
    for jti, complaint in asked.set_errs.items():
        _complain(connection, jti, complaint)
    ids = [jti.lower() for jti in (*asked.ack, *asked.set_errs) if is_uuid(jti)]
    if ids:
        await call.house.database.write(feed.settle, connection.project, connection.id, ids)


def _complain(connection: Connection, jti: str, complaint: Mapping[str, object]) -> None:
    said = {name: str(complaint.get(name, ""))[:_WORDS] for name in ("err", "description")}
    extra = {"connection": connection.id, "event": jti[:64], **said}
    _log.warning("an application refused an event", extra=extra)


async def _sets(call: Call, connection: Connection, asked: _Poll) -> tuple[dict[str, str], bool]:
    """Tokens by their `jti`, and whether there are more of them."""
    most = min(asked.max_events, MOST_FULL if connection.events_full else MOST)
    if most == 0:
        found = await _look(call, connection, 1)
        return {}, bool(found)
    with call.house.feed_bells.place(connection.id) as free:
        seconds = WAIT if free and not asked.return_immediately else 0.0
        found = await _wait(call, connection, most + 1, seconds)
    tokens = call.house.event_tokens
    return await tokens.sign(connection.project, connection.id, found[:most]), len(found) > most


async def _wait(call: Call, connection: Connection, limit: int, seconds: float) -> list[Event]:
    clock = asyncio.get_running_loop().time
    until = clock() + seconds
    while True:
        bell = call.house.feed_bells.bell(connection.id)
        found = await _look(call, connection, limit)
        left = until - clock()
        if found or left <= 0 or call.house.feed_bells.closed:
            return found
        with suppress(TimeoutError):
            async with asyncio.timeout(min(_LOOK, left)):
                await bell.wait()


async def _look(call: Call, connection: Connection, limit: int) -> list[Event]:
    return await call.house.database.read(feed.waiting, connection.project, connection.id, limit)


router = Router("/", route_handlers=[poll, keys], include_in_schema=False)
