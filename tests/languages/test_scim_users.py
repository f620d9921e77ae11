"""SCIM over HTTP, as identity providers speak it, on both databases."""

import asyncio
from typing import Any

from tests.served import PASSWORD, Served

USER = "urn:ietf:params:scim:schemas:core:2.0:User"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"

JENSEN: dict[str, Any] = {
    "schemas": [USER, ENTERPRISE],
    "externalId": "bjensen",
    "userName": "bjensen@example.com",
    "name": {"formatted": "Ms. Barbara J Jensen III", "familyName": "Jensen", "givenName": "Barbara"},
    "displayName": "Babs Jensen",
    "nickName": "Babs",
    "title": "Tour Guide",
    "preferredLanguage": "en-US",
    "timezone": "America/Los_Angeles",
    "active": True,
    "emails": [
        {"value": "babs@jensen.org", "type": "home"},
        {"value": "bjensen@example.com", "type": "work", "primary": True},
    ],
    "phoneNumbers": [{"value": "555-555-5555", "type": "work"}],
    "addresses": [{"type": "work", "locality": "Hollywood", "country": "US"}],
    ENTERPRISE: {
        "employeeNumber": "701984",
        "department": "Tour Operations",
        "manager": {"value": "26118915"},
    },
}


class Okta:
    """A client with a connection's token."""

    def __init__(self, house: Served, token: str) -> None:
        self.house, self.token = house, token

    async def ask(self, method: str, path: str, body: object = None, **more: Any) -> Any:
        answer = await self.house.ask(method, f"/scim/v2{path}", body, token=self.token, **more)
        assert answer.status_code in (204, 304) or answer.headers["content-type"].startswith(
            "application/scim+json"
        )
        return answer

    async def patch(self, key: str, *operations: dict[str, Any], **more: Any) -> Any:
        return await self.ask(
            "PATCH", f"/Users/{key}", {"schemas": [PATCH], "Operations": operations}, **more
        )

    async def add(self, **changes: Any) -> Any:
        answer = await self.ask("POST", "/Users", {**JENSEN, **changes})
        assert answer.status_code == 201, answer.text
        return answer.json()


async def _okta(house: Served, **settings: Any) -> Okta:
    return Okta(house, await house.scim_token(**settings))


def _bare(resource: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in resource.items() if name not in ("id", "meta")}


async def test_what_was_sent_comes_back_unchanged_and_lands_in_the_documented_fields(house: Served) -> None:
    okta = await _okta(house)
    made = await okta.ask("POST", "/Users", JENSEN)
    assert made.status_code == 201
    user = made.json()
    assert _bare(user) == JENSEN
    assert made.headers["location"] == user["meta"]["location"] == f"{house.url}/scim/v2/Users/{user['id']}"
    assert made.headers["etag"] == user["meta"]["version"] == 'W/"1"'
    assert (await okta.ask("GET", f"/Users/{user['id']}")).json() == user
    row = (await house.ask("GET", f"/users/{user['id']}")).json()["data"]
    assert (row["provider"], row["external_identifier"]) == ("okta", "bjensen")
    assert (row["first_name"], row["last_name"], row["title"]) == ("Barbara", "Jensen", "Tour Guide")
    assert (row["email"], row["status"], row["language"]) == ("bjensen@example.com", "active", "en-US")
    assert row["auth_data"]["nickName"] == "Babs"
    assert row["auth_data"][ENTERPRISE]["employeeNumber"] == "701984"
    assert "password" not in row["auth_data"]


async def test_a_change_over_rest_is_seen_over_scim(house: Served) -> None:
    okta = await _okta(house)
    key = (await okta.add())["id"]
    change = {"first_name": "Barb", "email": "barb@example.com", "title": None}
    assert (await house.ask("PATCH", f"/users/{key}", change)).status_code == 200
    user = (await okta.ask("GET", f"/Users/{key}")).json()
    assert user["name"]["givenName"] == "Barb"
    assert user["emails"][1] == {"value": "barb@example.com", "type": "work", "primary": True}
    assert "title" not in user
    assert user["meta"]["version"] == 'W/"2"'


