"""Fields, filters and sorts through relations, and what may not be seen through them."""

from collections.abc import Iterable
from typing import Any
from urllib.parse import quote

import pytest

from tests.languages.asking import read
from tests.served import Served


async def _names(house: Served, filter_: object, **more: object) -> list[str | None]:
    users = await read(house, "/users", filter=filter_, fields="first_name", **more)
    return [user["first_name"] for user in users]


def _sorted(names: Iterable[str | None]) -> list[str | None]:
    return sorted(names, key=lambda name: name or "")


@pytest.fixture
async def staff(house: Served) -> dict[str, Any]:
    """Two roles, and four people beside the administrator: two editors, one writer, one without a role."""
    roles = {}
    for name in ("Editors", "Writers", "Nobodies"):
        made = await house.ask("POST", "/roles", {"name": name, "ip_access": ["10.0.0.1"] * len(roles)})
        roles[name] = made.json()["data"]["id"]
    people = [
        {"email": "ann@example.com", "first_name": "Ann", "role": roles["Editors"], "tags": ["a", "b"]},
        {"email": "bob@example.com", "first_name": "Bob", "role": roles["Editors"], "tags": []},
        {"email": "cid@example.com", "first_name": "Cid", "role": roles["Writers"], "description": "ÉTÉ"},
        {"email": "dan@example.com", "first_name": "Dan"},
    ]
    users = {}
    for person in people:  # one after the other, so that their keys rise
        made = await house.ask("POST", "/users", person)
        assert made.status_code == 200, made.text
        users[person["first_name"]] = made.json()["data"]["id"]
    return {"house": house, "roles": roles, "users": users}


async def test_a_relation_to_one_row_is_an_object_or_null(staff: dict[str, Any]) -> None:
    house = staff["house"]
    ann, dan = await read(
        house, "/users", filter={"first_name": {"_in": ["Ann", "Dan"]}}, fields="first_name,role.name,role.id",
        sort="first_name",
    )  # fmt: skip
    assert ann == {"first_name": "Ann", "role": {"name": "Editors", "id": staff["roles"]["Editors"]}}
    assert dan == {"first_name": "Dan", "role": None}
    (ann,) = await read(house, "/users", filter={"first_name": "Ann"}, fields="role")
    assert ann == {"role": staff["roles"]["Editors"]}
    (ann,) = await read(house, "/users", filter={"first_name": "Ann"}, fields="*.*")
    assert ann["first_name"] == "Ann"
    assert ann["tags"] == ["a", "b"]
    assert ann["role"]["name"] == "Editors"
    assert ann["role"]["ip_access"] == []
    assert sorted(ann["role"]["users"]) == sorted([staff["users"]["Ann"], staff["users"]["Bob"]])
    one = await read(house, f"/users/{staff['users']['Cid']}", fields="role.*,id")
    assert one["role"]["name"] == "Writers"
    me = await read(house, "/users/me", fields="role.admin_access,role.name")
    assert me == {"role": {"admin_access": True, "name": "Administrator"}}


async def test_a_relation_to_many_rows_is_a_list(staff: dict[str, Any]) -> None:
    house = staff["house"]
    roles = await read(house, "/roles", fields="name,users.first_name,users.role.name", sort="name")
    named = {role["name"]: role["users"] for role in roles}
    assert named["Editors"] == [
        {"first_name": "Ann", "role": {"name": "Editors"}}, {"first_name": "Bob", "role": {"name": "Editors"}},
    ]  # fmt: skip
    assert named["Nobodies"] == []
    (writers,) = await read(house, "/roles", filter={"name": "Writers"}, fields="users")
    assert writers == {"users": [staff["users"]["Cid"]]}
    (writers,) = await read(house, "/roles", filter={"name": "Writers"}, fields="users.*")
    assert writers["users"][0]["email"] == "cid@example.com"
    assert writers["users"][0]["password"] is None
    (ann,) = await read(house, "/users", filter={"first_name": "Ann"}, fields="role.users.first_name")
    assert ann == {"role": {"users": [{"first_name": "Ann"}, {"first_name": "Bob"}]}}


