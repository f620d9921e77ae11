"""Where a sign-on ends: the addresses that it may lead to, and what the browser takes there."""

from collections.abc import Mapping, Sequence
from typing import Final, Protocol
from urllib.parse import urlencode, urljoin, urlsplit, urlunsplit

import msgspec
from litestar.response.base import ASGIResponse

from service.api import answers, cookies
from service.api.auth import credential, tokens
from service.api.calls import Call
from service.api.listed_urls import is_listed
from service.api.origins import origin
from service.api.owing import owe
from service.dialects import problems as table
from service.users.problems import BadPayload, Problem, WrongOtp
from service.users.sessions import Opened
from service.users.sign_on import Owing

CODE: Final = "/admin/login/code"  # the page that asks for the code of a second factor


class Home(msgspec.Struct, frozen=True):
    """The way home of one sign-on: `redirect`, or None for an answer in JSON; in which form the credential
    is taken along; the headers that take the cookie of the departure away."""

    redirect: str | None
    mode: str
    gone: answers.Headers = ()


class Landing(Protocol):
    """What a generation gives whoever is back from a provider; `at` is what the paths of its sign-on begin
    with, `asks_at` the page that asks for the password of a directory, `leads_at` the one that leads on to a
    provider by a form."""

    at: str
    asks_at: str
    leads_at: str

    async def ended(self, call: Call, opened: Opened, home: Home) -> ASGIResponse:
        """They are in."""

    async def owing(self, call: Call, provider: str, outcome: Owing, home: Home) -> ASGIResponse:
        """They owe the code of their second factor."""

    def refused(self, call: Call, problem: Problem, home: Home, *, cause: str = "") -> ASGIResponse:
        """They are not let in. `cause` is for a person whom the provider has proven, and nobody else."""

    async def keep(self, call: Call, opened: Opened, mode: str) -> tuple[str, str]:
        """The cookie that keeps a session in the browser of somebody who signed in on a page of ours."""

    def names(self, call: Call) -> Sequence[str]:
        """What the cookies are called that may keep one."""


class Landing10:
    """Tokens as JSON, or a cookie; the second factor's page; the documented `reason` behind a `?`."""

    at = "/auth/login"
    asks_at = "/admin/login/with/{name}"
    leads_at = "/admin/onward/{name}"

    async def ended(self, call: Call, opened: Opened, home: Home) -> ASGIResponse:
        """Tokens as JSON, or off to `redirect` with the cookie of the mode."""
        if home.redirect is None:
            return tokens(call, opened, headers=home.gone)
        return answers.away(home.redirect, credential(call, opened, home.mode), *home.gone)

    async def owing(self, call: Call, provider: str, outcome: Owing, home: Home) -> ASGIResponse:
        """The question for the code, or off to the page that asks for it."""
        owed = await owe(call, outcome.user, provider, home.redirect, outcome.bond)
        if home.redirect is None:
            return answers.refusal(WrongOtp(), call, headers=[*home.gone, owed])
        return answers.away(call.page(CODE), *home.gone, owed)

    def refused(self, call: Call, problem: Problem, home: Home, *, cause: str = "") -> ASGIResponse:
        """The refusal as JSON, or off to `redirect` with its code as `reason`, and our word beside it."""
        if home.redirect is None:
            return answers.refusal(problem, call, headers=home.gone)
        return answers.away(with_reason(home.redirect, problem, cause), *home.gone)

    async def keep(self, call: Call, opened: Opened, mode: str) -> tuple[str, str]:
        """The refresh token, or in mode `session` the whole credential."""
        return credential(call, opened, mode)

    def names(self, call: Call) -> Sequence[str]:
        """One for each of those."""
        return cookies.REFRESH, cookies.SESSION


def with_reason(redirect: str, problem: Problem, cause: str) -> str:
    """The address with the code of the refusal as `reason`, and our word beside it, in place of its query."""
    cell, _, _ = table.told(problem, "rest10", "", "")
    told: Mapping[str, str] = {"reason": str(cell.code)} | ({"cause": cause} if cause else {})
    parts = urlsplit(redirect)
    return urlunsplit((parts.scheme, parts.netloc, parts.path, urlencode(told), ""))


def landing(call: Call, listed: Sequence[str], wanted: str, *, after: str = "login") -> str:
    """Where the browser goes in the end, as an absolute URL: our own host, or one that is listed, exactly."""
    home = call.house.terms.public_url
    target = _joined(home, wanted)
    ours = origin(target) == origin(home) and not wanted.startswith("//")
    if not ours and not is_listed(target, listed):
        raise BadPayload(f'URL "{wanted[:255]}" can\'t be used to redirect after {after}')
    return target


def _joined(home: str, wanted: str) -> str:
    """An address as an absolute URL; empty where it is none, or browsers may read another than we do."""
    if any(ord(letter) <= 32 or letter == "\\" for letter in wanted) or len(wanted) > 2048:
        return ""
    try:
        return urljoin(home + "/", wanted)
    except ValueError:
        return ""
