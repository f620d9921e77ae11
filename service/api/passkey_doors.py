"""Passkeys at the door: `/auth/passkey`, alone, and `/auth/login/NAME/passkey`, where a factor is owed."""

from typing import Final

from litestar import Router, post
from litestar.params import FromPath
from litestar.response.base import ASGIResponse
from litestar.types import Scope

from service.api import answers, cookies, doors, owing
from service.api.auth import tokens
from service.api.bodies import MODE, Part, expect
from service.api.calls import KIB, Call, of
from service.tokens import fingerprint, new_secret
from service.users import challenges, credentials, passkey_sign_in, passkeys
from service.users.challenges import Json, Site
from service.users.credentials import Assertion
from service.users.passkey_sign_in import Shown
from service.users.problems import Expired, Unprocessable
from service.users.sessions import Opened
from service.users.waiting import Waiting

LARGEST: Final = 64 * KIB  # of a body with a credential
CREDENTIAL: Final = Part(lambda _, value: value)  # read by credentials.read
_COOKIE: Final = "idbridge_passkey"
_ANSWER: Final = {"credential": CREDENTIAL, "mode": MODE}


@post("/auth/passkey/options")
async def ask(scope: Scope) -> ASGIResponse:
    """What the browser is to ask its passkeys for, and the cookie that it is known by when it answers."""
    call = of(scope)
    cookies.same_site(call)
    expect(await call.json(), {})
    asked = _alone(call)
    secret = call.cookie(cookies.own(call, _COOKIE)) or new_secret("")
    kept = cookies.bake(call, cookies.own(call, _COOKIE), secret, seconds=challenges.LIFETIME)
    challenge = challenges.challenge(call.house.tokens, _bound(secret))
    return answers.data(challenges.request(asked, challenge), headers=[kept])


@post("/auth/passkey")
async def enter(scope: Scope) -> ASGIResponse:
    """The browser's answer, for tokens or cookies."""
    call = of(scope)
    cookies.same_site(call)
    body = expect(await call.json(LARGEST), _ANSWER)
    opened = await admit(call, credentials.read(body["credential"], Assertion))
    return tokens(call, opened, str(body.get("mode", "json")), headers=[gone(call)])


@post("/auth/login/{name:str}/passkey/options")
async def ask_owed(scope: Scope, name: FromPath[str]) -> ASGIResponse:
    """The same for one of the passkeys of whom this browser owes a factor."""
    call = of(scope)
    cookies.same_site(call)
    expect(await call.json(), {})
    waiting = await owing.owed(call)
    if waiting is None:
        raise Expired
    return answers.data(await asked(call, waiting))


@post("/auth/login/{name:str}/passkey")
async def prove(scope: Scope, name: FromPath[str]) -> ASGIResponse:
    """A passkey in place of the code that a sign-on without `redirect` lacked (INVALID_OTP)."""
    call = of(scope)
    cookies.same_site(call)
    body = expect(await call.json(LARGEST), _ANSWER)
    opened, _ = await pay(call, credentials.read(body["credential"], Assertion))
    return tokens(call, opened, str(body.get("mode", "json")), headers=[owing.gone(call)])


async def admit(call: Call, answer: Assertion) -> Opened:
    """The session of a passkey's owner. Raises WrongCredentials, WrongProvider, TooMany."""
    house, where = call.house, _alone(call)
    bound = _bound(call.cookie(cookies.own(call, _COOKIE)) or "")
    shown = _shown(call, where, answer, bound)
    return await passkey_sign_in.enter(house.database, shown, house.terms.refresh_ttl)


async def asked(call: Call, waiting: Waiting) -> Json:
    """What the browser of somebody who owes a factor is to ask for."""
    known = await call.house.database.read(passkeys.offered, call.project, waiting.user)
    challenge = challenges.challenge(call.house.tokens, _owed(owing.mark(call)))
    return challenges.request(site(call), challenge, known)


async def pay(call: Call, answer: Assertion) -> tuple[Opened, Waiting]:
    """The session of who owed a factor. Raises Expired, WrongCredentials, TooMany."""
    house, mark = call.house, owing.mark(call)
    if mark is None:
        raise Expired
    shown = _shown(call, site(call), answer, _owed(mark))
    return await passkey_sign_in.pay(house.database, shown, mark, house.terms.refresh_ttl)


def site(call: Call) -> Site:
    """Who asks. Raises Unprocessable at an address where browsers keep no passkeys."""
    found = call.house.terms.site
    if found is None:
        raise Unprocessable(
            "Browsers keep passkeys for names alone: PUBLIC_URL has to say localhost or a domain"
        )
    return found


def takes(call: Call) -> bool:
    """Whether a passkey may sign somebody in."""
    return call.house.terms.site is not None and not call.house.terms.disable_default


def gone(call: Call) -> tuple[str, str]:
    """The header that takes the cookie of a question away."""
    return cookies.bake(call, cookies.own(call, _COOKIE), "", seconds=0)


def _alone(call: Call) -> Site:
    """Where providers alone sign people on, a passkey of ours does not."""
    doors.check_ours(call)
    return site(call)


def _shown(call: Call, where: Site, answer: Assertion, bound: str) -> Shown:
    challenge = credentials.answered(call.house.tokens, answer, bound)
    return Shown(call.project, where, answer, challenge, call.origin)


def _bound(secret: str) -> str:
    return f"browser {fingerprint(secret)}"


def _owed(mark: str | None) -> str:
    return f"owed {mark}"


router = Router("/", route_handlers=[ask, enter, ask_owed, prove], include_in_schema=False)