async def test_look_up_by_name_identifier_and_more(house: Served) -> None:
    okta = await _okta(house)
    key = (await okta.add())["id"]
    found = [
        'userName eq "BJENSEN@EXAMPLE.COM"', 'externalId eq "bjensen"', f'id eq "{key}"',
        'emails[type eq "work"].value eq "bjensen@example.com"', 'emails.value eq "BJensen@example.com"',
        'name.familyName eq "jensen"', 'userName sw "bj" and active eq true', "title pr", 'title eq "TOUR guide"',
        'not (title eq "x")', 'nosuch eq "1" or userName pr'.removeprefix('nosuch eq "1" or '),
        'meta.created gt "2020-01-01T00:00:00Z"', 'userName eq "x" or name.givenName co "arb"',
        'active eq "True"', f'{USER}:userName eq "bjensen@example.com"',
    ]  # fmt: skip
    for text in found:
        answer = await okta.ask("GET", "/Users", params={"filter": text})
        assert answer.status_code == 200, (text, answer.text)
        assert [user["id"] for user in answer.json()["Resources"]] == [key], text
    for text in ('externalId eq "BJENSEN"', 'userName eq "bjensen"', "active eq false", "not (title pr)"):
        answer = (await okta.ask("GET", "/Users", params={"filter": text})).json()
        assert (answer["totalResults"], answer["Resources"]) == (0, []), text


async def test_a_filter_that_cannot_be_answered_is_refused(house: Served) -> None:
    okta = await _okta(house)
    for text in (
        "userName", 'userName eq "x', 'nosuch eq "1"', 'password eq "x"', 'meta.version gt "x"', "userName gt 5",
        'userName eq "a" and', "((((", 'active gt "x"', " or ".join(['userName eq "x"'] * 1_500), "x" * 40_000,
    ):  # fmt: skip
        answer = await okta.ask("GET", "/Users", params={"filter": text})
        assert answer.status_code == 400, (text[:40], answer.text)
        assert answer.json()["scimType"] in ("invalidFilter", "tooMany"), text[:40]


async def test_pages(house: Served) -> None:
    okta = await _okta(house)
    keys = [
        (await okta.add(userName=f"u{n}@example.com", externalId=f"{n}", emails=[]))["id"] for n in range(5)
    ]

    async def page(**params: object) -> Any:
        return (await okta.ask("GET", "/Users", params=params)).json()

    whole = await page()
    assert [user["id"] for user in whole["Resources"]] == keys
    assert (whole["totalResults"], whole["startIndex"], whole["itemsPerPage"]) == (5, 1, 5)
    middle = await page(startIndex=2, count=2)
    assert [user["id"] for user in middle["Resources"]] == keys[1:3]
    assert (middle["totalResults"], middle["startIndex"], middle["itemsPerPage"]) == (5, 2, 2)
    assert (await page(count=0))["totalResults"] == 5
    assert (await page(count=-3))["Resources"] == []
    assert (await page(startIndex=0, count=1))["Resources"][0]["id"] == keys[0]
    assert (await page(startIndex=9))["Resources"] == []
    assert list((await page(count=1, attributes="userName"))["Resources"][0]) == ["schemas", "id", "userName"]
    assert "name" not in (await page(count=1, excludedAttributes="name"))["Resources"][0]
    assert (await okta.ask("GET", "/Users", params={"startIndex": "x"})).json()["scimType"] == "invalidValue"


async def test_a_second_user_of_the_same_name_is_a_conflict(house: Served) -> None:
    okta = await _okta(house)
    await okta.add()
    for body in (
        {**JENSEN, "userName": "BJENSEN@example.com", "externalId": "2", "emails": []},
        {**JENSEN, "userName": "other", "externalId": "2"},
        {**JENSEN, "userName": "other", "emails": []},
    ):
        answer = await okta.ask("POST", "/Users", body)
        assert (answer.status_code, answer.json()["scimType"]) == (409, "uniqueness"), answer.text
    assert (await okta.ask("GET", "/Users")).json()["totalResults"] == 1


