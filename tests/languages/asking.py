"""Lists of users asked for over REST."""

import json
from typing import Any
from urllib.parse import quote

from tests.served import Served


async def ask(house: Served, token: str | None = "", **parameters: object) -> Any:
    """The users that these parameters ask for; what is no text goes as JSON."""
    query = "&".join(
        f"{name}={quote(value if isinstance(value, str) else json.dumps(value))}"
        for name, value in parameters.items()
    )
    answer = await house.ask("GET", f"/users?{query}", token=token)
    assert answer.status_code == 200, answer.text
    return answer.json()["data"]
