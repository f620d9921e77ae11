"""Groups over HTTP as identity providers speak of them, on both databases."""

from typing import Any

import pytest

from tests.languages.test_scim_users import ENTERPRISE, JENSEN, PATCH, USER, Okta
from tests.served import Served

GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
AD_GROUP = "http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group"
SEARCH = "urn:ietf:params:scim:api:messages:2.0:SearchRequest"
Ids = dict[str, str]


class Client(Okta):
    """A client that pushes groups."""

    @classmethod
    async def of(cls, house: Served, provider: str = "okta", **settings: Any) -> "Client":
        return cls(house, await house.scim_token(provider, **settings))

    async def people(self, *names: str) -> Ids:
        """Users by their names."""
        made = {}
        for name in names:
            body = {
                "schemas": [USER],
                "userName": name,
                "displayName": name.title(),
                "name": {"givenName": name},
            }
            answer = await self.ask("POST", "/Users", body)
            assert answer.status_code == 201, answer.text
            made[name] = answer.json()["id"]
        return made

    async def group(self, name: str, *members: str, **more: object) -> str:
        body = {
            "schemas": [GROUP],
            "displayName": name,
            "members": [{"value": id_} for id_ in members],
            **more,
        }
        answer = await self.ask("POST", "/Groups", body)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    async def change(self, key: str, *operations: object, **more: Any) -> Any:
        return await self.ask(
            "PATCH", f"/Groups/{key}", {"schemas": [PATCH], "Operations": operations}, **more
        )

    async def members(self, key: str) -> set[str]:
        found = (await self.ask("GET", f"/Groups/{key}")).json()
        return {member["value"] for member in found.get("members", [])}

    async def find(self, endpoint: str, text: str) -> list[str]:
        answer = await self.ask("GET", endpoint, params={"filter": text})
        assert answer.status_code == 200, (text, answer.text)
        assert answer.json()["totalResults"] == len(answer.json()["Resources"])
        return [one["id"] for one in answer.json()["Resources"]]


async def test_a_group_has_members_with_their_addresses_and_users_have_their_groups(house: Served) -> None:
    okta = await Client.of(house)
    people = await okta.people("anna", "bert")
    made = await okta.ask(
        "POST", "/Groups",
        {"schemas": [GROUP], "displayName": "Tour Guides", "externalId": "e1", "id": "mine",
         "members": [{"value": people["anna"]}, {"value": people["bert"], "display": "B@x.org", "$ref": None}]},
    )  # fmt: skip
    assert made.status_code == 201
    group = made.json()
    base = f"{house.url}/scim/v2"
    assert made.headers["location"] == group["meta"]["location"] == f"{base}/Groups/{group['id']}"
    assert made.headers["etag"] == group["meta"]["version"] == 'W/"1"'
    assert (group["displayName"], group["externalId"], group["meta"]["resourceType"]) == (
        "Tour Guides",
        "e1",
        "Group",
    )
    assert group["members"] == [
        {
            "value": people["anna"],
            "type": "User",
            "display": "Anna",
            "$ref": f"{base}/Users/{people['anna']}",
        },
        {
            "value": people["bert"],
            "type": "User",
            "display": "B@x.org",
            "$ref": f"{base}/Users/{people['bert']}",
        },
    ]
    outer = await okta.group("Everybody", group["id"])
    inside = (await okta.ask("GET", f"/Groups/{outer}")).json()["members"]
    assert inside == [
        {
            "value": group["id"],
            "type": "Group",
            "display": "Tour Guides",
            "$ref": f"{base}/Groups/{group['id']}",
        }
    ]
    anna = (await okta.ask("GET", f"/Users/{people['anna']}")).json()
    assert anna["groups"] == [
        {
            "value": group["id"],
            "display": "Tour Guides",
            "type": "direct",
            "$ref": f"{base}/Groups/{group['id']}",
        },
        {"value": outer, "display": "Everybody", "type": "indirect", "$ref": f"{base}/Groups/{outer}"},
    ]
    listed = (await okta.ask("GET", "/Users")).json()["Resources"]
    assert [[one["type"] for one in user["groups"]] for user in listed] == [["direct", "indirect"]] * 2
    bare = (await okta.ask("GET", f"/Users/{people['anna']}?excludedAttributes=groups")).json()
    assert bare.pop("meta")["version"] == 'W/"1"'
    assert bare == {name: value for name, value in anna.items() if name not in ("groups", "meta")}
    only = (await okta.ask("GET", f"/Users/{people['anna']}?attributes=groups.type")).json()
    assert only["groups"] == [{"type": "direct"}, {"type": "indirect"}]


