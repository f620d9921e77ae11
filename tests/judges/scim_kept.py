"""A connection with one user, and a look at whether they are still as they were."""

from typing import Any

from tests.judges.scim_client import CORE, MEDIA, Client
from tests.served import Served

USER: dict[str, Any] = {"schemas": [CORE], "userName": "anna@x.org", "externalId": "1", "nickName": "An"}


class Kept:
    """A connection with one user, and what must still be so afterwards."""

    def __init__(self, client: Client, before: Any) -> None:
        self.client, self.before, self.key = client, before, before["id"]

    @classmethod
    async def of(cls, house: Served, **settings: Any) -> "Kept":
        client = await Client.of(house, "okta", **settings)
        return cls(client, await client.add(USER))

    async def send(self, method: str, path: str, raw: bytes, media: str = MEDIA) -> Any:
        """The refusal of a body, given as it goes over the wire."""
        answer = await self.client.ask(method, path, content=raw, headers={"content-type": media})
        assert 400 <= answer.status_code < 500, (method, raw[:80], answer.text)
        for word in ("Traceback", "sqlite", "asyncpg", "SELECT", "INSERT", "msgspec"):
            assert word not in answer.text
        return answer

    async def everywhere(self, raw: bytes, media: str = MEDIA) -> list[Any]:
        """The refusals of all addresses that take a body."""
        places = (
            ("POST", "/Users"),
            ("PUT", f"/Users/{self.key}"),
            ("PATCH", f"/Users/{self.key}"),
            ("POST", "/.search"),
        )
        return [await self.send(method, path, raw, media) for method, path in places]

    async def check(self) -> None:
        """The user is as they were, and nobody has joined them."""
        assert await self.client.get(f"/Users/{self.key}") == self.before
        assert (await self.client.get("/Users"))["totalResults"] == 1
