"""One sheet: a template filled in, whole in itself, under a policy that lets nothing else in."""

from base64 import b64encode
from collections.abc import Mapping
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Final
from urllib.parse import quote, urlsplit

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from litestar import Response
from markupsafe import Markup

from mail.message import calm, in_words
from service.api.house import Terms

_TEMPLATES: Final = Path(__file__).with_name("templates")
_STYLE: Final = (_TEMPLATES / "style.css").read_text("utf-8")
_ICON: Final = "data:image/svg+xml," + quote(
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="8"'
    ' fill="#3a47c4"/><path d="M6 21h20M9 21v-4a7 7 0 0 1 14 0v4M16 10v11" fill="none" stroke="#fff"'
    ' stroke-width="2.4" stroke-linecap="round"/></svg>'
)

# The style travels inside the page, known by its hash: no second request, so no second place for the address
# of the page, which holds a token, to turn up (CSP Level 3, 6.7.3.2).
_POLICY: Final = "; ".join(
    (
        "default-src 'none'",
        f"style-src 'sha256-{b64encode(sha256(_STYLE.encode()).digest()).decode()}'",
        "img-src data:",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
    )
)
_HEADERS: Final[Mapping[str, str]] = {
    "cross-origin-opener-policy": "same-origin",
    "cache-control": "no-store",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
}


def sheet(
    template: str,
    terms: Terms,
    title: str | None,
    *,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
    leads_to: str = "",
    **values: object,
) -> Response[bytes]:
    """Fill in `templates/{template}.html`; `title` is the project's, as somebody wrote it.

    `leads_to` is an origin elsewhere to which the answer of the page's form may send the browser.
    """
    text = (
        _environment()
        .get_template(f"{template}.html")
        .render(
            values,
            style=Markup(_STYLE),  # noqa: S704  # our own file; escaped, its quotes would change the hash
            icon=_ICON,
            base=base(terms),
            place=place(terms),
            project=calm(title) or place(terms),
        )
    )
    return Response(
        text.encode(),
        status_code=status,
        media_type="text/html",
        headers={
            "content-security-policy": _POLICY.replace("'self'", f"'self' {leads_to}".rstrip()),
            **_HEADERS,
            **(headers or {}),
        },
    )


def away(path: str, terms: Terms, *cookies: tuple[str, str], url: str | None = None) -> Response[bytes]:
    """303: the next page is got, whatever brought the person here (RFC 9110 section 15.4.4).

    It is the path of ours, unless there is a `url`.
    """
    gone = Response(
        b"", status_code=303, media_type="text/html", headers={"location": url or base(terms) + path}
    )
    for name, value in cookies:
        gone.set_header(name, value)
    return gone


def base(terms: Terms) -> str:
    """What our paths begin with where the service stands below a path of its host; mostly nothing."""
    return urlsplit(terms.public_url).path


def place(terms: Terms) -> str:
    """Our host, as people see it in the address bar."""
    return urlsplit(terms.public_url).netloc


@lru_cache(maxsize=1)
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["in_words"] = in_words
    return environment
