"""What a session is held by in the 8 generation: a token that renews itself, or a cookie with one."""

import time
from collections.abc import Mapping
from typing import Final

from service.api import cookies
from service.api.calls import Call
from service.api.users import USERS
from service.database import Transaction
from service.dialects import question
from service.users import sessions
from service.users.model import Caller
from service.users.sessions import Opened

# What the documented answer of a sign-in tells of a person, ids as texts.
_TOLD: Final = (
    *("id", "status", "role", "first_name", "last_name", "email", "timezone", "locale", "locale_options"),
    *("avatar", "company", "title", "external_id", "theme", "2fa_secret", "password_reset_token"),
)
_IDS: Final = ("id", "role", "avatar")


async def person(tx: Transaction, call: Call, opened: Opened) -> tuple[Mapping[str, object], int, bool]:
    """The person of a session as a sign-in tells of them, their number, and whether they lack a factor."""
    asked = question.ask(
        Caller(call.project, opened.user), call.generation.language, USERS, _TOLD, key=opened.user
    )
    (item,) = await call.generation.told(tx, call, await question.items(tx, asked))
    assert isinstance(item, dict)  # noqa: S101  # `told` makes dicts; mypy cannot know
    found = await sessions.recognise(tx, call.project, opened.session)
    told = {word: str(item[word]) if word in _IDS and item[word] is not None else item[word] for word in item}
    return told, int(item["id"]), bool(found and found.confined)


async def token(call: Call, opened: Opened) -> str:
    """The token of a session, for as long as access tokens live."""
    _, number, _ = await call.house.database.read(person, call, opened)
    return signed(call, opened, number, call.house.terms.access_ttl)


async def kept(call: Call, opened: Opened) -> tuple[str, str]:
    """The cookie of a session, for as long as those of sessions live."""
    _, number, _ = await call.house.database.read(person, call, opened)
    return cookie(call, opened, number)


def cookie(call: Call, opened: Opened, number: int) -> tuple[str, str]:
    """`kept`, of a person whose number is known."""
    lifetime = call.house.terms.session_ttl
    name = call.generation.cookie(call)
    return cookies.bake(call, name, signed(call, opened, number, lifetime), seconds=lifetime)


def signed(call: Call, opened: Opened, number: int, lifetime: int) -> str:
    """The token: the documented claims, and the session, by whose end it ends as well."""
    claims = {
        "id": number,
        "ttl": lifetime // 60,
        "type": "auth",
        "project": call.project,
        "session": opened.session,
    }
    return call.house.tokens.sign("access", claims, expires_at=int(time.time()) + lifetime)