async def test_groups_of_a_user_are_read_only(house: Served) -> None:
    okta = await Client.of(house)
    people, key = await okta.people("anna"), await okta.group("A")
    body = {"schemas": [USER], "userName": "anna", "groups": [{"value": key}]}
    assert "groups" not in (await okta.ask("PUT", f"/Users/{people['anna']}", body)).json()
    answer = await okta.patch(people["anna"], {"op": "add", "path": "groups", "value": [{"value": key}]})
    assert (answer.status_code, answer.json()["scimType"]) == (400, "mutability")


async def test_filters_on_groups(house: Served) -> None:
    okta = await Client.of(house)
    people = await okta.people("anna", "bert")
    guides = await okta.group("Tour Guides", people["anna"], externalId="X1")
    outer = await okta.group("Everybody", guides, people["bert"])
    empty = await okta.group("Empty")
    for text, found in (
        ('displayName eq "tour guides"', [guides]), ('externalId eq "X1"', [guides]), ('externalId eq "x1"', []),
        (f'members.value eq "{people["anna"]}"', [guides]), (f'members eq "{guides}"', [outer]),
        (f'members[value eq "{people["bert"]}"]', [outer]), (f'members[value eq "{people["bert"]}" and type eq "Group"]', []),
        (f'id eq "{guides}" and members eq "{people["anna"]}"', [guides]),
        (f'id eq "{guides}" and members eq "{people["bert"]}"', []),
        (f'displayName eq "Everybody" and members.value eq "{guides}"', [outer]),
        ('members eq "nonsense"', []), ('members.$ref eq "x"', []), ('schemas eq "x"', []), ("members pr", [guides, outer]), ("not (members pr)", [empty]),
        ('members.type eq "group"', [outer]), ('members[type eq "User" and display eq "anna"]', [guides]),
        ('members.display co "er"', [outer]), (f'members.value ne "{people["anna"]}"', [outer, empty]),
        ('displayName sw "e" and not (displayName co "pt")', [outer]), ("externalId pr", [guides]),
        ('meta.created gt "2020-01-01T00:00:00Z"', [guides, outer, empty]), ('meta.resourceType eq "User"', []),
        (f'{GROUP}:displayName eq "empty" or externalId eq "X1"', [guides, empty]),
    ):  # fmt: skip
        assert await okta.find("/Groups", text) == found, text
    for text in ('nosuch eq "x"', 'userName eq "x"', 'members[nosuch eq "x"]', "displayName",
                 'members.value eq "x'):  # fmt: skip
        answer = await okta.ask("GET", "/Groups", params={"filter": text})
        assert (answer.status_code, answer.json()["scimType"]) == (400, "invalidFilter"), text


async def test_filters_on_users_see_everything_that_is_kept(house: Served) -> None:
    okta = await Client.of(house)
    anna = (
        await okta.add(
            userName="anna", externalId="1", name={"formatted": "Dr. Anna"}, roles=[{"value": "Boss", "primary": True}],
            emails=[{"value": "anna@x.org", "type": "work", "primary": True}, {"value": "Home@y.org", "type": "home"}],
            entitlements=[{"value": "cake"}], profileUrl="https://x.org/Anna", active=True,
        )
    )["id"]  # fmt: skip
    bert = (await okta.add(userName="bert", externalId="2", emails=[], phoneNumbers=[], addresses=[]))["id"]
    inner = await okta.group("Inner", anna)
    outer = await okta.group("Outer", inner)
    enterprise = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
    both = [anna, bert]
    for text, found in (
        ('emails[type eq "home"].value eq "HOME@Y.ORG"', [anna]), ('emails[type eq "work"].value eq "home@y.org"', []),
        ('emails.value eq "home@y.org"', [anna]), ('emails eq "anna@x.org"', [anna]), ('emails co "@y."', [anna]),
        ('emails[type eq "home" and value ew ".org"]', [anna]), ('emails[not (type eq "work")]', [anna]),
        ("emails[primary eq false]", [anna]), ('emails[primary eq true and value sw "home"]', []), ("emails pr", [anna]),
        ('emails.value ne "home@y.org"', [bert]), ('emails.type eq "WORK" or userName eq "bert"', both),
        ('phoneNumbers.value eq "555-555-5555"', [anna]), ('phoneNumbers[type eq "work"]', [anna]),
        ('addresses[locality eq "hollywood" and country eq "US"]', [anna]), ('addresses.country pr', [anna]),
        (f'{enterprise}:department eq "tour operations"', both), (f"{enterprise}:manager.value eq \"26118915\"", both),
        (f"{enterprise}:manager pr", both), (f'{enterprise}:costCenter pr', []), (f'{enterprise}:division ne "x"', both),
        ('roles.value eq "boss"', [anna]), ("roles[primary eq true]", [anna]), ('entitlements eq "cake"', [anna]),
        ('nickName eq "BABS"', both), ('nickName gt "baba"', both), ('name.formatted sw "dr."', [anna]), ("name pr", both),
        ('profileUrl eq "https://x.org/Anna"', [anna]), ('profileUrl eq "https://x.org/anna"', []),
        (f'groups.value eq "{inner}"', [anna]), (f'groups eq "{outer}"', [anna]), ('groups eq "x"', []),
        ('groups[display eq "outer" and type eq "indirect"]', [anna]), ("groups pr", [anna]), ("not (groups pr)", [bert]),
        ("x509Certificates pr", []), ('displayName eq "babs jensen" and nickName pr', both), ("userType pr", []),
    ):  # fmt: skip
        assert await okta.find("/Users", text) == found, text


