"""A house at a SAML identity provider with which sign-outs travel both ways, and people who sign on there."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2

from tests.peers.saml import ADA, IdentityProvider, Pair
from tests.served import Served, served

US = Pair()


@asynccontextmanager
async def logout_house(
    database_url: str,
    data: Path,
    idp: IdentityProvider,
    *,
    at: Callable[[str], str] = str,
    **more: str,
) -> AsyncIterator[Served]:
    """The house, called what `at` makes of its address; `more` are further words after AUTH_OP_."""
    settings = {
        "DRIVER": "saml", "IDP_metadata": idp.metadata, "SP_PRIVATE_KEY": US.key_pem,
        "SP_CERTIFICATE": US.certificate_pem, "VERIFIED_DOMAINS": "example.com",
        "ALLOW_PUBLIC_REGISTRATION": "true", **more,
    }  # fmt: skip
    told = {f"AUTH_OP_{key}": text for key, text in settings.items()}
    async with served(
        database_url, data, lambda url: {"PUBLIC_URL": at(url), "AUTH_PROVIDERS": "op", **told}
    ) as house:
        yield house


def here(house: Served) -> str:
    """The address of ours that takes sign-outs."""
    return f"{house.url}/auth/login/op/logout"


async def come_in(
    house: Served, idp: IdentityProvider, session: str, person: dict[str, Any] = ADA
) -> dict[str, str]:
    """The tokens of somebody who signs on in the provider's session of this index."""
    acs = f"{house.url}/auth/login/op/acs"
    async with house.client() as browser:
        sent = await browser.get("/auth/login/op")
        form = idp.answer(
            sent.headers["location"], person, recipient=acs, destination=acs, sessionIndex=session,
            audience=f"{house.url}/auth/login/op/metadata",
        )  # fmt: skip
        posted = await browser.post("/auth/login/op/acs", data=form.fields)
        answer = await browser.get(posted.headers["location"])
    assert answer.status_code == 200, answer.text
    tokens: dict[str, str] = answer.json()["data"]
    return tokens


async def elsewhere(method: str, url: str, **more: Any) -> httpx2.Response:
    """One step of a browser at the identity provider."""
    async with httpx2.AsyncClient(trust_env=False, timeout=60, verify=False) as browser:
        return await browser.request(method, url, **more)
