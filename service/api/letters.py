"""`/letters`: what became of each letter, for administrators; `/metrics`: what is due."""

from datetime import datetime
from typing import Final

from litestar import Router, get, post
from litestar.params import FromPath
from litestar.response.base import ASGIResponse
from litestar.types import Scope

from mail.outbox import Outbox
from service.api import answers
from service.api.calls import Call, of
from service.api.many import known_key
from service.database import Transaction, now, tables
from service.users import access, correspondence, renewals
from service.users.correspondence import FILTERS, STATUSES
from service.users.model import Caller
from service.users.problems import BadQuery

USUAL: Final = 100  # rows of a page
MOST: Final = 1000
_OUTBOX: Final = Outbox(tables.letters)


@get("/letters")
async def list_letters(scope: Scope) -> ASGIResponse:
    """The newest letters, of those that FILTERS ask for; `before` turns the page."""
    call = of(scope)
    caller = await call.member()
    most, before = paging(call)
    wanted: dict[str, str] = {name: str(call.query[name]) for name in FILTERS if name in call.query}
    if wanted.get("status", STATUSES[0]) not in STATUSES:
        raise BadQuery(f'"status" must be one of [{", ".join(STATUSES)}]')
    read = call.house.database.scan if wanted else call.house.database.read
    return answers.data(await read(correspondence.page, caller, most, before, wanted))


@get("/letters/{key:str}")
async def read_letter(scope: Scope, key: FromPath[str]) -> ASGIResponse:
    """One letter: its status, attempts, and what the mail server said of it."""
    call = of(scope)
    caller = await call.member()
    return answers.data(await call.house.database.read(correspondence.one, caller, known_key(key)))


@post("/letters/{key:str}/resend")
async def resend_letter(scope: Scope, key: FromPath[str]) -> ASGIResponse:
    """Owes the same once more; answers the new letter."""
    call = of(scope)
    caller = await call.author()
    lifetime = call.house.terms.invite_ttl
    made = await call.house.database.write(correspondence.resend, caller, known_key(key), lifetime)
    return answers.data(made)


@post("/letters/{key:str}/cancel")
async def cancel_letter(scope: Scope, key: FromPath[str]) -> ASGIResponse:
    """Takes back a letter that still waits."""
    call = of(scope)
    caller = await call.author()
    return answers.data(await call.house.database.write(correspondence.cancel, caller, known_key(key)))


@get("/metrics")
async def metrics(scope: Scope) -> ASGIResponse:
    """What is due and how old it is, in all projects, as Prometheus reads it; administrators only."""
    call = of(scope)
    caller = await call.member()
    due, oldest = await call.house.database.scan(_due, caller)
    lines = []
    for name, what, value in (
        ("idbridge_mail_due", "Letters that are due and not yet on their way.", due),
        ("idbridge_mail_oldest_seconds", "For how long the oldest of them has been due.", oldest),
    ):
        lines += [f"# HELP {name} {what}", f"# TYPE {name} gauge", f"{name} {value}"]
    return answers.text("\n".join([*lines, ""]), "text/plain; version=0.0.4")


async def _due(tx: Transaction, caller: Caller) -> tuple[int, float]:
    """How many letters are due, and for how many seconds the oldest has been."""
    access.check_administrator(caller)
    at = now()
    number, oldest = await _OUTBOX.due(tx, at)
    ages = [datetime.fromisoformat(moment) for moment in (oldest or at, at)]
    return number, (ages[1] - ages[0]).total_seconds()


def paging(call: Call) -> tuple[int, str]:
    """`limit` and `before` of a list that is turned by keys. Raises BadQuery."""
    limit, before = call.query.get("limit", USUAL), call.query.get("before")
    if not str(limit).isdecimal() or not 1 <= int(str(limit)[:9]) <= MOST:
        raise BadQuery(f'"limit" must be a number from 1 to {MOST}')
    return int(str(limit)), known_key(str(before)) if before else renewals.LAST


router = Router(
    "/",
    route_handlers=[list_letters, read_letter, resend_letter, cancel_letter, metrics],
    include_in_schema=False,
)
