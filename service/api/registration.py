"""Registering oneself: `/users/register` and `/users/register/verify-email`, where people may."""

import asyncio
from typing import Final

from litestar import Router, get, post
from litestar.response.base import ASGIResponse
from litestar.types import Scope

from service.api import answers, listed_urls
from service.api.bodies import EMAIL, TEXT, TEXT_MAYBE, URI_MAYBE, expect
from service.api.calls import of
from service.api.passwords import PACE
from service.users import registrations
from service.users.problems import Forbidden
from service.users.throttle import Attempt

_REGISTER: Final = {
    "email": EMAIL,
    "password": TEXT,
    "verification_url": URI_MAYBE,
    "first_name": TEXT_MAYBE,
    "last_name": TEXT_MAYBE,
}


@post("/users/register")
async def register(scope: Scope) -> ASGIResponse:
    """Owes a letter to the address. 204 after the same time, whoever is here or not; 403 where nobody may."""
    call = of(scope)
    house, terms = call.house, call.house.terms
    if not terms.registers or terms.disable_default:
        raise Forbidden
    body = expect(await call.json(), _REGISTER)
    url = listed_urls.take(body, "verification_url", terms.register_urls, "verify registered users")
    kept = await house.secrets.chosen(body["password"])
    attempt = Attempt(call.project, str(body["email"]), call.ip)
    values = {**body, "password_hash": kept, "role": terms.register_role}
    asked = house.database.write(registrations.register, attempt, values, url=url)
    await asyncio.gather(asked, asyncio.sleep(PACE))
    return answers.nothing()


@get("/users/register/verify-email")
async def verify(scope: Scope) -> ASGIResponse:
    """Uses up the token, as SDKs ask; letters lead to a page with a button instead."""
    call = of(scope)
    home = call.house.terms.public_url
    token = call.asked("token")
    if not token:
        return answers.away(f"{home}/admin/login")
    named = registrations.read(call.house.tokens, token)
    await call.house.database.write(registrations.verify, named, call.origin)
    return answers.away(f"{home}/admin/verify?done=")


router = Router("/", route_handlers=[register, verify], include_in_schema=False)
