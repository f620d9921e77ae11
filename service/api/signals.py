"""Shared Signals that are pushed: `POST /ssf/:provider` (RFC 8935)."""

import logging
from hmac import compare_digest
from typing import TYPE_CHECKING

from litestar import Router, post
from litestar.params import FromPath
from litestar.response.base import ASGIResponse
from litestar.types import Scope

from providers.contract import ProviderError, Untrusted
from providers.security_event import LONGEST
from service.api import answers, doors
from service.api.calls import Call, of
from service.api.house import Door
from service.database import Database
from service.users import signals
from service.users.model import Caller
from service.users.problems import RouteUnknown, Unreachable

if TYPE_CHECKING:
    from providers.transmitter import Transmitter

_log = logging.getLogger(__name__)
_MEDIA = "application/secevent+jwt"


@post("/ssf/{name:str}")
async def push(scope: Scope, name: FromPath[str]) -> ASGIResponse:
    """One event token; 202 however often it comes, 400 with `err` and `description` for a bad one."""
    call = of(scope)
    door = doors.find(call, name)
    transmitter = door.transmitter
    if transmitter is None:
        raise RouteUnknown(call.address)
    body = await call.bytes(LONGEST)
    try:
        _check(call, transmitter)
        await take(call.house.database, call.public, door, transmitter, body.decode("ascii", "replace"))
    except Untrusted as problem:
        _log.warning("event token refused", extra={"provider": name, "cause": problem.cause})
        told = {"err": problem.code or "invalid_request", "description": problem.cause}
        return answers.answer(told, status=400, headers=[("content-language", "en")])
    except ProviderError as problem:  # its keys cannot be had: it will send the token again
        _log.warning("event token waits", extra={"provider": name, "cause": problem.cause})
        raise Unreachable("The transmitter's keys cannot be read now") from problem
    return answers.nothing(status=202)


async def take(
    database: Database, caller: Caller, door: Door, transmitter: "Transmitter", token: str
) -> None:
    """Do what one token asks for. Raises ProviderError."""
    told = await transmitter.read(token)
    said = transmitter.settings
    issuer = said.ssf_subject_issuer or said.ssf_issuer or ""
    terms = signals.Terms(door.provider.name, issuer, said.ssf_email_subjects)
    await database.write(signals.hear, caller, terms, told)


def _check(call: Call, transmitter: "Transmitter") -> None:
    if call.media != _MEDIA:
        raise Untrusted(f"The content type has to be {_MEDIA}", code="invalid_request")
    wanted = transmitter.settings.ssf_push_token
    given = (call.header(b"authorization") or "").removeprefix("Bearer ").strip()
    if wanted is not None and not compare_digest(wanted.reveal().encode(), given.encode(errors="replace")):
        raise Untrusted(
            "The Authorization header is not the one that was agreed on", code="authentication_failed"
        )


router = Router("/", route_handlers=[push], include_in_schema=False)
