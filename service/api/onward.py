"""Where the browser goes on to at a provider that takes forms alone: a page of ours posts what it carries."""

from collections.abc import Mapping
from typing import Final
from urllib.parse import quote, urlencode

import msgspec

from providers.contract import Departure
from service.api import kept
from service.api.calls import Call
from service.tokens import new_secret

_URL: Final = "url"
_FIELDS: Final = "fields"


class Carried(msgspec.Struct, frozen=True):
    """A form that the browser posts elsewhere."""

    url: str
    fields: Mapping[str, str]


async def onward(call: Call, name: str, departure: Departure) -> str:
    """The provider's address, or that of the page from which the browser posts the form there, once."""
    if not departure.form:
        return departure.url
    secret, fields = new_secret(""), msgspec.json.encode(departure.form).decode()
    await kept.keep(call, secret, _kind(name), {_URL: departure.url, _FIELDS: fields}, None)
    path = call.generation.landing.leads_at.format(name=quote(name))
    return f"{call.page(path)}?{urlencode({'kept': secret})}"


async def take(call: Call, name: str, secret: str) -> Carried | None:
    """What was kept under the secret; who asks again finds nothing."""
    found = await kept.take(call, secret, _kind(name))
    if found is None:
        return None
    _, memory = found
    return Carried(memory[_URL], msgspec.json.decode(memory[_FIELDS], type=dict[str, str]))


def _kind(name: str) -> str:
    return f"onward {name}"
