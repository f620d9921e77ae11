"""The revisions of one user in the 8 generation: all of them, or the one so many steps back in time."""

from typing import Final

from litestar import get
from litestar.params import FromPath
from litestar.response.base import ASGIResponse
from litestar.types import Scope

from service.api import reading
from service.api.calls import Call, of
from service.api.eight.addresses import named
from service.api.eight.parameters import Parameters8
from service.api.query_string import Tree
from service.dialects.nodes import Joined, Node, Term
from service.users import model
from service.users.model import Caller
from service.users.problems import BadPayload

REVISIONS: Final = "directus_revisions"
_OF_ITEM: Final = Joined("and", (Term("collection", "eq", 0, ours=True), Term("item", "eq", 1, ours=True)))


class _OfUser(Parameters8):
    """Whatever `filter` asks for gives way to whose revisions they are, as documented."""

    def __init__(self, call: Call, caller: Caller, user: str, query: Tree | None = None) -> None:
        super().__init__(call, caller, REVISIONS, query)
        self._user = user

    def where(self) -> tuple[Node | None, list[object]]:
        """The revisions of this user."""
        return _OF_ITEM, [model.USERS, self._user]


@get("/users/{key:str}/revisions")
async def list_of_user(scope: Scope, key: FromPath[str]) -> ASGIResponse:
    """The revisions of a user, the oldest first."""
    call = of(scope)
    caller = await call.caller()
    return await reading.answer_many(call, _OfUser(call, caller, named(key)).many())


@get("/users/{key:str}/revisions/{offset:str}")
async def read_of_user(scope: Scope, key: FromPath[str], offset: FromPath[str]) -> ASGIResponse:
    """The revision so many steps back in time: 0 is the latest."""
    call = of(scope)
    caller = await call.caller()
    if not (offset.isascii() and offset.isdecimal() and len(offset) < 10):
        raise BadPayload('"offset" must be a number')
    known: Tree = {name: call.query[name] for name in ("fields", "meta") if name in call.query}
    query: Tree = {**known, "sort": "-id", "single": "1", "offset": offset}
    asked = _OfUser(call, caller, named(key), query).many()
    return await reading.answer_many(call, asked, query)


HANDLERS: Final = (list_of_user, read_of_user)
