"""One sheet: a template filled in, whole in itself, under a policy that lets nothing else in."""

from base64 import b64encode
from collections.abc import Mapping
from functools import lru_cache, partial
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple
from urllib.parse import quote, urlsplit

from litestar import Response
from markupsafe import Markup

from mail.catalogue import catalogue, direction, in_words
from mail.letterhead import PLAIN, Letterhead, paint
from mail.sheets import calm
from service.api.calls import Call
from service.api.house import Terms
from service.letters import heads
from service.pages.tongue import PAGES, tongue

if TYPE_CHECKING:
    from jinja2 import Environment

_TEMPLATES: Final = Path(__file__).with_name("templates")
_STYLE: Final = (_TEMPLATES / "style.css").read_text("utf-8")
PASSKEYS: Final = (_TEMPLATES / "passkeys.js").read_text("utf-8")  # the two scripts of our pages
ONWARD: Final = (_TEMPLATES / "onward.js").read_text("utf-8")
_ICON: Final = "data:image/svg+xml," + quote(
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="8"'
    ' fill="#3a47c4"/><path d="M6 21h20M9 21v-4a7 7 0 0 1 14 0v4M16 10v11" fill="none" stroke="#fff"'
    ' stroke-width="2.4" stroke-linecap="round"/></svg>'
)

_HEADERS: Final[Mapping[str, str]] = {
    "cross-origin-opener-policy": "same-origin",
    "cache-control": "no-store",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
}


class Dress(NamedTuple):
    """How a project's pages look: `title` is as somebody wrote it."""

    title: str | None = None
    head: Letterhead = PLAIN


async def dress(call: Call, project: str | None = None) -> Dress:
    """The dress of a project, of the path's when none is named."""
    return Dress(*await call.house.database.read(heads.find, project or call.project))


def sheet(
    template: str,
    call: Call,
    dressed: Dress = Dress(),  # noqa: B008  # a tuple, which nobody can change
    *,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
    leads_to: str = "",
    script: str = "",
    **values: object,
) -> Response[bytes]:
    """Fill in `templates/{template}.html` in the person's language.

    `leads_to` is an origin elsewhere to which the answer of the page's form may send the browser; `script`
    one of ours, for what no form can do.
    """
    language, style = tongue(call), _style(dressed.head.colour)
    page = _environment(language).get_template(f"{template}.html")
    own = {
        "content-security-policy": _policy(style, leads_to, script),
        "content-language": language,
        "vary": "accept-language",
    }
    return Response(
        page.render(values, **_frame(call, dressed, language, style, script)).encode(),
        status_code=status,
        media_type="text/html",
        headers={**_HEADERS, **own, **(headers or {})},
    )


def _frame(call: Call, dressed: Dress, language: str, style: str, script: str) -> dict[str, object]:
    """What the layout around every page asks for; `base` is what the paths of the project's pages begin with,
    `root` those that all projects share."""
    terms, root = call.house.terms, base(call.house.terms)
    return {
        "style": Markup(style),  # noqa: S704  # our own file; escaped, its quotes would change the hash
        "script": Markup(script),  # noqa: S704  # as the style
        "icon": _ICON,
        "logo": _picture(dressed.head),
        "base": root + call.prefix,
        "root": root,
        "place": terms.place,
        "project": calm(dressed.title) or terms.place,
        "lang": language,
        "dir": direction(language),
    }


@lru_cache(maxsize=64)
def _style(colour: str | None) -> str:
    """The style, with a project's own colour where it has one."""
    if colour is None:
        return _STYLE
    own = paint(colour)
    light = f"--accent: {own.light}; --accent-deep: {own.light}; --on-accent: {own.on_light};"
    dark = f"--accent: {own.dark}; --accent-deep: {own.dark}; --on-accent: {own.on_dark};"
    return f"{_STYLE}:root {{ {light} }}\n@media (prefers-color-scheme: dark) {{ :root {{ {dark} }} }}\n"


@lru_cache(maxsize=64)
def _policy(style: str, leads_to: str, script: str) -> str:
    # The style travels inside the page, known by its hash: no second request, so no second place for the
    # address of the page, which holds a token, to turn up (CSP Level 3, 6.7.3.2). So does a script.
    run = (f"script-src {_hash(script)}", "connect-src 'self'") if script else ()
    return "; ".join(
        (
            "default-src 'none'",
            f"style-src {_hash(style)}",
            *run,
            "img-src data:",
            f"form-action 'self' {leads_to}".rstrip(),
            "frame-ancestors 'none'",
            "base-uri 'none'",
        )
    )


def _hash(text: str) -> str:
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"


def _picture(head: Letterhead) -> str | None:
    if head.logo is None:
        return None
    return f"data:{head.logo_type};base64,{b64encode(head.logo).decode()}"


def away(
    path: str, call: Call, cookie: tuple[str, str] | None = None, *, url: str | None = None
) -> Response[bytes]:
    """303: the next page is got, whatever brought the person here (RFC 9110 section 15.4.4).

    It is the path of a page of the project's, unless there is a `url`.
    """
    there = url or base(call.house.terms) + call.prefix + path
    gone = Response(b"", status_code=303, media_type="text/html", headers={"location": there})
    if cookie is not None:
        gone.set_header(*cookie)
    return gone


def base(terms: Terms) -> str:
    """What our paths begin with where the service stands below a path of its host; mostly nothing."""
    return urlsplit(terms.public_url).path


@lru_cache(maxsize=32)
def _environment(language: str) -> "Environment":
    from jinja2 import Environment, FileSystemLoader, StrictUndefined  # by the first page

    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    words = catalogue(PAGES, language)
    environment.install_gettext_translations(words, newstyle=True)  # type: ignore[attr-defined]  # the extension's
    environment.filters["in_words"] = partial(in_words, language=language)
    environment.filters["strong"] = Markup("<strong>{}</strong>").format
    return environment
