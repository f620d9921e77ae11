"""A person's passkeys: added, named and removed. Only the making of one needs a script."""

import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from litestar import Response, get, post
from litestar.types import Scope

from service.api import passkeys as room
from service.api.calls import Call, of
from service.api.keys import key_of
from service.api.own_access import open_ways
from service.database import Transaction
from service.pages.devices import device
from service.pages.here import Here, everywhere, here, posted
from service.pages.proof import refusal
from service.pages.sheet import PASSKEYS, away, dress, sheet
from service.pages.tongue import say
from service.users import credentials, passkeys, second_factor, sign_in
from service.users.credentials import Attestation
from service.users.problems import BadPayload, Forbidden, Unprocessable
from service.users.sign_in import Proof

PATH: Final = "/admin/passkeys"
ABOUT: Final = (
    "A passkey signs you in with your fingerprint, your face or the PIN of your device, and only here: "
    "nobody can lure it to another site. Beside a password it is your second factor."
)
_UNMADE: Final = "The passkey was not added: it took too long, or it is here already. Try once more."
_UNNAMED: Final = "A name has 1 to 100 characters."
_LAST: Final = "This passkey is your only way to sign in. Add another one first."

Fields = Mapping[str, str]


@get(everywhere(PATH))
async def show(scope: Scope) -> Response[bytes]:
    """The passkeys of whose browser this is."""
    call = of(scope)
    return await _page(call, await here(call))


@post(everywhere(PATH))
async def change(scope: Scope) -> Response[bytes]:
    """What a button asks for."""
    call = of(scope)
    found, fields = await posted(call)
    step = _STEPS.get("made" if "credential" in fields else fields.get("do", ""), _nothing)
    return await step(call, found, fields)


async def _nothing(call: Call, _: Here, __: Fields) -> Response[bytes]:
    return away(PATH, call)


async def _add(call: Call, found: Here, fields: Fields) -> Response[bytes]:
    """Once it is sure who asks, the page that has the browser make one."""
    wrong = await refusal(call, found, fields)
    if wrong:
        return await _page(call, found, wrong=wrong)
    return sheet(
        "passkey_new",
        call,
        await dress(call),
        script=PASSKEYS,
        options=json.dumps(await room.asked(call, found.caller)),
        name=device(call.header(b"user-agent")),
        mark=found.mark,
    )


async def _made(call: Call, found: Here, fields: Fields) -> Response[bytes]:
    """The new passkey; with the first second factor come recovery codes."""
    who = (call.project, found.user)
    was_protected = await call.house.database.read(second_factor.is_protected, *who)
    try:
        answer = credentials.parse(fields["credential"], Attestation)
        await room.add(call, found.caller, answer, fields.get("name", ""))
    except BadPayload:
        return await _page(call, found, _UNMADE)
    if was_protected:
        return away(PATH, call)
    codes = await call.house.database.write(second_factor.renew_codes, found.caller)
    return sheet("passkey_codes", call, await dress(call), codes=codes)


async def _rename(call: Call, found: Here, fields: Fields) -> Response[bytes]:
    key, name = fields.get("passkey", ""), fields.get("name", "")
    try:
        await call.house.database.write(passkeys.rename, found.caller, key_of(key), name)
    except BadPayload:
        return await _page(call, found, _UNNAMED)
    except Forbidden:  # it has been removed meanwhile
        return away(PATH, call)
    return away(PATH, call)


async def _ask_removal(call: Call, found: Here, fields: Fields, wrong: str | None = None) -> Response[bytes]:
    listed, proof = await call.house.database.read(_standing, found)
    one = next((one for one in listed if one["id"] == fields.get("passkey")), None)
    if one is None:
        return away(PATH, call)
    return sheet(
        "passkey_remove",
        call,
        await dress(call),
        status=422 if wrong else 200,
        passkey=one,
        proof=proof,
        mark=found.mark,
        wrong=say(call, wrong) if wrong else None,
    )


async def _remove(call: Call, found: Here, fields: Fields) -> Response[bytes]:
    wrong = await refusal(call, found, fields)
    if wrong:
        return await _ask_removal(call, found, fields, wrong)
    caller, key = found.caller, fields.get("passkey", "")
    try:
        where = (caller, found.user, key_of(key), open_ways(call))
        await call.house.database.write(passkeys.remove, *where)
    except Unprocessable:
        return await _page(call, found, _LAST)
    except Forbidden:  # it is gone already
        return away(PATH, call)
    return away(PATH, call)


_STEPS: Final[Mapping[str, Callable[[Call, Here, Fields], Awaitable[Response[bytes]]]]] = {
    "add": _add,
    "made": _made,
    "rename": _rename,
    "remove": _ask_removal,
    "removed": _remove,
}


async def _page(
    call: Call, found: Here, refused: str | None = None, *, wrong: str | None = None
) -> Response[bytes]:
    """`refused`: what could not be done; `wrong`: why the password was not taken."""
    listed, proof = await call.house.database.read(_standing, found)
    return sheet(
        "passkeys",
        call,
        await dress(call),
        status=422 if refused or wrong else 200,
        about=say(call, ABOUT),
        passkeys=listed,
        proof=proof,
        mark=found.mark,
        site=call.house.terms.site is not None,
        refused=say(call, refused) if refused else None,
        wrong=say(call, wrong) if wrong else None,
    )


async def _standing(tx: Transaction, found: Here) -> tuple[list[dict[str, Any]], Proof]:
    """Their passkeys, and what it takes to be sure that it is them."""
    listed = await passkeys.look(tx, found.caller, found.user)
    return listed, await sign_in.proof(tx, found.caller)
