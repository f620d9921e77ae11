"""SCIM as HTTP: addresses, entity tags, query parameters, searches by POST, and many writers at once."""

import asyncio
from typing import Any

import pytest

from tests.judges.scim_client import CORE, ENTERPRISE, Client
from tests.served import Served

USER: dict[str, Any] = {
    "schemas": [CORE, ENTERPRISE],
    "userName": "anna+scim@x.org",
    "externalId": "1",
    "name": {"givenName": "Anna", "familyName": "Ångström"},
    "nickName": "An",
    "emails": [{"value": "anna@x.org", "type": "work", "primary": True}],
    ENTERPRISE: {"department": "IT"},
}
SEARCH = "urn:ietf:params:scim:api:messages:2.0:SearchRequest"
TITLE = {"op": "replace", "path": "title", "value": "T"}


async def test_entity_tags_in_every_spelling(house: Served) -> None:
    client = await Client.of(house, "okta")
    key = (await client.add(USER))["id"]
    for tag, status in (
        ('W/"1"', 304), ('"1"', 304), ("*", 304), ('W/"7", W/"1"', 304), ('"7","1"', 304), ('W/"2"', 200), ('W/"11"', 200), ("", 200),
    ):  # fmt: skip
        answer = await client.ask("GET", f"/Users/{key}", headers={"if-none-match": tag})
        assert answer.status_code == status, tag
        assert answer.headers["etag"] == 'W/"1"'
    for tag, status in (('W/"7"', 412), ('"11"', 412), ('"7", "8"', 412), ('W/"7", W/"1"', 200)):
        for method, body in (("PUT", USER), ("GET", None)):
            answer = await client.ask(method, f"/Users/{key}", body, headers={"if-match": tag})
            assert answer.status_code == status, (tag, method)
        assert (await client.patch(key, headers={"if-match": tag})).status_code == 400  # no operations
    for header in ("if-match", "if-none-match"):
        refused = await client.ask(
            "DELETE", f"/Users/{key}", headers={header: 'W/"2"' if header == "if-match" else "*"}
        )
        assert refused.status_code == 412
    made = await client.patch(key, TITLE, headers={"if-match": 'W/"1"', "if-none-match": 'W/"7"'})
    assert (made.status_code, made.headers["etag"]) == (200, 'W/"2"')
    assert (await client.ask("DELETE", f"/Users/{key}", headers={"if-match": 'W/"2"'})).status_code == 204


async def test_a_version_stays_when_nothing_changes(house: Served) -> None:
    client = await Client.of(house, "okta")
    made = await client.add(USER)
    key = made["id"]
    same = {"op": "replace", "path": "name.givenName", "value": "Anna"}
    for answer in (await client.patch(key, same), await client.ask("PUT", f"/Users/{key}", USER)):
        assert (answer.status_code, answer.json()) == (200, made)


async def test_a_part_is_answered_to_every_method(house: Served) -> None:
    client = await Client.of(house, "okta")
    only = {"attributes": "userName,name.familyName"}
    part = {"userName": USER["userName"], "name": {"familyName": "Ångström"}}
    made = await client.ask("POST", "/Users", USER, params=only)
    key = made.json()["id"]
    whole = {"schemas": [CORE, ENTERPRISE], "id": key, **part}
    assert (made.status_code, made.json(), made.headers["etag"]) == (201, whole, 'W/"1"')
    assert made.headers["location"] == f"{house.url}/scim/v2/Users/{key}"
    for method, body in (("GET", None), ("PUT", USER)):
        assert (await client.ask(method, f"/Users/{key}", body, params=only)).json() == whole
    assert (await client.patch(key, TITLE, params=only)).json() == whole
    for parameter in ("excludedAttributes", "EXCLUDEDATTRIBUTES"):
        less = await client.get(
            f"/Users/{key}", **{parameter: f"emails.type,{ENTERPRISE}:department,meta,name"}
        )
        assert not {"meta", "name", ENTERPRISE} & less.keys()
        assert less["emails"] == [{"value": "anna@x.org", "primary": True}]
    both = await client.ask("GET", f"/Users/{key}", params={**only, "excludedAttributes": "name"})
    assert (both.status_code, both.json()["scimType"]) == (400, "invalidValue")


