"""`/letters`: what became of each letter, for administrators."""

from typing import Final

from litestar import Router, get, post
from litestar.params import FromPath
from litestar.response.base import ASGIResponse
from litestar.types import Scope

from service.api import answers
from service.api.calls import Call, of
from service.api.keys import key_of
from service.api.query_string import whole
from service.database import MAX_KEY
from service.users import correspondence
from service.users.correspondence import FILTERS, STATUSES
from service.users.problems import BadQuery

_USUAL: Final = 100  # rows of a page
_MOST: Final = 1000


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
    return answers.data(await call.house.database.read(correspondence.one, caller, key_of(key)))


@post("/letters/{key:str}/resend")
async def resend_letter(scope: Scope, key: FromPath[str]) -> ASGIResponse:
    """Owes the same once more; answers the new letter."""
    call = of(scope)
    caller = await call.author()
    lifetime = call.house.terms.invite_ttl
    made = await call.house.database.write(correspondence.resend, caller, key_of(key), lifetime)
    return answers.data(made)


@post("/letters/{key:str}/cancel")
async def cancel_letter(scope: Scope, key: FromPath[str]) -> ASGIResponse:
    """Takes back a letter that still waits."""
    call = of(scope)
    caller = await call.author()
    return answers.data(await call.house.database.write(correspondence.cancel, caller, key_of(key)))


def paging(call: Call) -> tuple[int, str]:
    """`limit` and `before` of a list that is turned by keys. Raises BadQuery."""
    limit, before = whole(call.query, "limit", 1) or _USUAL, call.query.get("before")
    if limit > _MOST:
        raise BadQuery(f'"limit" must be less than or equal to {_MOST}')
    return limit, key_of(str(before)) if before else MAX_KEY


router = Router(
    "/",
    route_handlers=[list_letters, read_letter, resend_letter, cancel_letter],
    include_in_schema=False,
)
