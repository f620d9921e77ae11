"""The four languages as pens and glasses: each writes a user's attributes and reads them back, by our names.

Words come from the field table, so an attribute that gets a word in one more language is compared in it.
"""

from collections.abc import Mapping
from typing import Any, Protocol

from service.dialects import dialect
from service.dialects.fields import Language
from tests.languages.graph import data
from tests.served import Served

USERS = "directus_users"
SCHEMA = "urn:ietf:params:scim:schemas:core:2.0:User"
PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
Values = dict[str, Any]


class Tongue(Protocol):
    """One language; people are found by their e-mail."""

    language: Language

    async def make(self, values: Mapping[str, Any]) -> None: ...
    async def change(self, email: str, values: Mapping[str, Any]) -> None: ...
    async def read(self, email: str) -> Values: ...


def known(language: Language, names: Mapping[str, Any]) -> frozenset[str]:
    """Those of our names that a language has a word for."""
    fields = dialect.words(language, USERS).values()
    return frozenset(field.name for field in fields if field.alias_of is None) & names.keys()


def said(language: Language, values: Mapping[str, Any]) -> Values:
    """The values under the language's words, where it has any."""
    body: Values = {}
    for word, field in dialect.words(language, USERS).items():
        if field.name in values and field.alias_of is None:
            load = field.cells[language].load
            body[word] = load(values[field.name]) if load else values[field.name]
    return body


def heard(language: Language, body: Mapping[str, Any], names: Mapping[str, Any]) -> Values:
    """What a body of the language says of those attributes."""
    fields = dialect.words(language, USERS).items()
    return {field.name: body[word] for word, field in fields if field.name in names and word in body}


class Rest:
    """A REST generation under its prefix."""

    def __init__(self, house: Served, language: Language, prefix: str, equals: str) -> None:
        self.language, self._house = language, house
        self._users, self._equals = f"{prefix}/users", equals

    async def _find(self, email: str) -> Values:
        found = await self._house.ask("GET", self._users, params={f"filter[email][{self._equals}]": email})
        (user,) = found.json()["data"]
        assert isinstance(user, dict)
        return user

    async def make(self, values: Mapping[str, Any]) -> None:
        answer = await self._house.ask("POST", self._users, said(self.language, values))
        assert answer.status_code == 200, answer.text

    async def change(self, email: str, values: Mapping[str, Any]) -> None:
        path = f"{self._users}/{(await self._find(email))['id']}"
        answer = await self._house.ask("PATCH", path, said(self.language, values))
        assert answer.status_code == 200, answer.text

    async def read(self, email: str) -> Values:
        return await self._find(email)


class GraphQL:
    """`/graphql/system`."""

    language: Language = "graphql"

    def __init__(self, house: Served) -> None:
        self._house = house

    async def make(self, values: Mapping[str, Any]) -> None:
        text = "mutation ($data: create_directus_users_input!) { create_users_item(data: $data) { id } }"
        await data(self._house, text, {"data": said("graphql", values)})

    async def change(self, email: str, values: Mapping[str, Any]) -> None:
        text = (
            "mutation ($id: ID!, $data: update_directus_users_input!)"
            " { update_users_item(id: $id, data: $data) { id } }"
        )
        await data(self._house, text, {"id": (await self.read(email))["id"], "data": said("graphql", values)})

    async def read(self, email: str) -> Values:
        words = [word for word in dialect.readable("graphql", USERS) if word not in ("avatar", "role")]
        text = f"query ($email: String) {{ users(filter: {{email: {{_eq: $email}}}}) {{ {' '.join(words)} role }} }}"
        (user,) = (await data(self._house, text, {"email": email}))["users"]
        assert isinstance(user, dict)
        return user


class Scim:
    """A connection that adopts whom nobody owns."""

    language: Language = "scim"

    def __init__(self, house: Served, token: str) -> None:
        self._house, self._token = house, token

    async def _ask(self, method: str, path: str, body: object = None, **more: Any) -> Values:
        answer = await self._house.ask(method, f"/scim/v2/Users{path}", body, token=self._token, **more)
        assert answer.status_code in (200, 201), answer.text
        found: Values = answer.json()
        return found

    async def _find(self, email: str) -> Values:
        found = await self._ask("GET", "", params={"filter": f'userName eq "{email}"'})
        (resource,) = found["Resources"]
        assert isinstance(resource, dict)
        return resource

    async def make(self, values: Mapping[str, Any]) -> None:
        await self._ask("POST", "", {"schemas": [SCHEMA], "userName": values["email"], **_nested(values)})

    async def change(self, email: str, values: Mapping[str, Any]) -> None:
        changed = {"op": "replace", "value": _nested(values)}
        path = f"/{(await self._find(email))['id']}"
        await self._ask("PATCH", path, {"schemas": [PATCH], "Operations": [changed]})

    async def read(self, email: str) -> Values:
        resource = await self._find(email)
        listed = [one["value"] for one in resource.get("emails", []) if one.get("primary")]
        (address,) = listed or [resource["userName"]]  # an e-mail that is the userName is not said twice
        names = {f"name.{name}": value for name, value in resource["name"].items()}
        return {**resource, **names, "emails[primary].value": address}


def _nested(values: Mapping[str, Any]) -> Values:
    """A resource of SCIM: what the words of the table call by a path stands where the path leads."""
    flat = said("scim", values)
    resource = {word: value for word, value in flat.items() if "." not in word}
    name = {word.removeprefix("name."): value for word, value in flat.items() if word.startswith("name.")}
    if name:
        resource["name"] = name
    if "emails[primary].value" in flat:
        resource["emails"] = [{"value": flat["emails[primary].value"], "type": "work", "primary": True}]
    return resource