async def test_deep_chooses_among_the_rows_of_a_relation(staff: dict[str, Any]) -> None:
    house = staff["house"]

    async def users(**deep: object) -> list[str]:
        (role,) = await read(
            house, "/roles", filter={"name": "Editors"}, fields="users.first_name", deep={"users": deep}
        )
        return [user["first_name"] for user in role["users"]]

    assert await users(_sort="-first_name") == ["Bob", "Ann"]
    assert await users(_limit=1) == ["Ann"]
    assert await users(_limit=1, _page=2) == ["Bob"]
    assert await users(_offset=1) == ["Bob"]
    assert await users(_limit=-1, _sort=["first_name"]) == ["Ann", "Bob"]
    assert await users(_filter={"email": {"_eq": "BOB@example.com"}}) == ["Bob"]
    assert await users(_search="ANN@") == ["Ann"]
    (ann,) = await read(
        house, "/users", filter={"first_name": "Ann"}, fields="role.users.id",
        deep={"role": {"users": {"_filter": {"first_name": {"_neq": "Ann"}}, "_fields": ["first_name"]}}},
    )  # fmt: skip
    assert ann == {"role": {"users": [{"id": staff["users"]["Bob"], "first_name": "Bob"}]}}


async def test_deep_decides_whether_one_row_is_shown(staff: dict[str, Any]) -> None:
    house = staff["house"]

    async def people(fields: str, **deep: object) -> list[Any]:
        return await read(
            house, "/users", filter={"first_name": {"_nnull": True}}, sort="first_name", fields=fields,
            deep={"role": deep},
        )  # fmt: skip

    editors, nothing = {"role": {"name": "Editors"}}, {"role": None}
    assert await people("role.name", _filter={"name": {"_eq": "Editors"}}) == [editors] * 2 + [nothing] * 2
    some = {"users": {"_some": {"first_name": {"_eq": "Cid"}}}}
    assert await people("role.name", _filter=some) == [
        nothing,
        nothing,
        {"role": {"name": "Writers"}},
        nothing,
    ]
    assert await people("role.name", _search="writ") == [
        nothing,
        nothing,
        {"role": {"name": "Writers"}},
        nothing,
    ]
    key = staff["roles"]["Editors"].upper()
    assert await people("role.name", _search=key) == [editors] * 2 + [nothing] * 2
    everything = [editors, editors, {"role": {"name": "Writers"}}, nothing]
    pages = {"_sort": "-name", "_limit": 0, "_page": 3, "_offset": 2}
    assert await people("role.name", **pages) == everything  # of one row there is no order and no page
    assert await people("role.id", _filter={"name": "Nobodies"}, **pages) == [nothing] * 4
    ann, *_ = await people(
        "role.id", _fields=["name"], _alias={"called": "name"}, _filter={"name": "Editors"}
    )
    assert ann == {"role": {"id": staff["roles"]["Editors"], "name": "Editors"}}
    ann, *_ = await people("role.called", _alias={"called": "name"})
    assert ann == {"role": {"called": "Editors"}}
    assert (await people("role", _filter={"name": "Nobodies"}))[0] == {"role": staff["roles"]["Editors"]}


async def test_what_is_asked_below_one_row_goes_on_through_it(staff: dict[str, Any]) -> None:
    house = staff["house"]
    first = {"users": {"_limit": 1, "_sort": "-first_name", "role": {"_filter": {"name": {"_nnull": True}}}}}
    found = await read(
        house, "/users", filter={"first_name": {"_nnull": True}}, sort="first_name",
        fields="first_name,role.users.first_name,role.users.role.name,other.users.first_name",
        alias={"other": "role"}, deep={"role": {"_filter": {"name": "Editors"}, **first}},
    )  # fmt: skip
    bob = {"users": [{"first_name": "Bob", "role": {"name": "Editors"}}]}
    both = {"users": [{"first_name": "Ann"}, {"first_name": "Bob"}]}
    assert found == [
        {"first_name": "Ann", "role": bob, "other": both},
        {"first_name": "Bob", "role": bob, "other": both},
        {"first_name": "Cid", "role": None, "other": {"users": [{"first_name": "Cid"}]}},
        {"first_name": "Dan", "role": None, "other": None},
    ]
    table = await house.ask(
        "GET", "/users?fields=first_name,role.name&sort=first_name&export=csv"
        "&deep[role][_filter][name]=Writers&filter[role][name][_in]=Writers,Editors",
    )  # fmt: skip
    assert table.text.split() == ["first_name,role.name", "Ann,", "Bob,", "Cid,Writers"]
    (writers,) = await read(
        house, "/roles", filter={"name": "Writers"}, fields="users.role.users.role.name",
        deep={"users": {"role": {"users": {"role": {"_search": "nobody"}}}}},
    )  # fmt: skip
    assert writers == {"users": [{"role": {"users": [{"role": None}]}}]}


