"""On to a provider that takes forms alone: a page posts what the browser carries, by itself or at a click."""

from typing import Final
from urllib.parse import urlsplit

from litestar import Response, get
from litestar.params import FromPath
from litestar.types import Scope

from service.api import doors, onward
from service.api.calls import of
from service.api.eight.generation import PREFIX
from service.pages.sheet import ONWARD, away, dress, sheet

_PATH: Final = "/admin/onward/{name:str}"
_PATH_OF_PROJECT: Final = PREFIX + "/auth/sso/{name:str}/onward"


@get([_PATH, _PATH_OF_PROJECT])
async def show(scope: Scope, name: FromPath[str]) -> Response[bytes]:
    """The form, once; who loads the page again begins anew."""
    call = of(scope)
    provider = doors.find(call, name).provider
    carried = await onward.take(call, name, str(call.query.get("kept", "")))
    if carried is None:
        return away("/admin/login?reason=TOKEN_EXPIRED", call)
    parts = urlsplit(carried.url)
    return sheet(
        "onward",
        call,
        await dress(call),
        # Browsers hold a form to where its answer leads, too: a provider's may lead through all who know it.
        leads_to=f"https: {parts.scheme}://{parts.netloc}",
        script=ONWARD,
        provider=provider.label,
        url=carried.url,
        fields=carried.fields,
    )