async def test_a_conflict_is_told_in_the_words_that_were_sent(house: Served) -> None:
    okta = await _okta(house)
    await okta.add()
    other = (await okta.add(userName="other", externalId="2", emails=[]))["id"]
    mail, name = "bjensen@example.com", "BJENSEN@example.com"
    bare = {"schemas": [USER], "userName": mail}
    mailed = {"schemas": [USER], "userName": "third", "emails": [{"value": mail, "type": "work"}]}
    bulk = "urn:ietf:params:scim:api:messages:2.0:BulkRequest"
    made = {"method": "POST", "path": "/Users", "bulkId": "1", "data": bare}
    told = [
        await okta.ask("POST", "/Users", bare),
        await okta.ask("PUT", f"/Users/{other}", {**bare, "userName": name}),
        await okta.patch(other, {"op": "replace", "path": "userName", "value": name}),
        await okta.ask("POST", "/Users", mailed),
        await okta.ask("PUT", f"/Users/{other}", mailed),
        await okta.patch(other, {"op": "add", "path": 'emails[type eq "work"].value', "value": mail}),
    ]
    errors = [answer.json() for answer in told]
    (failed,) = (await okta.ask("POST", "/Bulk", {"schemas": [bulk], "Operations": [made]})).json()[
        "Operations"
    ]
    words = [error["detail"].split('"')[1] for error in (failed["response"], *errors)]
    assert words == ["userName"] * 4 + ["emails"] * 3
    assert {error["status"] for error in errors} == {"409"}


async def test_put_replaces_and_keeps_what_is_not_its_own(house: Served) -> None:
    okta = await _okta(house)
    key = (await okta.add(password="a good long password"))["id"]
    body = {
        "schemas": [USER],
        "userName": "bjensen@example.com",
        "id": "ignored",
        "nickName": "B",
        "active": False,
    }
    user = (await okta.ask("PUT", f"/Users/{key}", body)).json()
    assert _bare(user) == {
        "schemas": [USER],
        "userName": "bjensen@example.com",
        "nickName": "B",
        "active": False,
    }
    assert user["id"] == key
    row = (await house.ask("GET", f"/users/{key}")).json()["data"]
    assert (row["first_name"], row["external_identifier"], row["status"]) == (None, None, "suspended")
    assert row["password"] == "**********"
    again = (await okta.ask("PUT", f"/Users/{key}", body)).json()
    assert again["meta"] == user["meta"]  # nothing changed, so neither version nor date did


async def test_patch_forms_of_entra_and_okta(house: Served) -> None:
    okta = await _okta(house, profile="entra")
    key = (await okta.add())["id"]
    for operation, state in (
        ({"op": "Replace", "path": "active", "value": "False"}, "suspended"),
        ({"op": "replace", "value": {"active": True}}, "active"),
        ({"op": "add", "value": {"active": False}}, "suspended"),
        ({"op": "Add", "path": "active", "value": "true"}, "active"),
    ):
        answer = await okta.patch(key, operation)
        assert answer.status_code == 200, answer.text
        assert (await house.ask("GET", f"/users/{key}")).json()["data"]["status"] == state, operation
    many = {"name.givenName": "Babs", f"{ENTERPRISE}:department": "Sales", "title": "Boss"}
    user = (await okta.patch(key, {"op": "replace", "value": many})).json()
    assert (user["name"]["givenName"], user[ENTERPRISE]["department"], user["title"]) == (
        "Babs",
        "Sales",
        "Boss",
    )
    await okta.patch(key, {"op": "remove", "path": "emails"})
    made = (
        await okta.patch(key, {"op": "Add", "path": 'emails[type eq "work"].value', "value": "w@x.org"})
    ).json()
    assert made["emails"] == [{"type": "work", "value": "w@x.org"}]
    assert (await house.ask("GET", f"/users/{key}")).json()["data"]["email"] == "w@x.org"


async def test_a_patch_is_all_or_nothing(house: Served) -> None:
    okta = await _okta(house)
    before = await okta.add()
    key = before["id"]
    for operations, kind in (
        ([{"op": "replace", "path": "title", "value": "x"}, {"op": "replace", "path": "nope", "value": 1}], "invalidPath"),
        ([{"op": "replace", "path": "title", "value": "x"}, {"op": "remove", "path": "userName"}], "mutability"),
        ([{"op": "replace", "path": "title", "value": 5}], "invalidValue"),
        ([{"op": "replace", "path": "id", "value": "x"}], "mutability"),
        ([{"op": "nope", "path": "title", "value": "x"}], "invalidSyntax"),
        ([{"op": "remove"}], "noTarget"),
        ([], "invalidSyntax"),
        ([{"op": "replace", "path": "userName", "value": "x" * 256}], "invalidValue"),
        ([{"op": "replace", "path": "title", "value": "x"}] * 10_000, "tooMany"),
    ):  # fmt: skip
        answer = await okta.patch(key, *operations)
        assert answer.status_code == 400, (operations[:2], answer.text)
        assert answer.json()["scimType"] == kind, (operations[:2], answer.text)
    assert (await okta.ask("GET", f"/Users/{key}")).json() == before


