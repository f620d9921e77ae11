"""What people take home from a sign-on in the 8 generation: a request token in the address, or a cookie."""

from collections.abc import Sequence
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from litestar.response.base import ASGIResponse

from service.api import answers
from service.api.calls import Call
from service.api.eight import credentials, public, request_tokens
from service.api.landing import CODE, Home, with_reason
from service.api.owing import owe
from service.dialects import problems as table
from service.users.problems import FactorHere, Problem
from service.users.sessions import Opened
from service.users.sign_on import Owing


class Landing8:
    """In mode `jwt` a token, in any other the cookie of the session."""

    at = "/auth/sso"
    asks_at = "/auth/sso/{name}/password"
    leads_at = "/auth/sso/{name}/onward"

    async def ended(self, call: Call, opened: Opened, home: Home) -> ASGIResponse:
        """The token as JSON; or off to `redirect`, with a request token for it or with the cookie."""
        if home.mode != "jwt":
            cookie = await credentials.kept(call, opened)
            if home.redirect is None:
                return public.done(*home.gone, cookie)
            return answers.away(home.redirect, cookie, *home.gone)
        if home.redirect is None:
            told = {"token": await credentials.token(call, opened)}
            return public.tell(told, headers=home.gone)
        request_token = await request_tokens.make(call, opened, home.redirect)
        return answers.away(_with(home.redirect, request_token=request_token), *home.gone)

    async def owing(self, call: Call, provider: str, outcome: Owing, home: Home) -> ASGIResponse:
        """Off to the page that asks for it; where no page of ours can lead home, they sign in with their
        password, as documented."""
        if home.redirect is None or home.mode == "jwt":
            return self.refused(call, FactorHere(), home)
        owed = await owe(call, outcome.user, provider, home.redirect, outcome.bond)
        return answers.away(call.page(CODE), *home.gone, owed)

    def refused(self, call: Call, problem: Problem, home: Home, *, cause: str = "") -> ASGIResponse:
        """The refusal as JSON, or off to `redirect` with its documented code; to a page of ours with the
        words that those know."""
        if home.redirect is None:
            return answers.refusal(problem, call, headers=home.gone)
        if home.redirect.startswith(call.page("/admin/")):
            return answers.away(with_reason(home.redirect, problem, cause), *home.gone)
        cell, _, _ = table.told(call.generation.problem(problem, call), call.generation.language, "", "")
        return answers.away(_with(home.redirect, error="1", code=str(cell.code)), *home.gone)

    async def keep(self, call: Call, opened: Opened, mode: str) -> tuple[str, str]:
        """The one cookie that there is."""
        return await credentials.kept(call, opened)

    def names(self, call: Call) -> Sequence[str]:
        """Its name, which is the project's own."""
        return (call.generation.cookie(call),)


def _with(url: str, **more: str) -> str:
    """The address with more parameters, in the place of those of the same name."""
    parts = urlsplit(url)
    kept = [
        (name, value) for name, value in parse_qsl(parts.query, keep_blank_values=True) if name not in more
    ]
    return urlunsplit(parts._replace(query=urlencode([*kept, *more.items()])))
