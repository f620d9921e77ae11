"""What everybody goes through who sets up an authenticator app: the picture, the code, the recovery codes."""

from collections.abc import Mapping
from typing import Final

import msgspec
from litestar import Response
from markupsafe import Markup

from service.api.calls import Call
from service.api.two_factor import guess
from service.database import Transaction
from service.pages.sheet import dress, sheet
from service.pages.tongue import say
from service.users import second_factor, sessions
from service.users.model import Caller
from service.users.problems import WrongOtp
from service.users.second_factor import SecondFactor

Fields = Mapping[str, str]
_WRONG: Final = "This code does not fit. Wait for the next one that your app shows, and type that."


class Carried(msgspec.Struct, frozen=True):
    """Whose app it is, and what their forms carry so that the next step knows them again: the token of a
    session that ends with the last step, or the mark of the one that stays in their browser."""

    caller: Caller
    email: str
    token: str = ""
    mark: str = ""


async def begin(call: Call, carried: Carried) -> Response[bytes]:
    """The picture of a new secret. Raises BadPayload (one is in force, no e-mail)."""
    house = call.house
    made = await house.database.write(house.factor.generate, carried.caller, house.terms.place, armed=False)
    return await _picture(call, carried, made.secret)


async def confirm(call: Call, carried: Carried, fields: Fields) -> Response[bytes]:
    """The recovery codes, for a code that fits. Raises BadPayload (the secret is another by now), TooMany."""
    secret, otp = fields.get("secret", ""), fields.get("otp", "").replace(" ", "")
    try:
        codes = await guess(call, carried.caller, _put_in_force, call.house.factor, carried, secret, otp)
    except WrongOtp:
        return await _picture(call, carried, secret, refused=_WRONG)
    return sheet("tfa_codes", call, await dress(call), codes=codes, stays=bool(carried.mark))


async def _put_in_force(
    tx: Transaction, caller: Caller, factor: SecondFactor, carried: Carried, secret: str, otp: str
) -> list[str]:
    await factor.enable(tx, caller, secret, otp)
    codes = await second_factor.renew_codes(tx, caller)
    if carried.token:
        await sessions.end(tx, caller.project, str(caller.session))
    return codes


async def _picture(
    call: Call, carried: Carried, secret: str, *, refused: str | None = None
) -> Response[bytes]:
    dressed = await dress(call)
    url = second_factor.otpauth_url(secret, carried.email, dressed.title or call.house.terms.place)
    return sheet(
        "tfa_code",
        call,
        dressed,
        status=422 if refused else 200,
        picture=_drawn(url),
        spelled=" ".join(secret[at : at + 4] for at in range(0, len(secret), 4)),
        url=url,
        carried=carried,
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
