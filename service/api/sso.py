"""Signing on with a provider: back from it, through the callback of the browser that left, once."""

from collections.abc import Mapping
from typing import Final
from urllib.parse import urlencode

from litestar import Router, get, post
from litestar.params import FromPath
from litestar.response.base import ASGIResponse
from litestar.types import Scope

from providers.contract import (
    DescribesUs,
    Identity,
    Provider,
    ProviderError,
    Redirects,
    Refused,
    SignsForms,
    TakesUnasked,
    Untrusted,
)
from service.api import answers, directories, doors, kept, leaving, linking
from service.api.calls import KIB, Call, of
from service.api.house import Door
from service.api.landing import Home
from service.tokens import new_secret
from service.users import sign_on
from service.users.problems import Expired, Problem, RouteUnknown
from service.users.sign_on import Arrival, Owing

_SMALL: Final = 8 * KIB  # characters: a code, a state, an ID token, a name; or that the person said no


@get("/auth/login/{name:str}/callback")
async def arrive(scope: Scope, name: FromPath[str]) -> ASGIResponse:
    """Takes the browser back."""
    return await arrived(of(scope), name)


async def arrived(call: Call, name: str) -> ASGIResponse:
    """Whom the provider sent back: the departure is used up first, whatever comes of it."""
    door, provider = doors.redirecting(call, name)
    given = await _given(call, name)
    taken = await kept.take_of_browser(call, name)
    memory = dict(taken[1]) if taken else {}
    otp, link, mode = (memory.pop(word, None) for word in ("otp", "link", "mode"))
    gone = [kept.forget_browser(call, name)]
    home = Home(taken[0].redirect if taken else _page(call), mode or door.policy.mode, gone)
    try:
        if taken is None:
            identity = await _unasked(call, provider, given)
            home = Home(call.page("/admin/welcome"), home.mode, gone)
        else:
            identity = await provider.arrive(_single(given), memory)
    except ProviderError as problem:
        await doors.note(call, name, problem)
        denied = "denied" if isinstance(problem, Refused) and problem.code == "access_denied" else ""
        return call.generation.landing.refused(call, doors.told(problem, name), home, cause=denied)
    if link is not None:
        return await linking.link(call, door, identity, link, home)
    return await _enter(call, door, identity, otp, home)


@post(["/auth/login/{name:str}/callback", "/auth/login/{name:str}/acs"])
async def arrive_by_form(scope: Scope, name: FromPath[str]) -> ASGIResponse:
    """What a provider has the browser post (response_mode=form_post, SAML) is kept, and fetched by a GET.

    The post comes from another site, so it brings no cookie of ours; the GET that follows does. Neither the
    code, the assertion nor the name in the form ever stands in an address.
    """
    return await posted(of(scope), name)


async def posted(call: Call, name: str) -> ASGIResponse:
    """Keeps a form that comes from another site, and leads to where it is fetched."""
    provider = doors.find(call, name).provider
    form, secret = await kept.posted(call), new_secret("")
    if await _is_worth_keeping(call, provider, form):
        await kept.keep(call, secret, f"post {name}", form, None)
    return answers.see(f"{kept.address(call, name, 'callback')}?{urlencode({'kept': secret})}")


async def _is_worth_keeping(call: Call, provider: Provider, form: Mapping[str, str]) -> bool:
    """Strangers get no more room here than any departure has: what is larger has to be the provider's."""
    if sum(len(field) + len(value) for field, value in form.items()) <= _SMALL:
        return True
    try:
        if not isinstance(provider, SignsForms):
            raise Untrusted("The browser brought a form that is larger than any of this provider's")
        await provider.vet(form)
    except ProviderError as problem:
        await doors.note(call, provider.name, problem)
        return False
    return True


@get("/auth/login/{name:str}/metadata")
async def metadata(scope: Scope, name: FromPath[str]) -> ASGIResponse:
    """What the administrator of a SAML identity provider has to know of us."""
    return described(of(scope), name)


def described(call: Call, name: str) -> ASGIResponse:
    """Our metadata for this provider, by the addresses of the call's generation."""
    _, provider = doors.redirecting(call, name)
    if not isinstance(provider, DescribesUs):
        raise RouteUnknown(call.address)
    try:
        described = provider.describe_us(kept.address(call, name, provider.lands_at))
    except ProviderError as problem:
        raise doors.told(problem, name) from problem
    return answers.Answer(200, described, "application/samlmetadata+xml")


async def _unasked(call: Call, provider: Redirects, given: Mapping[str, object]) -> Identity:
    """Somebody whom we did not send away, where the administrator lets the provider bring them."""
    if not isinstance(provider, TakesUnasked) or not provider.takes_unasked or "kept" not in call.query:
        raise Untrusted(
            "A browser came back that had not left, or more than 5 minutes ago, or takes no cookies of ours"
        )
    return await provider.receive(_single(given), kept.address(call, provider.name, provider.lands_at))


def _page(call: Call) -> str | None:
    """Where a person is told what went wrong who wanted to go nowhere in particular; programs get JSON."""
    return call.page("/admin/login") if call.wants_page else None


async def _enter(call: Call, door: Door, identity: Identity, otp: str | None, home: Home) -> ASGIResponse:
    """Somebody proven: in, asked for their code, or told why not."""
    house, land = call.house, call.generation.landing
    arrival = Arrival(call.project, door.rules, identity, call.origin, house.terms.refresh_ttl, otp)
    try:
        outcome = await sign_on.sign_on(house.database, arrival, house.factor, house.grants)
    except Problem as problem:
        cause = "invitation" if isinstance(problem, Expired) else getattr(problem, "cause", "")
        return land.refused(call, problem, home, cause=cause)
    if isinstance(outcome, Owing):
        return await land.owing(call, identity.provider, outcome, home)
    return await land.ended(call, outcome, home)


async def _given(call: Call, name: str) -> Mapping[str, object]:
    """The callback's parameters, or those of the form that was posted just before, once."""
    secret = call.query.get("kept")
    if not isinstance(secret, str):
        return call.query
    found = await kept.take(call, secret, f"post {name}")
    return found[1] if found else {}


def _single(query: Mapping[str, object]) -> Mapping[str, str]:
    """The callback's parameters, each once: one that comes twice is no answer of a provider."""
    if any(not isinstance(value, str) for value in query.values()):
        raise Untrusted("The answer names a parameter twice")
    return {name: str(value) for name, value in query.items()}


# The first two share one address.
_HANDLERS: Final = [leaving.depart, directories.login, arrive, arrive_by_form, metadata]
router = Router("/", route_handlers=_HANDLERS, include_in_schema=False)