async def test_filters_know_upper_and_lower_case_of_every_letter(house: Served) -> None:
    okta = await Client.of(house)
    zoe = (
        await okta.add(
            userName="1", externalId="1", displayName="ZOË Straße", title="ÉCRIVAIN", emails=[],
            roles=[{"value": "Ärztin"}], name={"familyName": "Ωmega"},
        )
    )["id"]  # fmt: skip
    other = (await okta.add(userName="2", externalId="2", displayName="zoe", title="x", emails=[]))["id"]
    for text, found in (
        ('displayName eq "zoë straße"', [zoe]), ('displayName eq "ZOË STRAẞE"', [zoe]), ('displayName ne "zoë straße"', [other]),
        ('displayName co "Ë s"', [zoe]), ('displayName sw "zoë"', [zoe]), ('displayName ew "AßE"', [zoe]),
        ('title eq "écrivain"', [zoe]), ('title sw "é"', [zoe]), ('title ne "Écrivain"', [other]), ('title gt "É"', [zoe]),
        ('roles eq "ÄRZTIN"', [zoe]), ('roles[value eq "ärztin"]', [zoe]), ('name.familyName eq "ωMEGA"', [zoe]),
        ('displayName eq "zoë straße"', []),  # which letters are one by their look is for keys alone
        ('userName eq "1" and displayName eq "zoë straße"', [zoe]),
    ):  # fmt: skip
        assert await okta.find("/Users", text) == found, text


async def test_documents_of_any_shape_break_no_filter(house: Served) -> None:
    okta = await Client.of(house)
    anna = (await okta.add())["id"]
    for odd in ({"emails": "x", "name": 5, "roles": {"value": "x"}}, {"emails": ["x", 5, None, [], {"value": 5}]},
                {"emails": [{"value": "x", "primary": "yes"}], "nickName": {"a": 1}}):  # fmt: skip
        changed = await house.ask("PATCH", f"/users/{anna}", {"auth_data": odd})
        assert changed.status_code == 200, changed.text
        for text in ('emails.value co "nosuch"', 'emails[type eq "x" and primary eq true]', 'roles.value eq "nosuch"',
                     'name.formatted eq "x"', 'nickName eq "x"', 'emails[type eq "x"].value eq "nosuch"'):  # fmt: skip
            assert await okta.find("/Users", text) == [], (odd, text)


async def test_names_are_unique_and_a_group_may_keep_its_own(house: Served) -> None:
    okta = await Client.of(house)
    key = await okta.group("A", externalId="1")
    for body in ({"displayName": "a"}, {"displayName": "b", "externalId": "1"}):
        answer = await okta.ask("POST", "/Groups", {"schemas": [GROUP], **body})
        assert (answer.status_code, answer.json()["scimType"]) == (409, "uniqueness")
    own = await okta.ask("PUT", f"/Groups/{key}", {"schemas": [GROUP], "displayName": "A", "externalId": "1"})
    assert (own.status_code, own.json()["meta"]["version"]) == (200, 'W/"1"')
    for body, kind in (({}, "invalidValue"), ({"displayName": " "}, "invalidValue"), ({"displayName": "x" * 257}, "invalidValue"),
                       ({"displayName": 5}, "invalidValue"), ({"displayName": "x", "members": "x"}, "invalidValue"),
                       ({"displayName": "x", "members": [{"display": "x"}]}, "invalidValue")):  # fmt: skip
        answer = await okta.ask("POST", "/Groups", {"schemas": [GROUP], **body})
        assert (answer.status_code, answer.json()["scimType"]) == (400, kind), body
    assert (await okta.ask("GET", "/Groups")).json()["totalResults"] == 1


