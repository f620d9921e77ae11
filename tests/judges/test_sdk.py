"""@directus/sdk, unmodified, as the judge of the users API: 26 and 13, on both databases."""

import asyncio
import re
from collections.abc import AsyncIterator
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

from tests.peers import sdk as peers
from tests.peers.sdk import Refused, Sdk
from tests.served import PASSWORD, Served, served


@pytest.fixture
async def house(database_url: str, tmp_path: Path) -> AsyncIterator[Served]:
    """The whole application, with the worker that lays its letters into a folder."""
    async with served(database_url, tmp_path, worker=True) as house:
        yield house


async def _people(admin: Sdk) -> list[dict[str, Any]]:
    made: list[dict[str, Any]] = await admin(
        "createUsers",
        [
            {"email": "ada@example.org", "first_name": "Ada", "last_name": "Lovelace", "title": "Countess"},
            {"email": "grace@example.org", "first_name": "Grace", "last_name": "Hopper", "status": "draft"},
            {"email": "mary@example.org", "first_name": "Mary", "last_name": "Ångström", "tags": ["x"]},
        ],
    )
    return made


async def _refusal(sdk: Sdk, call: str, *given: Any, as_: str | None = None) -> Refused:
    with pytest.raises(Refused) as caught:
        await sdk(call, *given, as_=as_)
    assert caught.value.is_error == (sdk.version == 26)
    if sdk.version == 26:
        assert caught.value.message == caught.value.errors[0]["message"]
    return caught.value


async def test_a_person_signs_in_reads_themselves_and_signs_out(house: Served, sdk: Sdk) -> None:
    user, _ = await house.person("ada@example.com")
    issued = await sdk.login("Ada@Example.com", PASSWORD)
    assert issued["expires"] == 900_000
    me = await sdk("readMe", {"fields": ["id", "email", "status", "provider"]})
    assert me == {"id": user, "email": "ada@example.com", "status": "active", "provider": "default"}

    token = await sdk("getToken")
    await sdk("logout")
    assert await sdk("getToken") is None
    ended = await _refusal(sdk, "readMe", as_=token)
    assert (ended.status, ended.code) == (401, "INVALID_CREDENTIALS")


async def test_a_refreshed_session_goes_on_with_new_tokens_and_ends_with_them(
    house: Served, sdk: Sdk
) -> None:
    await house.person("ada@example.com")
    first = await sdk.login("ada@example.com", PASSWORD)
    second = await sdk("refresh")
    assert second["refresh_token"] != first["refresh_token"]
    assert (await sdk("readMe"))["email"] == "ada@example.com"
    await sdk("logout")
    for token in (first["access_token"], second["access_token"]):
        assert (await _refusal(sdk, "readMe", as_=token)).status == 401


