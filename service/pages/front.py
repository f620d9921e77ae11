"""The first page, which says what this is, and the page for addresses that lead nowhere."""

from litestar import Response, get
from litestar.types import Scope

from service.api.calls import of
from service.pages.here import everywhere
from service.pages.notices import notice
from service.pages.sheet import away, dress, sheet


@get("/")
async def root(scope: Scope) -> Response[bytes]:
    """Our host's own address leads to the first page."""
    return away("/admin", of(scope))


@get(everywhere("/admin"))
async def front(scope: Scope) -> Response[bytes]:
    """What this is, and where to go from here."""
    call = of(scope)
    return sheet("front", call, await dress(call))


@get(everywhere("/admin/{_rest:path}"))
async def nowhere(scope: Scope) -> Response[bytes]:
    """Any other page: there is none."""
    return notice("elsewhere", of(scope))
