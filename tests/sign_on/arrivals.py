"""A person who signs on at the real provider, step by step or all at once."""

from urllib.parse import parse_qsl, urlsplit

from providers.contract import Departure, Identity, Prompt, Provider
from tests.sign_on.browser import CALLBACK, Browser


def query_of(url: str) -> dict[str, str]:
    """The query of an address, as a provider wants it."""
    return dict(parse_qsl(urlsplit(url).query, keep_blank_values=True))


async def go(
    provider: Provider, login: str, *, deny: bool = False, prompt: Prompt | None = None
) -> tuple[Departure, dict[str, str]]:
    """Depart, sign on as `login`, and come back with a query."""
    departure = await provider.depart(CALLBACK, prompt=prompt)
    async with Browser() as browser:
        back = await browser.sign_on(departure.url, login=login, stop_at=CALLBACK, deny=deny)
    return departure, query_of(back)


async def sign_on(provider: Provider, login: str, *, prompt: Prompt | None = None) -> Identity:
    """Depart, sign on as `login`, and arrive."""
    departure, query = await go(provider, login, prompt=prompt)
    return await provider.arrive(query, departure.memory)
