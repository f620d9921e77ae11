"""Pages of other origins that may call us from a browser: those of CORS_ORIGIN (Fetch, "CORS protocol")."""

from typing import Final

from litestar.response.base import ASGIResponse

from service.api.calls import Call

Headers = list[tuple[bytes, bytes]]

_PAGES: Final = "/admin"  # what people see is for our own pages alone
_READ: Final = b"content-disposition, etag, location, retry-after, x-request-id"

# What a page may send, as a browser asks beforehand; Chromium remembers that for two hours at most.
PREFLIGHT: Final = ASGIResponse(
    status_code=204,
    headers={
        "access-control-allow-methods": "DELETE, GET, HEAD, PATCH, POST, PUT, SEARCH",
        "access-control-allow-headers": "authorization, cache-control, content-type, if-match, if-none-match,"
        " prefer, x-request-id",
        "access-control-max-age": "7200",
    },
)


def allowed(call: Call) -> Headers:
    """What lets the page that asks read the answer. Whoever keeps answers must know that they differ."""
    origin = call.header(b"origin")
    told = [(b"vary", b"Origin")]
    if origin in call.house.terms.cors_origins and not call.path.startswith(_PAGES):
        told += [
            (b"access-control-allow-origin", origin.encode()),
            (b"access-control-allow-credentials", b"true"),
            (b"access-control-expose-headers", _READ),
        ]
    return told


def asks(call: Call, told: Headers) -> bool:
    """Whether a browser asks, for a page that may, if it may send what no form could."""
    is_asked = call.method == "OPTIONS" and call.header(b"access-control-request-method") is not None
    return is_asked and len(told) > 1