async def test_an_access_token_past_its_time_is_refused(
    database_url: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    if why := peers.missing():
        pytest.skip(why)
    brief = {"ACCESS_TOKEN_TTL": "1s"}
    async with served(database_url, tmp_path, lambda _: brief) as house, peers.client(26, house.url) as sdk:
        await house.person("ada@example.com")
        issued = await sdk.login("ada@example.com", PASSWORD)
        await asyncio.sleep(1.5)
        late = await _refusal(sdk, "readMe", as_=issued["access_token"])
        assert (late.status, late.code) == (401, "TOKEN_EXPIRED")
        # getToken() of the SDK refreshes by itself what is about to end.
        assert (await sdk("readMe"))["email"] == "ada@example.com"


async def test_wrong_credentials_are_thrown_with_their_code(house: Served, sdk: Sdk) -> None:
    await house.person("ada@example.com")
    for who, password in [("ada@example.com", "not the password"), ("nobody@example.com", PASSWORD)]:
        with pytest.raises(Refused) as caught:
            await sdk.login(who, password)
        assert (caught.value.status, caught.value.code) == (401, "INVALID_CREDENTIALS")


async def test_users_are_created_read_changed_and_deleted(admin: Sdk) -> None:
    made = await admin("createUser", {"email": "ada@example.org", "first_name": "Ada"})
    assert made["status"] == "active"
    assert made["password"] is None

    changed = await admin("updateUser", made["id"], {"title": "Countess", "tags": ["a", "b"]})
    assert (changed["title"], changed["tags"], changed["first_name"]) == ("Countess", ["a", "b"], "Ada")
    assert await admin("readUser", made["id"], {"fields": ["title"]}) == {"title": "Countess"}

    gone = await admin("deleteUser", made["id"])
    assert gone is None if admin.version == 26 else gone == {"response": 204, "text": ""}
    assert (await _refusal(admin, "readUser", made["id"])).code == "FORBIDDEN"


async def test_many_are_created_in_the_order_given_or_none_at_all(admin: Sdk) -> None:
    made = await _people(admin)
    assert [one["first_name"] for one in made] == ["Ada", "Grace", "Mary"]

    again = [{"email": "new@example.org"}, {"email": "ADA@example.org"}]
    refused = await _refusal(admin, "createUsers", again)
    assert (refused.status, refused.code) == (400, "RECORD_NOT_UNIQUE")
    assert await admin("readUsers", {"filter": {"email": {"_eq": "new@example.org"}}}) == []


async def test_lists_answer_fields_filters_sorts_pages_and_searches(admin: Sdk) -> None:
    await _people(admin)
    email_of = {"fields": ["email"], "sort": ["email"]}
    ours = {"email": {"_ends_with": "@example.org"}}

    async def emails(**query: Any) -> list[str]:
        return [one["email"].partition("@")[0] for one in await admin("readUsers", {**email_of, **query})]

    assert await emails(filter=ours) == ["ada", "grace", "mary"]
    assert await emails(filter=ours, sort=["-email"], limit=2) == ["mary", "grace"]
    assert await emails(filter=ours, limit=1, offset=1) == ["grace"]
    assert await emails(filter=ours, limit=2, page=2) == ["mary"]
    assert await emails(filter={"_and": [ours, {"status": {"_eq": "draft"}}]}) == ["grace"]
    either = {"_or": [{"first_name": {"_in": ["Ada"]}}, {"title": {"_null": False}}]}
    assert await emails(filter={"_and": [ours, either]}) == ["ada"]
    assert await emails(search="ångström") == ["mary"]
    (tagged,) = await admin("readUsers", {"fields": ["first_name", "tags"], "search": "mary@"})
    assert tagged == {"first_name": "Mary", "tags": ["x"]}


async def test_a_person_changes_the_harmless_fields_of_themselves(house: Served, sdk: Sdk) -> None:
    await house.person("ada@example.com")
    await sdk.login("ada@example.com", PASSWORD)
    assert (await sdk("updateMe", {"first_name": "Ada"}))["first_name"] == "Ada"
    refused = await _refusal(sdk, "updateMe", {"status": "archived"})
    assert (refused.status, refused.code) == (403, "FORBIDDEN")
    assert len(await sdk("readUsers")) == 1
    assert (await _refusal(sdk, "createUser", {"email": "x@example.com"})).code == "FORBIDDEN"


@pytest.mark.parametrize(
    ("call", "given", "status", "code"),
    [
        ("createUser", [{"email": "nope"}], 400, "FAILED_VALIDATION"),
        ("createUser", [{"email": "a@example.org", "shoe_size": 41}], 400, "INVALID_PAYLOAD"),
        ("readUsers", [{"filter": {"shoe_size": {"_eq": 41}}}], 400, "INVALID_QUERY"),
        ("readUsers", [{"fields": ["shoe_size"]}], 400, "INVALID_QUERY"),
        ("readUser", ["0190163d-8694-739b-aea5-966c26f8ad91"], 403, "FORBIDDEN"),
    ],
)
async def test_mistakes_are_thrown_with_their_code(
    admin: Sdk, call: str, given: list[Any], status: int, code: str
) -> None:
    refused = await _refusal(admin, call, *given)
    assert (refused.status, refused.code) == (status, code)


def _letters(folder: Path) -> list[EmailMessage]:
    return [message_from_bytes(file.read_bytes(), policy=default) for file in folder.glob("*.eml")]


async def _token_from_letter(folder: Path, recipient: str) -> str:
    """The invitation's token, once the letter lies in the folder."""
    for _ in range(200):
        for message in await asyncio.to_thread(_letters, folder):
            text = message.get_body(("plain",))
            assert text is not None
            found = re.search(r"token=([^\s&>]+)", text.get_content())
            if message["To"].addresses[0].addr_spec == recipient and found:
                return unquote(found[1])
        await asyncio.sleep(0.05)
    raise AssertionError(f"no letter to {recipient} in {folder}")


async def test_an_invitation_is_accepted_with_the_token_of_its_letter(
    house: Served, admin: Sdk, tmp_path: Path
) -> None:
    role = house.role
    await admin("inviteUser", "anna@example.org", role)
    token = await _token_from_letter(tmp_path / "outbox", "anna@example.org")
    await admin("acceptUserInvite", token, "a sentence of her own")
    again = await _refusal(admin, "acceptUserInvite", token, "a sentence of mine")
    assert again.status == 400

    async with peers.client(admin.version, house.url) as anna:
        await anna.login("anna@example.org", "a sentence of her own")
        me = await anna("readMe", {"fields": ["email", "status", "role"]})
        assert me == {"email": "anna@example.org", "status": "active", "role": role}


async def test_roles_and_providers_are_read(house: Served, admin: Sdk) -> None:
    (role,) = await admin("readRoles", {"fields": ["id", "name"]})
    assert role == {"id": house.role, "name": "Administrator"}
    assert (await admin("readRole", house.role))["name"] == "Administrator"
    made = await admin("createRole", {"name": "People"})
    assert {one["name"] for one in await admin("readRoles")} == {"Administrator", "People"}
    assert (await admin("createUser", {"email": "p@example.org", "role": made["id"]}))["role"] == made["id"]
    assert await admin("readProviders") == []


async def test_the_server_tells_how_it_is(house: Served, sdk: Sdk) -> None:
    assert await sdk("serverPing") == "pong"
    assert (await sdk("serverInfo"))["project"] == {"project_name": "idbridge"}
    health = await sdk("serverHealth")
    assert health in ({"status": "ok"}, {"response": 200, "text": '{"status":"ok"}'})
