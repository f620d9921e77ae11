"""A browser: keeps cookies, follows redirects, fills in the forms of the OpenID provider."""

from html.parser import HTMLParser
from types import TracebackType
from typing import Self
from urllib.parse import urljoin

import httpx2

CALLBACK = "http://127.0.0.1:8055/auth/login/op/callback"  # where no test ever listens
STEPS = 30  # redirects and forms on the way; more is a circle


class Page(HTMLParser):
    """The first form of a page, and the link that cancels it."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.action: str | None = None
        self.fields: dict[str, str] = {}
        self.abort = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form" and self.action is None:
            self.action = given.get("action", "")
        elif tag == "input" and "name" in given:
            self.fields[given["name"]] = given.get("value", "")
        elif tag == "a" and given.get("href", "").endswith("/abort"):
            self.abort = given["href"]


class Browser:
    """One person's browser, used with `async with`."""

    def __init__(self) -> None:
        self.http = httpx2.AsyncClient(trust_env=False, follow_redirects=False, timeout=60, verify=False)
        self.seen: list[str] = []  # every address visited, in order

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, where: TracebackType | None
    ) -> None:
        await self.http.aclose()

    async def visit(self, url: str, *, login: str, deny: bool = False) -> httpx2.Response:
        """Go to `url` and on, signing on, until something is neither a redirect nor the provider's form.

        With `deny` the person cancels at the first form instead.
        """
        response = await self._go(url, login, deny, stop_at=None)
        assert isinstance(response, httpx2.Response)
        return response

    async def sign_on(self, url: str, *, login: str, stop_at: str, deny: bool = False) -> str:
        """The address, beginning with `stop_at`, that the browser is sent to in the end; not visited."""
        address = await self._go(url, login, deny, stop_at)
        assert isinstance(address, str), f"no redirect to {stop_at}: {address} {address.text[:500]}"
        return address

    async def _go(self, url: str, login: str, deny: bool, stop_at: str | None) -> httpx2.Response | str:
        response = await self._send("GET", url)
        for _ in range(STEPS):
            if response.is_redirect:
                url = urljoin(str(response.url), response.headers["Location"])
                if stop_at is not None and url.startswith(stop_at):
                    return url
                response = await self._send("GET", url)
                continue
            page = Page(response.text if "html" in response.headers.get("Content-Type", "") else "")
            if page.action is None or page.fields.get("prompt") not in {"login", "consent"}:
                return response
            if deny:
                response = await self._send("GET", urljoin(str(response.url), page.abort))
            else:
                answers = {"login": login, "password": "any will do"}
                fields = {name: answers.get(name, value) for name, value in page.fields.items()}
                response = await self._send("POST", urljoin(str(response.url), page.action), fields)
        raise AssertionError(f"going in circles: {self.seen}")

    async def _send(self, method: str, url: str, fields: dict[str, str] | None = None) -> httpx2.Response:
        self.seen.append(url)
        return await self.http.request(method, url, data=fields)
