"""SCIM requests whose clients do not wait (RFC 9967, 2.5.1): accepted here, and kept until they are done.

Who asks for it by `Prefer: respond-async` gets 202 once the request is kept, sealed: it may hold passwords.
The outcome is told as an event of the same `txn`. Where a connection's events are off nobody would hear of
it, so there the preference is passed over, as RFC 7240 allows: the answer is the usual one.
"""

from collections.abc import Mapping
from typing import Final

import msgspec
from litestar.response.base import ASGIResponse

from providers.scim import bulk, preferences
from providers.scim.preferences import Preferences
from providers.scim.schema import Resource
from service.api import answers, scim_asked
from service.api.scim_asked import Asked
from service.api.scim_requests import BASE, Request
from service.api.scim_resources import addressed
from service.database import new_key
from service.sealing import Place

LONGEST: Final = 20  # seconds that we wait for an outcome, whatever a client would


def is_wanted(request: Request) -> bool:
    """Whether the client would rather not wait, and somebody is told of the outcome."""
    return request.connection.events and _preferences(request).asynchronous


def place(project: str, id_: str) -> Place:
    """Where a request lies sealed."""
    return Place("deferred_requests", f"{project}/{id_}", "asked")


async def accept(request: Request, endpoint: str, key: str | None) -> ASGIResponse:
    """202, once the request is kept; `key` is the id of what it is about, None for what is to be made.

    With `wait` the usual answer, where it is done in time; of a rehearsal there is nothing to show.
    Raises TooMany where too many wait already.
    """
    txn, house = request.call.txn, request.call.house
    asked = scim_asked.of_request(request, endpoint, key or new_key())
    sealed = house.sealer.seal(msgspec.json.encode(asked).decode(), place(request.connection.project, txn))
    wait = 0 if request.connection.dry_run else min(_preferences(request).wait, LONGEST)
    told = await house.deferral.accept(request.caller, txn, sealed, wait)
    if told is not None:
        return await _usual(request, asked, told)
    headers = [("set-txn", txn), ("preference-applied", "respond-async"), ("content-length", "0")]
    if endpoint != bulk.ENDPOINT:
        headers.append(("location", f"{request.base}{endpoint}/{asked.key}"))
    return answers.nothing(status=202, headers=headers)


def _preferences(request: Request) -> Preferences:
    return preferences.read(request.call.lines(b"prefer"))


async def _usual(request: Request, asked: Asked, told: Mapping[int, Resource]) -> ASGIResponse:
    """The answer of a request that nobody needed to defer."""
    if asked.endpoint == bulk.ENDPOINT:
        return answers.scim(bulk.response(told))
    status, error = int(str(told[0]["status"])), told[0].get("response")
    if status >= 400:
        return answers.scim(error, status=status)
    if status == 204:
        return answers.nothing()
    made = await addressed(f"{BASE}{asked.endpoint}").read(request, asked.key)
    return request.answer(made, status=status)
