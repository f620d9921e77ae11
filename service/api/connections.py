"""The room `/connections`: an administrator's identity providers, their tokens, and what they asked."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from litestar import delete, get, patch, post
from litestar.params import FromPath
from litestar.response.base import ASGIResponse
from litestar.types import Scope

from service.api import answers, many, query_string, reading
from service.api.bodies import TEXT_MAYBE, Part, expect, one_of
from service.api.calls import Call, of
from service.api.keys import key_of
from service.api.query_string import Tree
from service.database import Transaction, now
from service.dialects import dialect
from service.users import access, connection_changes, connection_tokens, connections
from service.users.checks import check
from service.users.connection_tokens import RECEIVER, SECRET, TOKEN, Kind
from service.users.model import Attribute, Caller
from service.users.problems import BadQuery, Forbidden, Invalid

CONNECTIONS: Final = "directus_connections"
_NEW_TOKEN: Final = {
    "kind": Part(one_of(TOKEN, SECRET, RECEIVER), required=False),
    "name": TEXT_MAYBE,
    "expires_at": TEXT_MAYBE,
}
_KINDS: Final[Mapping[str, Kind]] = {TOKEN: "token", SECRET: "secret", RECEIVER: "receiver"}
_EXPIRES: Final = {"expires_at": Attribute("expires_at", "timestamp")}


@get("/connections")
async def list_connections(scope: Scope) -> ASGIResponse:
    """A page of the connections."""
    call = of(scope)
    return await reading.answer_many(call, reading.many(call, await call.member(), CONNECTIONS))


@get("/connections/{key:str}")
async def read_connection(scope: Scope, key: FromPath[str]) -> ASGIResponse:
    """One connection."""
    call = of(scope)
    return await reading.answer_one(call, reading.one(call, await call.member(), CONNECTIONS, key_of(key)))


@post("/connections")
async def create_connection(scope: Scope) -> ASGIResponse:
    """A connection; a token for it is made by itself."""
    call = of(scope)
    caller = await call.author()
    given = dialect.take(call.generation.language, CONNECTIONS, await call.said())
    return many.after(await call.house.database.write(_create, call, caller, given), single=True)


@patch("/connections/{key:str}")
async def change_connection(scope: Scope, key: FromPath[str]) -> ASGIResponse:
    """Changes a connection; in force from the provider's next request on."""
    call = of(scope)
    caller = await call.author()
    given = dialect.take(call.generation.language, CONNECTIONS, await call.said())
    return many.after(await call.house.database.write(_change, call, caller, key_of(key), given), single=True)


@delete("/connections/{key:str}", status_code=200)
async def delete_connection(scope: Scope, key: FromPath[str]) -> ASGIResponse:
    """Removes a connection. Its users stay, nobody's; `?users=suspend` ends every way in for them as well."""
    call = of(scope)
    caller = await call.author()
    fate = call.query.get("users", "keep")
    if fate not in ("keep", "suspend"):
        raise BadQuery('"users" must be one of [keep, suspend]')
    await call.house.database.write(connection_changes.remove, caller, key_of(key), suspend=fate == "suspend")
    return answers.nothing()


@get("/connections/{key:str}/tokens")
async def list_tokens(scope: Scope, key: FromPath[str]) -> ASGIResponse:
    """The tokens and client secrets of a connection, never what they say."""
    return await _of(of(scope), key, "directus_connection_tokens", "created_at")


@post("/connections/{key:str}/tokens")
async def create_token(scope: Scope, key: FromPath[str]) -> ASGIResponse:
    """A token, or an OAuth client's secret: shown in this answer alone. A third one ends the oldest."""
    call = of(scope)
    caller = await call.author()
    body = expect(await call.json(), _NEW_TOKEN)
    kind: Kind = _KINDS[str(body.get("kind", TOKEN))]
    name = None if body.get("name") is None else str(body["name"])
    lifetime = _lifetime(body.get("expires_at"))
    made = await call.house.database.write(
        connection_tokens.issue, caller, key_of(key), kind=kind, name=name, lifetime=lifetime
    )
    terms = call.house.terms
    address = {"base_url": f"{terms.public_url}/scim/v2"}
    if kind == RECEIVER:
        address = {"base_url": call.house.event_tokens.audience(key_of(key))}
    if kind == SECRET:
        address |= {"client_id": key_of(key), "token_url": f"{terms.public_url}/oauth/token"}
    word = SECRET if kind == SECRET else TOKEN
    shown = {"id": made.id, "kind": kind, "name": name, word: made.token, "hint": made.hint}
    return answers.data({**shown, "expires_at": made.expires_at, **address})


@delete("/connections/{key:str}/tokens/{token:str}", status_code=200)
async def revoke_token(scope: Scope, key: FromPath[str], token: FromPath[str]) -> ASGIResponse:
    """Ends a token at once; a secret takes the access tokens with it that were got for it."""
    call = of(scope)
    caller = await call.author()
    await call.house.database.write(connection_tokens.revoke, caller, key_of(key), key_of(token))
    return answers.nothing()


@get("/connections/{key:str}/log")
async def list_log(scope: Scope, key: FromPath[str]) -> ASGIResponse:
    """What a connection asked, newest first: `filter[failed][_eq]=true` for what went wrong."""
    return await _of(of(scope), key, "directus_sync_log", "-id")


async def _of(call: Call, key: str, collection: str, sort: str) -> ASGIResponse:
    """A page of what belongs to one connection, asked in the language of any list."""
    caller = await call.member()
    access.check_administrator(caller)
    if await call.house.database.read(connections.read, caller.project, key_of(key)) is None:
        raise Forbidden
    given = call.query.get("filter")
    asked = [] if given is None or given == "" else [query_string.json(given, "filter")]
    own: Tree = {"filter": {"_and": [{"connection": {"_eq": key_of(key)}}, *asked]}}
    if not call.query.keys() & {"sort", "aggregate"}:
        own["sort"] = sort
    return await reading.answer_many(call, reading.many(call, caller, collection, {**call.query, **own}))


async def _create(tx: Transaction, call: Call, caller: Caller, given: Tree) -> list[object | None]:
    key = await connection_changes.create(tx, caller, given, call.house.sealer)
    return await many.shown(tx, call, caller, CONNECTIONS, [key])


async def _change(tx: Transaction, call: Call, caller: Caller, key: str, given: Tree) -> list[object | None]:
    await connection_changes.change(tx, caller, key, given, call.house.sealer)
    return await many.shown(tx, call, caller, CONNECTIONS, [key])


def _lifetime(given: object) -> float | None:
    """Seconds until a moment that has to be still to come."""
    at = check("expires_at", given, _EXPIRES)
    if at is None:
        return None
    seconds = (datetime.fromisoformat(str(at)) - datetime.fromisoformat(now())).total_seconds()
    if seconds <= 0:
        raise Invalid("expires_at", "type", detail="must be in the future")
    return seconds


HANDLERS: Final = (
    list_connections,
    read_connection,
    create_connection,
    change_connection,
    delete_connection,
    list_tokens,
    create_token,
    revoke_token,
    list_log,
)