async def test_an_answer_holds_so_many_related_rows_and_no_more(
    staff: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each object counts the rows that it shows, also where two show the same."""
    from service.dialects import related

    house = staff["house"]
    asked = "/users?filter[role][name]=Editors&fields=role.users.id"
    monkeypatch.setattr(related, "MOST_RELATED", 4)
    assert (await house.ask("GET", asked)).status_code == 200
    monkeypatch.setattr(related, "MOST_RELATED", 3)
    for query in (asked, f"{asked}&deep[role][_filter][name]=Editors"):
        answer = await house.ask("GET", query)
        assert answer.status_code == 400
        assert "at most 3 related rows" in answer.text


async def test_an_alias_is_a_second_name(staff: dict[str, Any]) -> None:
    (ann,) = await read(
        staff["house"], "/users", filter={"first_name": "Ann"}, fields="group.name,mail,first_name,role",
        alias={"group": "role", "mail": "email"},
    )  # fmt: skip
    assert ann == {
        "group": {"name": "Editors"}, "mail": "ann@example.com", "first_name": "Ann",
        "role": staff["roles"]["Editors"],
    }  # fmt: skip
    (role,) = await read(
        staff["house"], "/roles", filter={"name": "Editors"}, fields="users.first_name,last.first_name",
        alias={"last": "users"}, deep={"last": {"_sort": "-first_name", "_limit": 1}},
    )  # fmt: skip
    assert role["last"] == [{"first_name": "Bob"}]
    assert role["users"] == [{"first_name": "Ann"}, {"first_name": "Bob"}]


async def test_every_word_means_the_aliases_too(staff: dict[str, Any]) -> None:
    house, editors = staff["house"], staff["roles"]["Editors"]
    ann_alone = {"filter": {"first_name": "Ann"}, "alias": {"group": "role", "mail": "email"}}
    for fields in ({}, {"fields": "*"}):
        (ann,) = await read(house, "/users", **ann_alone, **fields)
        assert (ann["group"], ann["mail"]) == (ann["role"], ann["email"]) == (editors, "ann@example.com")
    (ann,) = await read(house, "/users", **ann_alone, fields="*.id")
    assert ann["group"] == ann["role"] == {"id": editors}
    (role,) = await read(
        house, "/roles", filter={"name": "Editors"}, alias={"last": "users", "count": "count(users)"},
        deep={"last": {"_sort": "-first_name", "_limit": 1}},
    )  # fmt: skip
    assert (len(role["users"]), len(role["last"]), role["count"]) == (2, 1, 2)
    _, token = await house.person("eve@example.com", role=editors)
    await house.ask("POST", "/permissions", {
        "role": editors, "collection": "directus_roles", "action": "read", "fields": ["name"],
    })  # fmt: skip
    hidden = {"name": "Writers"}
    (seen,) = await read(
        house, "/roles", token, filter=hidden, alias={"called": "name", "all": "users", "is": "admin_access"}
    )
    assert (seen["called"], seen["all"], seen["is"]) == ("Writers", [], None)


async def test_filters_and_sorts_reach_through_relations(staff: dict[str, Any]) -> None:
    house = staff["house"]
    assert _sorted(await _names(house, {"role": {"name": {"_eq": "Editors"}}})) == ["Ann", "Bob"]
    assert _sorted(await _names(house, {"role": {"name": {"_neq": "Editors"}}})) == [None, "Cid"]
    assert _sorted(await _names(house, {"role": {"name": {"_null": True}}})) == ["Dan"]
    assert _sorted(await _names(house, {"role": {"_null": True}})) == ["Dan"]
    either = [{"name": {"_eq": "Editors"}}, {"name": {"_istarts_with": "WRIT"}}]
    assert _sorted(await _names(house, {"role": {"_or": either}})) == ["Ann", "Bob", "Cid"]
    both = {"role": {"_nnull": True, "users": {"_some": {"first_name": {"_eq": "Ann"}}}}}
    assert _sorted(await _names(house, both)) == ["Ann", "Bob"]
    assert _sorted(await _names(house, {"role": {"count(ip_access)": {"_eq": 1}}})) == ["Cid"]
    assert await _names(house, {"first_name": {"_nnull": True}}, sort="-role.name,first_name") == [
        "Dan", "Cid", "Ann", "Bob",
    ]  # fmt: skip

    async def roles(filter_: object, **more: object) -> list[str]:
        return [role["name"] for role in await read(house, "/roles", filter=filter_, fields="name", **more)]

    by_name = {"sort": "name"}
    assert await roles({"users": {"first_name": {"_eq": "Ann"}}}, **by_name) == ["Editors"]
    assert await roles({"users": {"_some": {"first_name": {"_eq": "Cid"}}}}, **by_name) == ["Writers"]
    assert await roles({"users": {"_none": {"first_name": {"_nnull": True}}}}, **by_name) == [
        "Administrator", "Nobodies",
    ]  # fmt: skip
    assert await roles({"users": {"_none": {}}}, **by_name) == ["Nobodies"]
    assert await roles({"users": {"role": {"name": {"_eq": "Writers"}}}}, **by_name) == ["Writers"]
    assert await roles({"count(users)": {"_gte": 2}}, **by_name) == ["Editors"]
    assert await roles({}, sort="-count(users),name") == ["Editors", "Administrator", "Writers", "Nobodies"]
    assert await roles({}, search="WRIT") == ["Writers"]
    assert await roles({}, search=staff["roles"]["Editors"].upper()) == ["Editors"]


async def test_a_person_sees_through_relations_what_they_may_read_only(staff: dict[str, Any]) -> None:
    house = staff["house"]
    editors = staff["roles"]["Editors"]
    key, token = await house.person("eve@example.com", first_name="Eve", role=editors)
    _, stranger = await house.person("fay@example.com", first_name="Fay")
    me = await read(house, "/users/me", token, fields="first_name,role.name,role.users.first_name")
    assert me == {"first_name": "Eve", "role": {"name": "Editors", "users": [{"first_name": "Eve"}]}}
    assert await read(house, "/users/me", stranger, fields="role.*") == {"role": None}
    seen = await read(house, "/roles", token, fields="name,users,count(users)")
    assert seen == [{"name": "Editors", "users": [key], "users_count": 1}]
    others = {"role": {"users": {"first_name": {"_eq": "Ann"}}}}
    assert await read(house, "/users", token, filter=others) == []
    hidden = {"role": {"_filter": {"users": {"_some": {"first_name": {"_eq": "Ann"}}}}}}
    assert await read(house, "/users/me", token, fields="role.name", deep=hidden) == {"role": None}
    own = {"role": {"_filter": {"users": {"_some": {"first_name": {"_eq": "Eve"}}}}}}
    assert await read(house, "/users/me", token, fields="role.name", deep=own) == {
        "role": {"name": "Editors"}
    }
    assert await read(house, "/roles", token, filter={"users": {"email": {"_starts_with": "ann"}}}) == []
    own = {"role": {"users": {"first_name": {"_eq": "Eve"}}}}
    assert [user["id"] for user in await read(house, "/users", token, filter=own)] == [key]


REFUSED = [
    "fields=role.nope",
    "fields=email.x",
    "fields=nope.*",
    "fields=" + ".".join(["role", "users"] * 6),
    "fields=year(email)",
    "fields=nope(email)",
    "fields=year(",
    "filter[role][nope]=x",
    "filter[role][name][nope]=x",
    "filter[role][_some][name]=x",
    "filter[_some][email]=x",
    "filter[email][email]=x",
    "filter[role][users][password][_eq]=x",
    "filter[role][users]=x",
    "filter[year(email)]=1",
    "filter[year(last_access)]=x",
    "filter=" + quote('{"role":{"users":' * 7 + '{"id":{"_null":true}}' + "}}" * 7),
    "sort=role.users.email",
    "sort=role.nope",
    "sort=email.x",
    "sort=role.ip_access",
    "sort=" + "role." * 12 + "name",
    "sort=" + ",".join(["email"] * 30),
    "alias[a.b]=role",
    "alias[x]=role.name",
    "alias=x",
    "alias[x]=nope",
    "deep=x",
    "deep[_limit]=1",
    "deep[role][name]=x",
    "deep[nope][_limit]=1",
    "deep[role][_nope]=1",
    "deep[role][_limit]=x",
    "deep[role][_sort]=nope",
    "deep[role][_filter][nope]=1",
    "deep[role][_filter][name][_nope]=1",
    "deep[role][_alias][x]=a.b",
    "deep[role][_alias]=x",
    "deep[role][_aggregate][count]=*",
    "deep[avatar][_filter][email]=x",
    "deep[role][users][_nope]=1",
    "deep[role][users][_limit]=-2",
    "deep[role][users][_filter][nope]=1",
    "deep[role][users][_sort]=password",
    "version=draft",
]


async def test_what_cannot_be_asked_of_relations_says_why(house: Served) -> None:
    for query in REFUSED:
        answer = await house.ask("GET", f"/users?{query}")
        assert answer.status_code == 400, (query, answer.text)
        error = answer.json()["errors"][0]["extensions"]
        assert error["code"] == "INVALID_QUERY", query
        assert len(error["reason"]) > 10, query
