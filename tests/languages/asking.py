"""Users and what belongs to them, asked for over REST."""

import asyncio
import json
from typing import Any
from urllib.parse import quote

from tests.served import Served


async def read(house: Served, path: str, token: str | None = "", **parameters: object) -> Any:
    """What an address answers to these parameters; what is no text goes as JSON."""
    query = "&".join(
        f"{name}={quote(value if isinstance(value, str) else json.dumps(value))}"
        for name, value in parameters.items()
    )
    answer = await house.ask("GET", f"{path}?{query}", token=token)
    assert answer.status_code == 200, answer.text
    return answer.json()["data"]


async def ask(house: Served, token: str | None = "", **parameters: object) -> Any:
    """The users that these parameters ask for."""
    return await read(house, "/users", token, **parameters)


async def was_here(house: Served, path: str, since: str = "") -> None:
    """Wait until a visit after that moment shows at a user's address: it is noted behind its answer."""
    seen = ""
    async with asyncio.timeout(30):
        while seen <= since:  # the server does not know that somebody waits
            await asyncio.sleep(0.01)
            seen = (await house.ask("GET", path)).json()["data"]["last_access"] or ""
