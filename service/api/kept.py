"""What is kept while a browser is on its way to a provider: sealed, under a secret that it brings back."""

from collections.abc import Mapping
from typing import Final
from urllib.parse import parse_qsl

from service.api import cookies
from service.api.calls import KIB, Call
from service.sealing import SealBroken
from service.tokens import fingerprint, new_secret
from service.users import departures
from service.users.departures import Departed
from service.users.problems import BadPayload, WrongCredentials

_POSTED: Final = 128 * KIB  # what a provider may have the browser post: a code, a name, an assertion


async def keep(call: Call, secret: str, name: str, memory: Mapping[str, str], redirect: str | None) -> None:
    """Keep the memory for minutes; `name` says for what, so that nothing else takes it."""
    mark = fingerprint(secret)
    sealed = departures.seal(call.house.sealer, call.project, mark, memory)
    await call.house.database.write(departures.remember, call.project, mark, Departed(name, sealed, redirect))


async def take(call: Call, secret: str, name: str) -> tuple[Departed, Mapping[str, str]] | None:
    """What was kept, and the memory; who asks again finds nothing."""
    house, mark = call.house, fingerprint(secret)
    departed = await house.database.write(departures.take, call.project, mark, name)
    if departed is None:
        return None
    try:
        return departed, departures.unseal(house.sealer, call.project, mark, departed.memory)
    except SealBroken:  # the secret was changed meanwhile
        return None


async def keep_for_browser(
    call: Call, name: str, memory: Mapping[str, str], redirect: str | None
) -> tuple[str, str]:
    """Keep the memory of a departure for this browser alone; the cookie by which it is known."""
    secret = new_secret("")
    await keep(call, secret, name, memory, redirect)
    return cookies.bake(call, _cookie(call, name), secret, seconds=departures.LIFETIME)


async def take_of_browser(call: Call, name: str) -> tuple[Departed, Mapping[str, str]] | None:
    """This browser's departure, and what the provider wanted remembered."""
    secret = call.cookie(_cookie(call, name))
    return await take(call, secret, name) if secret else None


def forget_browser(call: Call, name: str) -> tuple[str, str]:
    """The header that takes the cookie away."""
    return cookies.bake(call, _cookie(call, name), "", seconds=0)


def _cookie(call: Call, name: str) -> str:
    return cookies.own(call, f"idbridge_departure_{name}")


def address(call: Call, name: str, step: str) -> str:
    """The address of ours at which a provider ends a step."""
    return f"{call.house.terms.public_url}{call.prefix}{call.generation.landing.at}/{name}/{step}"


async def posted(call: Call) -> dict[str, str]:
    """The fields of a form that a provider had the browser post. Raises BadPayload, WrongCredentials."""
    try:
        return single((await call.bytes(_POSTED)).decode("ascii"))
    except ValueError:
        raise BadPayload("The form is malformed") from None


def single(text: str) -> dict[str, str]:
    """Parameters, each once: one that comes twice is no answer of a provider. Raises ValueError where they
    are malformed, WrongCredentials where one comes twice."""
    pairs = parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=16)
    if len(dict(pairs)) != len(pairs):
        raise WrongCredentials
    return dict(pairs)
