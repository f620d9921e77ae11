"""Setting up a second factor: sign in, scan the picture, type a code, keep the recovery codes.

Whoever signs in here gets a session that the forms carry and that ends with the last of them: a role that
asks for a second factor lets a new session do nothing else. Looking changes nothing; only the buttons post.
"""

from collections.abc import Mapping
from typing import Final

from litestar import Response, get, post
from litestar.types import Scope
from markupsafe import Markup

from service.api import auth
from service.api.calls import Call, of
from service.database import Transaction
from service.pages.forms import form
from service.pages.notices import notice
from service.pages.sheet import dress, place, sheet
from service.pages.tongue import say
from service.users import second_factor, sessions, sign_in
from service.users.model import Caller
from service.users.problems import (
    BadPayload,
    Expired,
    Forged,
    Problem,
    TooMany,
    WrongCredentials,
    WrongOtp,
)
from service.users.throttle import Attempt, guarded

PATH: Final = "/admin/tfa-setup"
_UNKNOWN: Final = "The e-mail address and the password do not belong to an account that signs in here."
# What sends the person back to the way in, with its status and why.
_BACK: Final[Mapping[type[Problem], tuple[int, str]]] = {
    WrongCredentials: (422, _UNKNOWN),
    Forged: (422, _UNKNOWN),
    Expired: (422, "It has been too long since you signed in. Please do it once more."),
    BadPayload: (422, "You have begun anew elsewhere. Sign in once more to go on here."),
    TooMany: (429, "There were too many attempts. Wait a few minutes and try again."),
}
_WRONG: Final = "This code does not fit. Wait for the next one that your app shows, and type that."


@get(PATH)
async def show(scope: Scope) -> Response[bytes]:
    """The way in."""
    call = of(scope)
    if call.house.terms.disable_default:
        return notice("elsewhere", call)
    return await _way_in(call)


@post(PATH)
async def step(scope: Scope) -> Response[bytes]:
    """From the way in to the picture, or from the code to the recovery codes."""
    call = of(scope)
    if call.house.terms.disable_default:
        return notice("elsewhere", call)
    fields = await form(call)
    try:
        if "token" in fields:
            return await _confirm(call, fields)
        return await _begin(call, fields.get("email", ""), fields.get("password", ""))
    except tuple(_BACK) as problem:
        status, why = _BACK[type(problem)]
        return await _way_in(call, why, status=status, wait=getattr(problem, "retry_after", 0))


async def _begin(call: Call, email: str, password: str) -> Response[bytes]:
    """Sign in with the password alone, which does for whoever has no second factor yet."""
    house = call.house
    ttl = house.terms.access_ttl
    try:
        opened = await sign_in.with_password(
            house.database, house.hasher, call.project, email, password, call.origin, ttl
        )
    except WrongOtp:
        return notice("protected", call, await dress(call))
    caller = Caller(call.project, opened.user, session=opened.session, origin=call.origin)
    made = await house.database.write(house.factor.generate, caller, place(house.terms), armed=False)
    token = str(auth.issued(call, opened, ttl)["access_token"])
    return await _picture(call, token, email, made.secret)


async def _confirm(call: Call, fields: dict[str, str]) -> Response[bytes]:
    house, token = call.house, fields["token"]
    session = house.callers.session(token)
    known = await house.database.read(sessions.recognise, call.project, session)
    if known is None:
        raise Expired
    caller = Caller(call.project, known.user, session=session, origin=call.origin)
    secret = fields.get("secret", "")
    try:
        async with guarded(house.database, Attempt(call.project, known.user, call.ip), "otp"):
            codes = await house.database.write(
                _put_in_force, call, caller, secret, fields.get("otp", "").replace(" ", "")
            )
    except WrongOtp:
        return await _picture(call, token, fields.get("email", ""), secret, refused=_WRONG)
    return sheet("tfa_codes", call, await dress(call), codes=codes)


async def _put_in_force(tx: Transaction, call: Call, caller: Caller, secret: str, otp: str) -> list[str]:
    await call.house.factor.enable(tx, caller, secret, otp)
    codes = await second_factor.renew_codes(tx, caller)
    await sessions.end(tx, caller.project, str(caller.session))
    return codes


async def _way_in(
    call: Call, refused: str | None = None, *, status: int = 200, wait: int = 0
) -> Response[bytes]:
    headers = {"retry-after": str(wait)} if wait else None
    told = say(call, refused) if refused else None
    return sheet(
        "tfa_way_in",
        call,
        await dress(call),
        status=status,
        headers=headers,
        refused=told,
        keeps_passkeys=call.house.terms.site is not None,
    )


async def _picture(
    call: Call, token: str, email: str, secret: str, *, refused: str | None = None
) -> Response[bytes]:
    dressed = await dress(call)
    url = second_factor.otpauth_url(secret, email, dressed.title or place(call.house.terms))
    return sheet(
        "tfa_code",
        call,
        dressed,
        status=422 if refused else 200,
        picture=_drawn(url),
        spelled=" ".join(secret[at : at + 4] for at in range(0, len(secret), 4)),
        url=url,
        token=token,
        email=email,
        secret=secret,
        refused=say(call, refused) if refused else None,
    )


def _drawn(url: str) -> Markup:
    """The address as a QR code: dark on light in every scheme, which is what cameras expect."""
    import segno  # by the first who sets it up

    drawn = segno.make(url, error="m", micro=False).svg_inline(
        border=4, dark="#000", light="#fff", svgclass=None, lineclass=None, omitsize=True
    )
    return Markup(drawn)  # noqa: S704  # lines that segno draws; nothing of the address is text in it
