"""Where a sign-on ends: the addresses that it may lead to, and what the browser takes there."""

from collections.abc import Mapping, Sequence
from urllib.parse import urlencode, urljoin, urlsplit, urlunsplit

from litestar.response.base import ASGIResponse

from service.api import answers, cookies
from service.api.auth import issued, tokens
from service.api.calls import Call
from service.api.invitations import allowed
from service.dialects import problems as table
from service.users.problems import BadPayload, Problem
from service.users.sessions import Opened


def landing(call: Call, listed: Sequence[str], wanted: str, *, after: str = "login") -> str:
    """Where the browser goes in the end, as an absolute URL: our own host, or one that is listed, exactly."""
    home = call.house.terms.public_url
    hostile = any(ord(letter) <= 32 or letter == "\\" for letter in wanted) or len(wanted) > 2048
    target = urljoin(home + "/", wanted)
    parts = urlsplit(target)
    ours = (parts.scheme, parts.netloc) == urlsplit(home)[:2] and not wanted.startswith("//")
    if hostile or not (ours or allowed(target, tuple(listed))):
        raise BadPayload(f'URL "{wanted[:255]}" can\'t be used to redirect after {after}')
    return target


def ended(
    call: Call, opened: Opened, mode: str, redirect: str | None, *gone: tuple[str, str]
) -> ASGIResponse:
    """The answer of a sign-on: tokens as JSON, or off to `redirect` with the cookie of `mode`."""
    if redirect is None:
        return tokens(call, opened, headers=gone)
    return answers.away(redirect, credential(call, opened, mode), *gone)


def credential(call: Call, opened: Opened, mode: str) -> tuple[str, str]:
    """The cookie that a session is kept in; in mode `session` it is the whole credential."""
    terms = call.house.terms
    if mode == "session":
        issue = issued(call, opened, terms.session_ttl)
        return cookies.bake(call, cookies.SESSION, str(issue["access_token"]), seconds=terms.session_ttl)
    return cookies.bake(call, cookies.REFRESH, opened.refresh_token, seconds=terms.refresh_ttl)


def refused(
    call: Call, redirect: str | None, problem: Problem, *gone: tuple[str, str], cause: str = ""
) -> ASGIResponse:
    """The refusal as JSON, or off to `redirect` with its code as the documented `reason`.

    `cause` is a word of ours beside it, for a person whom the provider has proven and nobody else.
    """
    if redirect is None:
        return answers.refusal(problem, call, headers=gone)
    cell, _, _ = table.told(problem, "rest10", "", "")
    told: Mapping[str, str] = {"reason": str(cell.code)} | ({"cause": cause} if cause else {})
    parts = urlsplit(redirect)
    return answers.away(urlunsplit((parts.scheme, parts.netloc, parts.path, urlencode(told), "")), *gone)