async def test_put_makes_the_members_those_that_are_sent(house: Served) -> None:
    okta = await Client.of(house)
    people = await okta.people("anna", "bert", "carl")
    key = await okta.group("A", people["anna"], people["bert"], externalId="1")
    body = {
        "schemas": [GROUP],
        "displayName": "B",
        "members": [{"value": people["carl"]}, {"value": people["bert"]}],
    }
    group = (await okta.ask("PUT", f"/Groups/{key}", body)).json()
    assert ({one["value"] for one in group["members"]}, group["displayName"]) == (
        {people["bert"], people["carl"]},
        "B",
    )
    assert "externalId" not in group
    refused = await okta.ask(
        "PUT", f"/Groups/{key}", {**body, "members": [{"value": people["anna"]}, {"value": "x"}]}
    )
    assert (refused.status_code, refused.json()["scimType"]) == (400, "invalidValue")
    assert "x" in refused.json()["detail"]
    assert await okta.members(key) == {people["bert"], people["carl"]}
    assert (
        "members"
        not in (await okta.ask("PUT", f"/Groups/{key}", {"schemas": [GROUP], "displayName": "B"})).json()
    )


@pytest.mark.parametrize("profile", ["default", "entra", "okta", "strict"])
async def test_every_form_of_a_patch_of_members(house: Served, profile: str) -> None:
    okta = await Client.of(house, profile=profile)
    people = await okta.people("anna", "bert", "carl")
    anna, bert, carl = people.values()
    key, inner = await okta.group("A", anna), await okta.group("Inner")

    async def after(*operations: object) -> set[str]:
        answer = await okta.change(key, *operations)
        assert answer.status_code == 200, answer.text
        found = {one["value"] for one in answer.json().get("members", [])}
        assert found == await okta.members(key)
        return found

    add = {"op": "add", "path": "members"}
    assert await after({**add, "value": [{"value": bert}, {"value": anna}]}) == {anna, bert}
    version = (await okta.ask("GET", f"/Groups/{key}")).json()["meta"]
    assert await after({**add, "value": [{"value": bert.upper()}]}) == {anna, bert}
    assert (await okta.ask("GET", f"/Groups/{key}")).json()["meta"] == version  # idempotent
    assert await after({**add, "value": {"value": inner}}) == {anna, bert, inner}
    assert await after({"op": "remove", "path": "members", "value": [{"value": anna}]}) == {bert, inner}
    assert await after({"op": "remove", "path": "members", "value": []}) == {bert, inner}
    assert await after({"op": "remove", "path": f'members[value eq "{anna}"]'}) == {bert, inner}
    assert await after(
        {"op": "remove", "path": f'members[value eq "{bert}"]'}, {**add, "value": [{"value": carl}]}
    ) == {carl, inner}
    assert await after({"op": "remove", "path": 'members[type eq "Group"]'}) == {carl}
    one_each = [{**add, "value": [{"value": id_}]} for id_ in (anna, bert)]
    assert await after(
        *one_each, {"op": "remove", "path": f'members[value eq "{bert}" or value eq "{carl}"]'}
    ) == {anna}
    assert await after({"op": "replace", "path": "members", "value": [{"value": bert}, {"value": carl}]}) == {
        bert,
        carl,
    }
    swapped = {"op": "replace", "path": f'members[value eq "{bert}"]', "value": {"value": anna}}
    assert await after(swapped) == {anna, carl}
    assert await after({"op": "remove", "path": "members"}, {**add, "value": [{"value": bert}]}) == {bert}
    assert await after({"op": "remove", "path": 'members[display co "er"]'}) == set()
    assert await after(
        {**add, "value": [{"value": bert}]}, {"op": "replace", "path": "displayName", "value": "B"}
    ) == {bert}
    for operations, kind in (
        ([{**add, "value": [{"value": anna}, {"value": "nonsense"}]}], "invalidValue"),
        ([{"op": "replace", "path": "members", "value": [{"value": anna[::-1]}]}], "invalidValue"),
        ([{"op": "remove", "path": "members"}, {**add, "value": [{"value": key}]}], "invalidValue"),
        ([{"op": "replace", "path": f'members[value eq "{anna}"]', "value": {"value": carl}}], "noTarget"),
        ([{"op": "replace", "path": f'members[value eq "{bert}"].value', "value": carl}], "mutability"),
        ([{**add, "value": [{"value": anna}]}, {"op": "remove", "path": "displayName"}], "mutability"),
        ([{**add, "value": [{"value": anna}]}, {"op": "replace", "path": "displayName", "value": ""}], "invalidValue"),
        ([{"op": "remove", "path": 'members[nosuch eq "x"]'}], "invalidFilter"),
        ([{**add, "value": [{"value": anna}]}] * 1001, "tooMany"),
    ):  # fmt: skip
        answer = await okta.change(key, *operations)
        assert (answer.status_code, answer.json().get("scimType")) == (400, kind), (
            operations[0],
            answer.text,
        )
        assert await okta.members(key) == {bert}


