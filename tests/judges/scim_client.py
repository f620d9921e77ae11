"""An identity provider's client over real HTTP, every answer of which is read by scim2-models too."""

from typing import Any

import httpx2
from scim2_models import (
    Context,
    EnterpriseUser,
    Error,
    ListResponse,
    Resource,
    ResourceType,
    Schema,
    ServiceProviderConfig,
    User,
)

from tests.served import Served

CORE = "urn:ietf:params:scim:schemas:core:2.0:User"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
PATCH_OP = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
MEDIA = "application/scim+json"

_DISCOVERY: dict[str, type[Resource[Any]]] = {
    "ServiceProviderConfig": ServiceProviderConfig,
    "Schemas": Schema,
    "ResourceTypes": ResourceType,
}
_CONTEXTS = {
    "GET": Context.RESOURCE_QUERY_RESPONSE,
    "POST": Context.RESOURCE_CREATION_RESPONSE,
    "PUT": Context.RESOURCE_REPLACEMENT_RESPONSE,
    "PATCH": Context.RESOURCE_PATCH_RESPONSE,
}


def judge(method: str, path: str, answer: httpx2.Response) -> None:
    """What every answer of a SCIM service has to be; names that no schema has are refused by the models."""
    if answer.status_code in (204, 304):
        assert answer.content == b""
        return
    assert answer.headers["content-type"].partition(";")[0] == MEDIA
    body = answer.json()
    if answer.status_code >= 400:
        error = Error.model_validate(body)
        assert error.status == answer.status_code
        assert isinstance(body["status"], str)
        assert error.detail
        return
    kind = path.strip("/").partition("/")[0].partition("?")[0]
    model: Any = _DISCOVERY.get(kind, User[EnterpriseUser])
    if body["schemas"] == ["urn:ietf:params:scim:api:messages:2.0:ListResponse"]:
        listed = ListResponse[model].model_validate(body, scim_ctx=Context.RESOURCE_QUERY_RESPONSE)
        assert all(type(body[name]) is int for name in ("totalResults", "startIndex", "itemsPerPage"))
        assert listed.items_per_page == len(body["Resources"])
        return
    model.model_validate(body, scim_ctx=_CONTEXTS[method])
    if model is User[EnterpriseUser] and "meta" in body:
        assert answer.headers["location"] == answer.headers["content-location"] == body["meta"]["location"]
        assert answer.headers["etag"] == body["meta"]["version"]


class Client:
    """Asks one house with the token of a connection."""

    def __init__(self, house: Served, token: str) -> None:
        self.house, self.token = house, token

    @classmethod
    async def of(cls, house: Served, provider: str, **settings: Any) -> "Client":
        """A client of a new connection."""
        return cls(house, await house.scim_token(provider, **settings))

    async def ask(self, method: str, path: str, body: object = None, **more: Any) -> httpx2.Response:
        """One request below /scim/v2."""
        if body is not None:
            more["headers"] = {"content-type": MEDIA, **more.get("headers", {})}
        answer = await self.house.ask(method, f"/scim/v2{path}", body, token=self.token, **more)
        judge(method, path, answer)
        return answer

    async def get(self, path: str, **parameters: object) -> Any:
        """What is answered to a GET that succeeds."""
        answer = await self.ask("GET", path, **({"params": parameters} if parameters else {}))
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def find(self, text: str) -> list[Any]:
        """The resources that a filter finds."""
        found = await self.get("/Users", filter=text)
        assert found["totalResults"] == len(found["Resources"])
        return list(found["Resources"])

    async def add(self, body: object) -> Any:
        """The resource of a user who was made of a body."""
        answer = await self.ask("POST", "/Users", body)
        assert answer.status_code == 201, answer.text
        return answer.json()

    async def patch(self, key: str, *operations: object, **more: Any) -> httpx2.Response:
        """The answer to these operations."""
        body = {"schemas": [PATCH_OP], "Operations": list(operations)}
        return await self.ask("PATCH", f"/Users/{key}", body, **more)

    async def patched(self, key: str, *operations: object) -> Any:
        """The resource after operations that succeed."""
        answer = await self.patch(key, *operations)
        assert answer.status_code == 200, answer.text
        assert answer.json() == await self.get(f"/Users/{key}")
        return answer.json()

    async def row(self, key: str) -> dict[str, Any]:
        """The user as REST clients see it."""
        answer = await self.house.ask("GET", f"/users/{key}")
        found: dict[str, Any] = answer.json()["data"]
        return found


def bare(resource: dict[str, Any]) -> dict[str, Any]:
    """A resource without what the service says of it."""
    return {name: value for name, value in resource.items() if name not in ("id", "meta")}