async def test_parameters_in_any_case_and_never_twice(house: Served) -> None:
    """Everybody, in answer to a filter that was passed over, would be taken for the user who was asked for."""
    client = await Client.of(house, "okta")
    await client.add(USER)
    none = "userName%20eq%20%22nobody%22"
    for query in (
        f"filter={none}",
        f"Filter={none}",
        f"FILTER={none}&COUNT=5",
        f"filter={none}&attributes=id",
    ):
        assert (await client.get(f"/Users?{query}"))["totalResults"] == 0, query
    for query in (
        f"filter={none}&filter={none}", f"filter={none}&Filter={none}", f"filter[]={none}", f"filter[a]={none}",
        "filter=", "filter=%20", "count=1&count=2", "startIndex[]=1", "attributes=id&attributes=name", "count=x",
        "a[=1", "filter=%FF", "startIndex=1.5",
    ):  # fmt: skip
        assert (await client.ask("GET", f"/Users?{query}")).status_code == 400, query


@pytest.mark.parametrize(
    "query", ["userName%20eq%20%22anna+scim@x.org%22", "userName+eq+%22anna%2Bscim%40x.org%22"]
)
async def test_a_plus_in_an_address_is_found_however_it_was_written(house: Served, query: str) -> None:
    client = await Client.of(house, "okta")
    await client.add(USER)
    assert (await client.get(f"/Users?filter={query}"))["totalResults"] == 1


async def test_filters_by_a_key_and_what_else_has_to_hold(house: Served) -> None:
    client = await Client.of(house, "okta")
    key = (await client.add(USER))["id"]
    await client.add({**USER, "userName": "b", "externalId": "2", "emails": []})
    named = f'id eq "{key}"'
    for text, found in (
        (named, 1), (f'id eq "{key.upper()}"', 1), ('id eq "nonsense"', 0), ('id eq ""', 0), ('id ne "nonsense"', 2),
        (f'id ne "{key}"', 1), (f'{named} and nickName eq "AN"', 1), (f'{named} and nickName eq "x"', 0),
        (f'{named} and {ENTERPRISE}:department sw "i"', 1), (f"{named} and not (emails pr)", 0),
        (f'{named} and emails[type eq "work"]', 1), (f'{named} and (nickName eq "x" or emails.type eq "work")', 1),
        (f'nickName ne "x" and {named}', 1), (f"{named} and photos pr", 0), (f'{named} and emails[type eq "home"]', 0),
        (f'{named} and id co "{key[:8]}"', 1), ('externalId eq "1" and userName eq "b"', 0),
        (f'{named} and meta.resourceType eq "User"', 1), ('name.familyName eq "Ångström"', 2),
        ('emails[value eq "anna@x.org"] and active eq true', 1), ('not (id eq "x")', 2),
        ('nickName eq "An"', 2), (f'id eq "{key}" or nickName pr', 2), ('emails[type eq "work"]', 1), ("groups pr", 0),
    ):  # fmt: skip
        assert len(await client.find(text)) == found, text
    page = await client.get("/Users", filter=named, startIndex=2, count=5)
    assert (page["totalResults"], page["itemsPerPage"], page["startIndex"]) == (1, 0, 2)
    for text in (
        'schemas.value eq "An"', 'id gt "a"', 'groups.$ref co "a"', f'{named} and nosuch eq "x"', f"{named} and password pr",
        'meta.version gt "1"', 'name eq "x"',
    ):  # fmt: skip
        answer = await client.ask("GET", "/Users", params={"filter": text})
        assert (answer.status_code, answer.json()["scimType"]) == (400, "invalidFilter"), text