async def test_the_forms_of_entra(house: Served) -> None:
    entra = await Client.of(house, "entra", profile="entra")
    anna, bert = (await entra.people("anna", "bert")).values()
    made = await entra.ask(
        "POST", "/Groups",
        {"schemas": [GROUP, AD_GROUP], "externalId": "8aa1a0c0-c4c3-4bc0-b4a5-2ef676900159", "displayName": "displayName",
         "meta": {"resourceType": "Group"}},
    )  # fmt: skip
    assert (made.status_code, "members" in made.json()) == (201, False)
    key = made.json()["id"]
    for operation, left in (
        ({"op": "Add", "path": "members", "value": [{"$ref": None, "value": anna}, {"$ref": None, "value": bert}]}, {anna, bert}),
        ({"op": "Remove", "path": "members", "value": [{"$ref": None, "value": anna}]}, {bert}),
        ({"op": "Add", "path": "members", "value": anna}, {anna, bert}),
        ({"op": "remove", "path": f'members[value eq "{bert}"]'}, {anna}),
        ({"op": "Replace", "path": "displayName", "value": "1879db59"}, {anna}),
        ({"op": "replace", "value": {"displayName": "again", "externalId": "e"}}, {anna}),
    ):  # fmt: skip
        assert (await entra.change(key, operation)).status_code in (200, 204), operation
        assert await entra.members(key) == left, operation
    read = (await entra.ask("GET", f"/Groups/{key}?excludedAttributes=members")).json()
    assert (read["displayName"], read["externalId"], "members" in read) == ("again", "e", False)
    asked = {"excludedAttributes": "members", "filter": 'displayName eq "again"'}
    found = (await entra.ask("GET", "/Groups", params=asked)).json()
    assert [one["id"] for one in found["Resources"]] == [key]
    assert await entra.find("/Groups", f'id eq "{key}" and members eq "{anna}"') == [key]
    assert await entra.find("/Groups", 'externalId eq "none"') == []
    assert (await entra.ask("DELETE", f"/Groups/{key}")).status_code == 204


async def test_the_forms_of_okta(house: Served) -> None:
    okta = await Client.of(house, "okta", profile="okta")
    anna, bert = (await okta.people("anna", "bert")).values()
    made = await okta.ask(
        "POST", "/Groups", {"schemas": [GROUP], "displayName": "Test SCIMv2", "members": []}
    )
    key = made.json()["id"]
    rename = {"op": "replace", "value": {"id": key, "displayName": "Test SCIMv2"}}
    assert (await okta.change(key, rename)).json()["meta"]["version"] == 'W/"1"'
    push = [rename, {"op": "replace", "path": "members", "value": [{"value": anna, "display": "anna@x.org"}]}]
    assert (await okta.change(key, *push)).json()["members"][0]["display"] == "anna@x.org"
    swap = [{"op": "remove", "path": f'members[value eq "{anna}"]'},
            {"op": "add", "path": "members", "value": [{"value": bert, "display": "bert@x.org"}]}]  # fmt: skip
    assert (await okta.change(key, rename, *swap)).status_code == 200
    assert await okta.members(key) == {bert}
    page = (await okta.ask("GET", "/Groups", params={"startIndex": 1, "count": 100})).json()
    assert (page["totalResults"], len(page["Resources"][0]["members"])) == (1, 1)
    body = {"schemas": [GROUP], "id": key, "displayName": "Renamed", "members": [{"value": anna}]}
    assert (await okta.ask("PUT", f"/Groups/{key}", body)).status_code == 200
    assert await okta.members(key) == {anna}


async def test_the_forms_of_authentik_and_others(house: Served) -> None:
    client = await Client.of(house, "authentik")
    people = list((await client.people("anna", "bert", "carl")).values())
    key = await client.group("People", externalId="1")
    ops = [{"op": "add", "path": "members", "value": [{"value": id_}]} for id_ in people]
    assert (await client.change(key, *ops)).status_code == 200
    value = {"schemas": [GROUP], "id": key, "externalId": "1", "displayName": "New"}
    assert (await client.change(key, {"op": "replace", "value": value})).json()["displayName"] == "New"
    gone = [{"op": "remove", "path": "members", "value": [{"value": id_}]} for id_ in people[:2]]
    await client.change(key, *gone)
    assert await client.members(key) == {people[2]}
    assert (await client.ask("GET", "/Groups", params={"startIndex": 1})).json()["totalResults"] == 1
    # OneLogin, JumpCloud and Ping: lower-case add and remove with value lists, a pathless add, a whole PUT.
    await client.change(key, {"op": "add", "value": {"members": [{"value": people[0]}]}})
    assert await client.members(key) == {people[0], people[2]}
    await client.change(
        key, {"op": "replace", "value": {"displayName": "P", "members": [{"value": people[1]}]}}
    )
    assert await client.members(key) == {people[1]}


