"""Cookies: the documented ones under their names, our own behind `__Host-`; all HttpOnly, Lax and for `/`."""

from service.api.calls import Call
from service.api.origins import origin
from service.users.problems import Forbidden

REFRESH = "directus_refresh_token"
SESSION = "directus_session_token"


def bake(call: Call, name: str, value: str, *, seconds: int) -> tuple[str, str]:
    """A Set-Cookie header; zero seconds take the cookie away. No Domain: it is for this host alone."""
    parts = [f"{name}={value}", f"Max-Age={seconds}", "Path=/", "HttpOnly", "SameSite=Lax"]
    if call.house.terms.secure:
        parts.append("Secure")
    return "set-cookie", "; ".join(parts)


def own(call: Call, name: str) -> str:
    """Our own cookie's name; browsers take `__Host-` from a secure origin only (RFC 6265bis, 4.1.3.2)."""
    return f"__Host-{name}" if call.house.terms.secure else name


def same_site(call: Call) -> None:
    """Refuses a cookie that another site's page made the browser send (ASVS 5.0 V3.5.1)."""
    page, site = call.header(b"origin"), call.header(b"sec-fetch-site")
    if page in call.house.terms.cors_origins:
        return
    if site in (None, "same-origin", "none") and page in (None, origin(call.house.terms.public_url)):
        return
    raise Forbidden