async def test_entity_tags(house: Served) -> None:
    okta = await _okta(house)
    key = (await okta.add())["id"]
    same = await okta.ask("GET", f"/Users/{key}", headers={"if-none-match": 'W/"1"'})
    assert (same.status_code, same.content) == (304, b"")
    change = {"op": "replace", "path": "title", "value": "x"}
    stale = await okta.patch(key, change, headers={"if-match": 'W/"7"'})
    assert (stale.status_code, stale.json()["status"]) == (412, "412")
    good = await okta.patch(key, change, headers={"if-match": 'W/"1"'})
    assert good.headers["etag"] == 'W/"2"'
    assert (await okta.ask("DELETE", f"/Users/{key}", headers={"if-match": 'W/"1"'})).status_code == 412
    assert (await okta.ask("DELETE", f"/Users/{key}", headers={"if-match": "*"})).status_code == 204


async def test_inactive_ends_every_way_in_at_once(house: Served) -> None:
    okta = await _okta(house)
    key = (await okta.add(password=PASSWORD))["id"]
    static = "s" * 40
    await house.ask("PATCH", f"/users/{key}", {"token": static, "provider": "default"})
    body = {"email": "bjensen@example.com", "password": PASSWORD}
    tokens = (await house.ask("POST", "/auth/login", body, token=None)).json()["data"]
    for token in (tokens["access_token"], static):
        assert (await house.ask("GET", "/users/me", token=token)).status_code == 200
    assert (await okta.patch(key, {"op": "replace", "value": {"active": False}})).json()["active"] is False
    for token in (tokens["access_token"], static):
        assert (await house.ask("GET", "/users/me", token=token)).status_code == 401
    refresh = {"refresh_token": tokens["refresh_token"]}
    assert (await house.ask("POST", "/auth/refresh", refresh, token=None)).status_code == 401
    await okta.patch(key, {"op": "replace", "value": {"active": True}})
    assert (await house.ask("GET", "/users/me", token=tokens["access_token"])).status_code == 401
    assert (await house.ask("GET", "/users/me", token=static)).status_code == 401


async def test_delete_frees_the_name(house: Served) -> None:
    okta = await _okta(house)
    key = (await okta.add())["id"]
    assert (await okta.ask("DELETE", f"/Users/{key}")).status_code == 204
    assert (await okta.ask("GET", f"/Users/{key}")).status_code == 404
    assert (await okta.ask("DELETE", f"/Users/{key}")).status_code == 404
    assert (await okta.add())["id"] != key


async def test_a_connection_sees_its_own_users_only(house: Served) -> None:
    okta, entra = await _okta(house), Okta(house, await house.scim_token("entra"))
    key = (await okta.add())["id"]
    mine, _ = await house.person("local@example.com")
    for path in (f"/Users/{key}", f"/Users/{mine}", f"/Users/{house.admin}", "/Users/nonsense"):
        assert (await entra.ask("GET", path)).status_code == 404
        assert (await entra.ask("DELETE", path)).status_code == 404
        assert (await entra.ask("PUT", path, JENSEN)).status_code == 404
        change = {"schemas": [PATCH], "Operations": [{"op": "replace", "path": "title", "value": "x"}]}
        assert (await entra.ask("PATCH", path, change)).status_code == 404
    for name in ("local@example.com", "bjensen@example.com", "admin@example.com"):
        answer = (await entra.ask("GET", "/Users", params={"filter": f'userName eq "{name}"'})).json()
        assert answer["totalResults"] == 0
    taken = await entra.ask("POST", "/Users", {**JENSEN, "userName": "local@example.com", "emails": []})
    assert (taken.status_code, taken.json()["scimType"]) == (409, "uniqueness")
    assert "--adopt" in taken.json()["detail"]