async def test_entity_tags_of_groups(house: Served) -> None:
    okta = await Client.of(house)
    (anna,) = (await okta.people("anna")).values()
    key = await okta.group("A")
    assert (await okta.ask("GET", f"/Groups/{key}", headers={"if-none-match": 'W/"1"'})).status_code == 304
    add = {"op": "add", "path": "members", "value": [{"value": anna}]}
    assert (await okta.change(key, add, headers={"if-match": 'W/"7"'})).status_code == 412
    changed = await okta.change(key, add, headers={"if-match": 'W/"1"'})
    assert (changed.status_code, changed.headers["etag"]) == (200, 'W/"2"')
    body = {"schemas": [GROUP], "displayName": "B"}
    assert (await okta.ask("PUT", f"/Groups/{key}", body, headers={"if-match": 'W/"1"'})).status_code == 412
    assert (await okta.ask("DELETE", f"/Groups/{key}", headers={"if-match": 'W/"1"'})).status_code == 412
    assert (await okta.ask("DELETE", f"/Groups/{key}", headers={"if-match": 'W/"2"'})).status_code == 204
    assert (await okta.ask("GET", f"/Groups/{key}")).status_code == 404
    assert (await okta.ask("GET", f"/Users/{anna}")).json().get("groups") is None


async def test_a_group_that_goes_shows_in_the_tag_of_the_one_around_it(house: Served) -> None:
    okta = await Client.of(house)
    inner = await okta.group("Inner")
    outer, far = await okta.group("Outer", inner), await okta.group("Far")
    before = (await okta.ask("GET", f"/Groups/{outer}")).json()
    assert (await okta.ask("DELETE", f"/Groups/{inner}")).status_code == 204
    answer = await okta.ask("GET", f"/Groups/{outer}", headers={"if-none-match": 'W/"1"'})
    assert (answer.status_code, answer.headers["etag"]) == (200, 'W/"2"')
    assert "members" not in answer.json()
    assert answer.json()["meta"]["lastModified"] > before["meta"]["lastModified"]
    assert (await okta.ask("GET", f"/Groups/{far}")).headers["etag"] == 'W/"1"'


async def test_a_connection_sees_its_own_groups_only(house: Served) -> None:
    okta, entra = await Client.of(house), await Client.of(house, "entra")
    (anna,) = (await okta.people("anna")).values()
    key = await okta.group("A", anna)
    for method, body in (("GET", None), ("DELETE", None), ("PUT", {"schemas": [GROUP], "displayName": "x"}),
                         ("PATCH", {"schemas": [PATCH], "Operations": [{"op": "remove", "path": "members"}]})):  # fmt: skip
        for path in (f"/Groups/{key}", "/Groups/nonsense"):
            answer = await entra.ask(method, path, body)
            assert (answer.status_code, answer.json()["status"]) == (404, "404")
    assert (await entra.ask("GET", "/Groups")).json()["totalResults"] == 0
    assert await entra.find("/Groups", f'members.value eq "{anna}"') == []
    for member in (anna, key):
        answer = await entra.ask(
            "POST", "/Groups", {"schemas": [GROUP], "displayName": "T", "members": [{"value": member}]}
        )
        assert (answer.status_code, answer.json()["scimType"]) == (400, "invalidValue")
    assert await okta.members(key) == {anna}
    assert (await house.ask("GET", "/scim/v2/Groups", token=None)).status_code == 401


async def test_searches_by_post_of_groups_and_of_everything(house: Served) -> None:
    okta = await Client.of(house)
    anna, bert = (await okta.people("anna", "bert")).values()
    first, second = await okta.group("A", anna), await okta.group("B", bert)

    async def search(path: str, **asked: object) -> Any:
        return (await okta.ask("POST", f"{path}/.search", {"schemas": [SEARCH], **asked})).json()

    found = await search("/Groups", filter='displayName sw "a"', excludedAttributes=["members"])
    assert [(one["id"], "members" in one) for one in found["Resources"]] == [(first, False)]
    whole = await search("")
    assert [one["id"] for one in whole["Resources"]] == [anna, bert, first, second]
    assert whole["totalResults"] == 4
    assert [one["meta"]["location"].split("/")[-2] for one in whole["Resources"]] == [
        "Users",
        "Users",
        "Groups",
        "Groups",
    ]
    page = await search("", startIndex=2, count=2)
    assert ([one["id"] for one in page["Resources"]], page["totalResults"]) == ([bert, first], 4)
    last = await search("", startIndex=4, count=9)
    assert ([one["id"] for one in last["Resources"]], last["itemsPerPage"]) == ([second], 1)
    assert [one["id"] for one in (await search("", filter='userName eq "bert"'))["Resources"]] == [bert]
    assert (await search("", filter=f'members.value eq "{bert}"'))["totalResults"] == 1
    assert (await search("", filter='displayName eq "a" or displayName eq "anna"'))["totalResults"] == 2
    assert (await search("", filter='nosuch eq "x"'))["scimType"] == "invalidFilter"
    assert (await search("", count=0))["totalResults"] == 4