@pytest.mark.parametrize("path", ["/.search", "/Users/.search"])
async def test_a_search_by_post(house: Served, path: str) -> None:
    client = await Client.of(house, "okta")
    keys = [
        (await client.add({**USER, "userName": f"u{n}", "externalId": str(n), "emails": []}))["id"]
        for n in range(3)
    ]
    everybody = (await client.ask("POST", path, {"schemas": [SEARCH]})).json()
    assert [one["id"] for one in everybody["Resources"]] == keys
    asked = {
        "schemas": [SEARCH],
        "filter": 'userName sw "u"',
        "attributes": ["userName"],
        "startIndex": 2,
        "count": 1,
    }
    answer = await client.ask("POST", path, asked)
    assert (answer.status_code, answer.json()["totalResults"]) == (200, 3)
    assert answer.json()["Resources"] == [{"schemas": [CORE, ENTERPRISE], "id": keys[1], "userName": "u1"}]
    wrong: list[Any] = [
        [], {"schemas": ["x"]}, {"schemas": [SEARCH], "filter": 5}, {"schemas": [SEARCH], "filter": "userName"},
        {"schemas": [SEARCH], "count": "x"}, {"schemas": [SEARCH], "count": True}, {"schemas": [SEARCH], "count": 1.5},
        {"schemas": [SEARCH], "attributes": [5]}, {"schemas": [SEARCH], "attributes": ["id"], "excludedAttributes": ["id"]},
    ]  # fmt: skip
    for one in wrong:
        assert (await client.ask("POST", path, one)).status_code == 400, one
    strict = await Client.of(house, "strict", profile="strict")
    assert (await strict.ask("POST", path, {"count": 1})).status_code == 400
    assert (await house.ask("POST", f"/scim/v2{path}", {}, token=None)).status_code == 401


async def test_a_connection_that_adopts_finds_by_name_alone_and_what_it_owns_first(house: Served) -> None:
    client = await Client.of(house, "okta", adopt=True)
    free, _ = await house.person("free@x.org")
    mine = (
        await client.add({"schemas": [CORE], "userName": "other@x.org", "emails": [{"value": "mine@x.org"}]})
    )["id"]
    other, _ = await house.person("other@x.org")
    for text, found in (
        ('userName eq "FREE@x.org"', [free]), ('userName eq "other@x.org"', [mine]), ('emails eq "free@x.org"', []),
        ("active eq true", [mine]), (f'id eq "{free}"', []), ('userName sw "free"', []),
        ('userName eq "admin@example.com"', []), ('userName eq "free@x.org" and active eq true', []),
    ):  # fmt: skip
        assert [one["id"] for one in await client.find(text)] == found, text
    assert (await client.ask("DELETE", f"/Users/{free}")).status_code == 404  # it is not the connection's yet
    assert (await client.patched(free, TITLE))["userName"] == "free@x.org"
    assert [one["id"] for one in await client.find("active eq true")] == [free, mine]
    assert (await client.row(other))["provider"] == "default"


async def test_of_many_who_create_the_same_user_one_succeeds(house: Served) -> None:
    client = await Client.of(house, "okta")
    bodies = [
        {**USER, "userName": name, "externalId": str(n), "emails": []}
        for n, name in enumerate(["A@x.org", "a@X.ORG"] * 8)
    ]
    answers = await asyncio.gather(*(client.ask("POST", "/Users", body) for body in bodies))
    statuses = sorted(answer.status_code for answer in answers)
    assert statuses == [201, *[409] * 15]
    assert {answer.json().get("scimType") for answer in answers} == {None, "uniqueness"}
    assert (await client.get("/Users"))["totalResults"] == 1


async def test_of_many_who_mean_one_version_one_changes_it(house: Served) -> None:
    client = await Client.of(house, "okta")
    key = (await client.add(USER))["id"]
    named = [{"op": "replace", "path": "title", "value": f"T{n}"} for n in range(8)]
    tagged = {"if-match": 'W/"1"'}
    answers = await asyncio.gather(*(client.patch(key, one, headers=tagged) for one in named))
    assert sorted(answer.status_code for answer in answers) == [200, *[412] * 7]
    roles = [{"op": "add", "path": "roles", "value": [{"value": f"r{n}"}]} for n in range(8)]
    await asyncio.gather(*(client.patch(key, one) for one in roles))
    user = await client.get(f"/Users/{key}")
    assert {role["value"] for role in user["roles"]} == {f"r{n}" for n in range(8)}
    assert user["meta"]["version"] == 'W/"10"'
