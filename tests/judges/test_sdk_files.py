"""@directus/sdk, unmodified, on files, on what collections are made of, and on the server: 26 and 13."""

import base64
from io import BytesIO
from typing import Any

import pytest
from PIL import Image

from tests.languages.pictures import picture
from tests.peers.sdk import Sdk
from tests.served import PASSWORD, Served


@pytest.fixture
async def person(house: Served, sdk: Sdk) -> Sdk:
    """A client in which somebody without a role has signed in."""
    await house.person("eve@example.com")
    await sdk.login("eve@example.com", PASSWORD)
    return sdk


def _form(*parts: tuple[str, str | bytes]) -> dict[str, Any]:
    def part(value: str | bytes) -> object:
        if isinstance(value, str):
            return value
        return {"base64": base64.b64encode(value).decode(), "name": "me.png", "type": "image/png"}

    return {"form": [[name, part(value)] for name, value in parts]}


async def test_a_person_gives_themselves_a_picture_and_takes_it_away(person: Sdk) -> None:
    file = await person("uploadFiles", _form(("title", "Me"), ("file", picture())))
    assert (file["title"], file["type"], file["filename_download"]) == ("Me", "image/png", "me.png")
    me = await person("updateMe", {"avatar": file["id"]}, {"fields": ["avatar.id", "avatar.title"]})
    assert me == {"avatar": {"id": file["id"], "title": "Me"}}
    small = await person("readAssetBlob", file["id"], {"width": 20, "height": 20, "fit": "cover"})
    assert small["type"] == "image/png"
    assert Image.open(BytesIO(base64.b64decode(small["base64"]))).size == (20, 20)
    changed = await person("updateFile", file["id"], {"title": "Myself"}, {"fields": ["title"]})
    assert changed == {"title": "Myself"}
    replaced = await person("updateFile", file["id"], _form(("file", picture(size=(9, 8)))))
    assert (replaced["width"], replaced["title"]) == (9, "Myself")
    assert [one["id"] for one in await person("readFiles", {"sort": ["-uploaded_on"]})] == [file["id"]]
    await person("deleteFile", file["id"])
    assert (await person("readMe", {"fields": ["avatar"]})) == {"avatar": None}


async def test_clients_learn_what_collections_are_made_of(person: Sdk) -> None:
    fields = await person("readFieldsByCollection", "directus_users")
    keys = [one["field"] for one in fields if one["schema"] and one["schema"]["is_primary_key"]]
    assert keys == ["id"] and len(fields) == 27
    avatar = await person("readField", "directus_users", "avatar")
    assert (avatar["type"], avatar["schema"]["foreign_key_table"]) == ("uuid", "directus_files")
    seen = {one["collection"] for one in await person("readCollections")}
    assert seen == {"directus_users", "directus_roles", "directus_files", "directus_permissions"}
    links = await person("readRelationByCollection", "directus_users")
    assert {one["field"]: one["related_collection"] for one in links} == {
        "avatar": "directus_files", "role": "directus_roles",
    }  # fmt: skip
    assert await person("serverPing") in ("pong", {"response": 200, "text": "pong"})
    assert (await person("serverInfo"))["project"]["project_name"]
    assert (await person("readOpenApiSpec"))["openapi"] == "3.1.0"


async def test_many_files_are_changed_and_deleted(person: Sdk) -> None:
    files = [await person("uploadFiles", _form(("title", name), ("file", picture()))) for name in "ab"]
    first, second = (file["id"] for file in files)
    alike = await person("updateFiles", [second, first], {"title": "c"}, {"fields": ["id", "title"]})
    assert alike == [{"id": second, "title": "c"}, {"id": first, "title": "c"}]
    assert (await person("readFile", first, {"fields": ["uploaded_by.email"]})) == {
        "uploaded_by": {"email": "eve@example.com"}
    }
    assert await person("aggregate", "directus_files", {"aggregate": {"count": "*"}}) == [{"count": 2}]
    await person("deleteFiles", [first, second])
    assert await person("readFiles") == []


async def test_clients_learn_what_graphql_serves(person: Sdk) -> None:
    schema = await person("readGraphqlSdl", "system")
    text = schema if isinstance(schema, str) else schema["text"]
    assert "type directus_users {" in text and "users_me: directus_users" in text