async def test_what_one_type_lacks_has_no_value_there(house: Served) -> None:
    """RFC 7644, 3.4.2.1: at the root, where all types are asked together."""
    okta = await Client.of(house)
    anna, bert = (await okta.people("anna", "bert")).values()
    first, second = await okta.group("A", anna), await okta.group("Anna")
    for text, found in (
        ('userName eq "bert" or displayName eq "A"', [bert, first]), ('displayName eq "anna"', [anna, second]),
        ('not (userName eq "anna")', [bert, first, second]), ('userName ne "anna"', [bert, first, second]),
        ('userName eq null', [first, second]), ("userName ne null", [anna, bert]), ("members pr", [first]),
        ('members[value pr] and displayName sw "a"', [first]), ("emails[primary eq true]", []), ('userName gt "a"', [anna, bert]),
        ('meta.resourceType eq "Group" or userName eq "anna"', [anna, first, second]),
        (f'id eq "{first}" and not (name.givenName co "x")', [first]),
    ):  # fmt: skip
        assert await okta.find("", text) == found, text
        answer = await okta.ask("POST", "/.search", {"schemas": [SEARCH], "filter": text, "startIndex": 2})
        assert [one["id"] for one in answer.json()["Resources"]] == found[1:], text
    for text in ("nosuch pr", "password pr", 'userName co 5', 'active gt true'):  # fmt: skip
        refused = await okta.ask("GET", "", params={"filter": text})
        assert (refused.status_code, refused.json()["scimType"]) == (400, "invalidFilter"), text
    assert (await okta.ask("GET", "")).json()["totalResults"] == 4
    assert (await okta.ask("GET", "/Groups", params={"filter": "userName pr"})).status_code == 400


async def test_a_large_group_is_no_answer_to_a_patch(house: Served) -> None:
    okta = await Client.of(house)
    people = [(await okta.add(userName=f"u{n}", externalId=f"{n}", emails=[]))["id"] for n in range(3)]
    key = await okta.group("A", *people)
    add = {"op": "add", "path": "members", "value": [{"value": people[0]}]}
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("service.api.scim_groups.SHOWN", 2)
        answer = await okta.change(key, add)
        assert (answer.status_code, answer.content) == (204, b"")
        for path in ("excludedAttributes=members", "attributes=displayName", "attributes=members"):
            body = {"schemas": [PATCH], "Operations": [add]}
            answer = await okta.ask("PATCH", f"/Groups/{key}?{path}", body)
            assert (answer.status_code, len(answer.json().get("members", []))) == (
                200,
                3 if path.endswith("=members") and path[0] == "a" else 0,
            )
        operation = {"method": "PATCH", "path": f"/Groups/{key}", "data": {"Operations": [add]}}
        bulk = {"schemas": ["urn:ietf:params:scim:api:messages:2.0:BulkRequest"], "Operations": [operation]}
        (told,) = (await okta.ask("POST", "/Bulk", bulk)).json()["Operations"]
        assert (told["status"], told["version"]) == ("200", 'W/"1"')  # whose members nobody has read
    assert (await okta.change(key, add)).status_code == 200


async def test_discovery_names_groups(house: Served) -> None:
    types = (await house.ask("GET", "/scim/v2/ResourceTypes", token=None)).json()["Resources"]
    assert [one["endpoint"] for one in types] == ["/Users", "/Groups"]
    schema = await house.ask("GET", f"/scim/v2/Schemas/{GROUP}", token=None)
    assert [one["name"] for one in schema.json()["attributes"]] == ["displayName", "members"]
    assert JENSEN["schemas"][0] == USER