async def test_a_connection_that_adopts_finds_and_takes_who_is_nobody_s(house: Served) -> None:
    okta = await _okta(house, adopt=True)
    key, _ = await house.person("local@example.com", first_name="Lo")
    assert (await okta.ask("GET", "/Users")).json()["totalResults"] == 0
    found = (await okta.ask("GET", "/Users", params={"filter": 'userName eq "LOCAL@example.com"'})).json()
    assert [user["id"] for user in found["Resources"]] == [key]
    assert (await okta.ask("GET", f"/Users/{key}")).json()["userName"] == "local@example.com"
    admin = (await okta.ask("GET", "/Users", params={"filter": 'userName eq "admin@example.com"'})).json()
    assert admin["totalResults"] == 0
    assert (await okta.ask("PUT", f"/Users/{house.admin}", JENSEN)).status_code == 404
    taken = await okta.ask("PUT", f"/Users/{key}", {**JENSEN, "userName": "local@example.com"})
    assert taken.status_code == 200, taken.text
    row = (await house.ask("GET", f"/users/{key}")).json()["data"]
    assert (row["provider"], row["external_identifier"], row["first_name"]) == ("okta", "bjensen", "Barbara")
    assert (await okta.ask("GET", "/Users")).json()["totalResults"] == 1


async def test_a_connection_that_adopts_takes_by_a_group_too_and_by_what_changes_nothing(
    house: Served,
) -> None:
    okta, group = await _okta(house, adopt=True), "urn:ietf:params:scim:schemas:core:2.0:Group"
    free, same = [(await house.person(f"{name}@example.com"))[0] for name in ("free", "same")]
    members = [{"value": one} for one in (free, house.admin)]
    refused = await okta.ask(
        "POST", "/Groups", {"schemas": [group], "displayName": "Staff", "members": members}
    )
    assert refused.status_code == 400 and house.admin in refused.json()["detail"]
    assert (await okta.ask("GET", "/Users")).json()["totalResults"] == 0  # all of it, or nothing
    made = await okta.ask(
        "POST", "/Groups", {"schemas": [group], "displayName": "Staff", "members": members[:1]}
    )
    assert made.status_code == 201 and [one["value"] for one in made.json()["members"]] == [free]
    await house.ask("PATCH", f"/users/{same}", {"auth_data": {}})
    assert (await okta.patch(same, {"op": "replace", "path": "active", "value": True})).status_code == 200
    path = f"/Groups/{made.json()['id']}"
    change = {
        "schemas": [PATCH],
        "Operations": [{"op": "add", "path": "members", "value": [{"value": same}]}],
    }
    assert (await okta.ask("PATCH", path, change)).status_code == 200
    assert (await okta.ask("GET", "/Users")).json()["totalResults"] == 2
    rows = [(await house.ask("GET", f"/users/{one}")).json()["data"]["provider"] for one in (free, same)]
    assert rows == ["okta", "okta"]


async def test_credentials_and_discovery(house: Served) -> None:
    for path in (
        "/ServiceProviderConfig",
        "/Schemas",
        "/ResourceTypes",
        f"/Schemas/{USER}",
        "/ResourceTypes/User",
    ):
        assert (await house.ask("GET", f"/scim/v2{path}", token=None)).status_code == 200, path
    refused = await house.ask("GET", "/scim/v2/Schemas?filter=x", token=None)
    assert (refused.status_code, refused.json()["status"]) == (403, "403")
    missing = await house.ask("GET", "/scim/v2/Users", token=None)
    assert (missing.status_code, missing.headers["www-authenticate"]) == (401, "Bearer")
    for token in ("nonsense", house.token):
        refused = await house.ask("GET", "/scim/v2/Users", token=token)
        assert refused.status_code == 401
        assert refused.headers["www-authenticate"] == 'Bearer error="invalid_token"'  # RFC 6750, 3
    scim = await house.scim_token()
    assert (await house.ask("GET", "/users", token=scim)).status_code == 401  # a connection is no person


async def test_the_default_role_and_the_vouched_for_domain(house: Served) -> None:
    role = (await house.ask("POST", "/roles", {"name": "Staff"})).json()["data"]["id"]
    okta = await _okta(house, default_role=role, domains=["example.com"])
    key = (await okta.add())["id"]
    assert (await house.ask("GET", f"/users/{key}")).json()["data"]["role"] == role


async def test_only_two_tokens_are_valid_at_once(house: Served) -> None:
    first = await house.scim_token()
    await asyncio.sleep(0.01)
    second = await house.scim_token()
    for token in (first, second):
        assert (await house.ask("GET", "/scim/v2/Users", token=token)).status_code == 200
    await asyncio.sleep(0.01)  # which of two is the older one is told by milliseconds
    third = await house.scim_token()
    assert (await house.ask("GET", "/scim/v2/Users", token=first)).status_code == 401
    for token in (second, third):
        assert (await house.ask("GET", "/scim/v2/Users", token=token)).status_code == 200
