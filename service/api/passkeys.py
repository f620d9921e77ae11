"""The passkeys of a person: `/users/me/passkeys`; administrators list and remove those of `/users/:id`."""

import asyncio
from typing import Final

from litestar import Router, delete, get, patch, post
from litestar.params import FromPath
from litestar.response.base import ASGIResponse
from litestar.types import Scope

from service.api import answers
from service.api.bodies import PROOF, TEXT, TEXT_MAYBE, expect, text_of
from service.api.calls import Call, of
from service.api.keys import key_of
from service.api.own_access import open_ways, prove, signed_in, whose
from service.api.passkey_doors import CREDENTIAL, LARGEST, site
from service.database import Transaction
from service.users import challenges, credentials, passkey_sign_in, passkeys
from service.users.challenges import Json
from service.users.credentials import Attestation, Attested, Challenge
from service.users.model import Caller
from service.users.problems import BadPayload, Forbidden, WrongCredentials

_NEW: Final = {"credential": CREDENTIAL, "name": TEXT_MAYBE}
_NAME: Final = {"name": TEXT}
_UNNAMED: Final = "Passkey"
_ADDING: Final = "A passkey is added"


@get("/users/{key:str}/passkeys")
async def list_passkeys(scope: Scope, key: FromPath[str]) -> ASGIResponse:
    """With which passkeys somebody signs in."""
    call = of(scope)
    caller, user = await whose(call, key)
    return answers.data(await call.house.database.read(passkeys.look, caller, user))


@post("/users/{key:str}/passkeys/options")
async def ask(scope: Scope, key: FromPath[str]) -> ASGIResponse:
    """What the browser is to make a passkey of, for a fresh proof: the password, or a sign-in minutes ago."""
    call = of(scope)
    body = expect(await call.json(), PROOF)
    caller = await signed_in(call, key, _ADDING)
    await prove(call, caller, text_of(body, "password"))
    return answers.data(await asked(call, caller))


@post("/users/{key:str}/passkeys")
async def add_passkey(scope: Scope, key: FromPath[str]) -> ASGIResponse:
    """The browser's answer: the caller has this passkey from now on, and a letter says so."""
    call = of(scope)
    body = expect(await call.json(LARGEST), _NEW)
    caller = await signed_in(call, key, _ADDING)
    answer = credentials.read(body["credential"], Attestation)
    return answers.data(await add(call, caller, answer, str(body.get("name", _UNNAMED))))


@patch("/users/{key:str}/passkeys/{passkey:str}")
async def rename_passkey(scope: Scope, key: FromPath[str], passkey: FromPath[str]) -> ASGIResponse:
    """Calls one of the caller's passkeys otherwise."""
    call = of(scope)
    body = expect(await call.json(), _NAME)
    caller, user = await whose(call, key)
    if caller.user != user:
        raise Forbidden
    await call.house.database.write(passkeys.rename, caller, key_of(passkey), str(body["name"]))
    return answers.nothing()


@delete("/users/{key:str}/passkeys/{passkey:str}", status_code=200)
async def remove_passkey(scope: Scope, key: FromPath[str], passkey: FromPath[str]) -> ASGIResponse:
    """Takes a passkey away, and every session that it began; never the last way in.

    Of one's own it takes the fresh proof that adding one does: it may be what a thief has not got.
    """
    call = of(scope)
    body = expect(await call.json(), PROOF)
    caller, user = await whose(call, key)
    if caller.user == user:
        await prove(call, caller, text_of(body, "password"))
    await call.house.database.write(passkeys.remove, caller, user, key_of(passkey), open_ways(call))
    return answers.nothing()


async def asked(call: Call, caller: Caller) -> Json:
    """What the caller's browser is to make a passkey of."""
    where = site(call)
    place, name, known = await call.house.database.read(passkeys.person, caller)
    challenge = challenges.challenge(call.house.tokens, _bound(caller))
    return challenges.creation(
        where, challenge, place=place or where.id, user=str(caller.user), name=name, known=known
    )


async def add(call: Call, caller: Caller, answer: Attestation, name: str) -> Json:
    """Give the caller the passkey that answers `asked`. Raises BadPayload."""
    where = site(call)
    try:
        challenge = credentials.answered(call.house.tokens, answer, _bound(caller))
        new = await asyncio.to_thread(credentials.attested, where, answer, challenge)
        return await call.house.database.write(_add, caller, new, challenge, name)
    except WrongCredentials:
        raise BadPayload('"credential" answers no question of the last minutes; ask once more') from None


async def _add(tx: Transaction, caller: Caller, new: Attested, challenge: Challenge, name: str) -> Json:
    await passkey_sign_in.spend(tx, caller.project, challenge)
    return await passkeys.add(tx, caller, new, name)


def _bound(caller: Caller) -> str:
    return f"session {caller.session}"


router = Router(
    "/",
    route_handlers=[list_passkeys, ask, add_passkey, rename_passkey, remove_passkey],
    include_in_schema=False,
)