async def test_a_users_tag_changes_with_the_groups_that_are_shown(house: Served) -> None:
    okta = await Client.of(house)
    people = await okta.people("anna", "bert")
    group = await okta.group("Staff", people["bert"])
    path = f"/Users/{people['anna']}"

    async def tag() -> str:
        answer = await okta.ask("GET", path)
        assert answer.headers["etag"] == answer.json()["meta"]["version"]
        again = await okta.ask("GET", path, headers={"If-None-Match": answer.headers["etag"]})
        assert again.status_code == 304
        return str(answer.headers["etag"])

    seen = [await tag()]
    for operation in (
        {"op": "add", "path": "members", "value": [{"value": people["anna"]}]},
        {"op": "replace", "path": "displayName", "value": "Crew"},
        {"op": "remove", "path": f'members[value eq "{people["anna"]}"]'},
    ):
        await okta.change(group, operation)
        stale = await okta.ask("GET", path, headers={"If-None-Match": seen[-1]})
        assert stale.status_code == 200, operation
        seen.append(await tag())
    assert seen[0] == seen[3] == 'W/"1"' and len(set(seen)) == 3
    # A change of the user takes nothing away from a group that has changed meanwhile.
    body = {"schemas": [PATCH], "Operations": [{"op": "add", "path": "title", "value": "Guide"}]}
    for given, status in ((seen[1], 200), (seen[1], 412), (seen[0], 412)):
        answer = await okta.ask("PATCH", path, body, headers={"If-Match": given})
        assert answer.status_code == status, given


async def test_filters_ask_of_addresses_types_schemas_and_versions(house: Served) -> None:
    okta = await Client.of(house)
    people = await okta.people("anna", "bert")
    anna, bert = people["anna"], people["bert"]
    inner = await okta.group("Inner", anna)
    outer = await okta.group("Outer", inner, bert)
    await okta.patch(anna, {"op": "add", "path": f"{ENTERPRISE}:department", "value": "Guides"})
    users, groups = f"{house.url}/scim/v2/Users", f"{house.url}/scim/v2/Groups"
    of_users = {
        f'groups.$ref eq "{groups}/{inner}"': {anna}, f'groups.$ref eq "{groups}/{outer}"': {anna, bert},
        f'groups.$ref ne "../Groups/{inner}"': {bert}, f'groups[$ref eq "{groups}/{outer}" and type eq "direct"]': {bert},
        f'groups.$ref eq "{users}/{anna}"': set(), 'groups.$ref eq "nonsense"': set(), "groups.$ref pr": {anna, bert},
        'groups[$ref pr and display eq "Inner"]': {anna}, f'groups[not ($ref eq "{groups}/{inner}")]': {anna, bert},
        f'meta.location eq "{users}/{anna}"': {anna}, f'meta.location ne "{users}/{anna}"': {bert},
        f'meta.location eq "{groups}/{anna}"': set(), "meta.location pr": {anna, bert},
        f'meta.location eq "{users}/{anna}" and userName eq "bert"': set(),
        'meta.version eq "W/\\"2\\""': {anna}, 'meta.version ne "W/\\"2\\""': {bert}, 'meta.version eq "2"': set(),
        f'schemas eq "{ENTERPRISE}"': {anna}, f'schemas ne "{ENTERPRISE}"': {bert}, f'schemas eq "{USER}"': {anna, bert},
        'schemas sw "urn:"': {anna, bert}, 'schemas ew "2.0:User" and not (schemas co "enterprise")': {bert},
        'schemas eq "urn:nothing"': set(), "schemas pr": {anna, bert}, 'meta.resourceType sw "Us"': {anna, bert},
        'meta.resourceType eq "Group"': set(), "meta.resourceType pr and meta.version pr": {anna, bert},
    }  # fmt: skip
    of_groups = {
        f'members.$ref eq "{users}/{bert}"': {outer}, f'members.$ref eq "{groups}/{inner}"': {outer},
        f'members.$ref eq "{groups}/{bert}"': set(), f'members[$ref eq "Users/{anna}"]': {inner},
        f'members.$ref ne "{users}/{bert}"': {inner}, "members.$ref pr": {inner, outer},
        f'meta.location eq "{groups}/{inner}"': {inner}, 'meta.version eq "W/\\"1\\""': {inner, outer},
        f'schemas eq "{GROUP}"': {inner, outer}, f'schemas eq "{ENTERPRISE}"': set(),
    }  # fmt: skip
    for endpoint, asked in (("/Users", of_users), ("/Groups", of_groups)):
        for text, wanted in asked.items():
            assert set(await okta.find(endpoint, text)) == wanted, text
    tag = (await okta.ask("GET", f"/Users/{anna}")).json()["meta"]["version"].replace('"', '\\"')
    assert await okta.find("/Users", f'meta.version eq "{tag}"') == [anna]
    for text in ('members.$ref co "x"', 'meta.version gt "1"', 'meta.location sw "http"'):
        assert (await okta.ask("GET", "/Groups", params={"filter": text})).status_code == 400, text
    for by in ("meta.location", "meta.version", "meta.resourceType"):
        answer = await okta.ask("GET", "/Users", params={"sortBy": by, "sortOrder": "descending"})
        assert answer.json()["totalResults"] == 2, by
    listed = (await okta.ask("GET", "/Users", params={"sortBy": "meta.version"})).json()["Resources"]
    assert [one["id"] for one in listed] == [bert, anna]
