"""What a browser takes from a sign-on to the page that it leads to: good once, for a minute, for a token.

It stands in an address, where tokens that open anything must not stand (RFC 9700, 4.3): it names a note of
ours, which says whose session it is, and whoever takes that note out is the only one who gets the session.
"""

import time
from typing import Final

from service.api.calls import Call
from service.sealing import SealBroken
from service.tokens import TokenExpired, TokenInvalid, fingerprint, new_secret
from service.users import departures, refreshing
from service.users.departures import Departed
from service.users.problems import RequestTokenExpired, RequestTokenForged
from service.users.sessions import Opened

LIFETIME: Final = 60  # seconds: the browser is on its way
_KIND: Final = "request"


async def make(call: Call, opened: Opened, url: str) -> str:
    """The request token of a session that has just begun; `url` is where it is taken."""
    house, secret = call.house, new_secret("")
    mark = fingerprint(secret)
    note = departures.seal(house.sealer, call.project, mark, {"session": opened.session})
    left = Departed(_KIND, note, None)
    await house.database.write(departures.remember, call.project, mark, left, LIFETIME)
    claims = {
        "jti": secret,
        "type": "request_token",
        "ttl": LIFETIME,
        "url": url,
        "project": call.project,
    }
    return house.tokens.sign("request", claims, expires_at=int(time.time()) + LIFETIME)


async def redeem(call: Call, token: str) -> Opened:
    """The session that a request token is good for, once.

    Raises RequestTokenExpired, and RequestTokenForged: forged, used, another project's, or a session that
    has ended meanwhile.
    """
    house = call.house
    try:
        secret = str(house.tokens.verify("request", token)["jti"])
    except TokenExpired:
        raise RequestTokenExpired from None
    except TokenInvalid:
        raise RequestTokenForged from None
    mark = fingerprint(secret)
    left = await house.database.write(departures.take, call.project, mark, _KIND)
    if left is None:
        raise RequestTokenForged
    try:
        session = departures.unseal(house.sealer, call.project, mark, left.memory)["session"]
    except SealBroken:  # the secret was changed meanwhile
        raise RequestTokenForged from None
    opened = await house.database.write(refreshing.renew, call.project, session)
    if opened is None:
        raise RequestTokenForged
    return opened
