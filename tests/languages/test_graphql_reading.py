"""`/graphql/system`: queries, on both databases."""

from typing import Any

import pytest

from service.database import new_key
from tests.languages.graph import data, gql, refused
from tests.served import Served, refusal


async def _furnish(house: Served) -> Served:
    """Three people beside the administrator; two have the role Editor."""
    role = (await house.ask("POST", "/roles", {"name": "Editor"})).json()["data"]["id"]
    made = [
        {
            "email": "ann@example.com",
            "first_name": "Ann",
            "last_name": "Anders",
            "role": role,
            "tags": ["a", "b"],
        },
        {"email": "bob@example.com", "first_name": "Bob", "last_name": "Brown", "role": role},
        {"email": "cid@example.org", "first_name": "Cid", "last_name": "Anders", "status": "suspended"},
    ]
    answer = await house.ask("POST", "/users", made)
    assert answer.status_code == 200, answer.text
    return house


@pytest.fixture(scope="module")
async def furnished(lasting_house: Served) -> Served:
    """With the people, for tests that only read."""
    return await _furnish(lasting_house)


@pytest.fixture
async def people(house: Served) -> Served:
    """A house of their own with the people, for tests that change something."""
    return await _furnish(house)


async def test_the_documented_list(reading: Served) -> None:
    found = await data(reading, "query { users { first_name last_name email } }")
    assert {"first_name": "Ann", "last_name": "Anders", "email": "ann@example.com"} in found["users"]
    assert len(found["users"]) == 4


async def test_one_by_its_key_and_oneself(reading: Served) -> None:
    query = "query One($id: ID!) { users_by_id(id: $id) { id email } }"
    assert (await data(reading, query, {"id": reading.admin}))["users_by_id"]["email"] == "admin@example.com"
    assert (await data(reading, query, {"id": new_key()}))["users_by_id"] is None
    assert (await data(reading, query, {"id": "no key"}))["users_by_id"] is None
    me = await data(reading, "{ users_me { id email role { name } password token tfa_secret } }")
    assert me["users_me"] == {
        "id": reading.admin, "email": "admin@example.com", "role": {"name": "Administrator"},
        "password": None, "token": "**********", "tfa_secret": None,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("arguments", "names"),
    [
        ('filter: {last_name: {_eq: "Anders"}}, sort: ["-first_name"]', ["Cid", "Ann"]),
        (
            'filter: {_or: [{email: {_ends_with: "org"}}, {role: {name: {_eq: "Editor"}}}]}',
            ["Ann", "Bob", "Cid"],
        ),
        ('filter: {role: {users: {first_name: {_eq: "Bob"}}}}', ["Ann", "Bob"]),
        ("filter: {tags_func: {count: {_eq: 2}}}", ["Ann"]),
        ("filter: {last_access_func: {year: {_gt: 2100}}}", []),
        ('filter: {first_name: {_in: ["Ann", "Cid"], _neq: "Cid"}}', ["Ann"]),
        ('search: "brown"', ["Bob"]),
        ('filter: {first_name: {_nnull: true}}, limit: 1, offset: 1, sort: ["first_name"]', ["Bob"]),
        ('filter: {first_name: {_nnull: true}}, limit: 1, page: 3, sort: ["first_name"]', ["Cid"]),
        ("limit: 0", []),
    ],
)
async def test_arguments_choose_order_and_cut(reading: Served, arguments: str, names: list[str]) -> None:
    sort = "" if "sort" in arguments or arguments == "limit: 0" else ', sort: ["first_name"]'
    found = await data(reading, f"{{ users({arguments}{sort}) {{ first_name }} }}")
    assert [user["first_name"] for user in found["users"]] == names


async def test_relations_functions_aliases_fragments_and_type_names(reading: Served) -> None:
    query = """
        query Q($more: Boolean!) {
          editors: users(filter: {role: {name: {_eq: "Editor"}}}, sort: ["email"]) {
            ...Names
            kind: __typename
            role
            group: role { name __typename members: users(sort: ["-email"], limit: 1) { mail: email } users_func { count } }
            tags_func { n: count __typename }
            email @skip(if: $more)
            title @include(if: $more)
          }
        }
        fragment Names on directus_users { first: first_name ... on directus_users { last_name } }
    """
    found = await data(reading, query, {"more": True})
    role = (await data(reading, '{ roles(filter: {name: {_eq: "Editor"}}) { id } }'))["roles"][0]["id"]
    ann = {
        "first": "Ann", "last_name": "Anders", "kind": "directus_users", "role": role,
        "group": {
            "name": "Editor", "__typename": "directus_roles", "members": [{"mail": "bob@example.com"}],
            "users_func": {"count": 2},
        },
        "tags_func": {"n": 2, "__typename": "count_functions"}, "title": None,
    }  # fmt: skip
    assert found["editors"][0] == ann
    assert found["editors"][1]["tags_func"]["n"] is None


async def test_a_relation_may_be_bare_and_is_then_the_key(reading: Served) -> None:
    found = await data(reading, '{ users(sort: ["email"]) { role } roles { users } }')
    assert found["users"][0] == {"role": reading.role}
    assert {"users": [reading.admin]} in found["roles"]


async def test_type_names_alone_are_an_answer(reading: Served) -> None:
    query = "{ users(limit: 2) { __typename } roles(limit: 1) { kind: __typename users { __typename } } }"
    assert await data(reading, query) == {
        "users": [{"__typename": "directus_users"}] * 2,
        "roles": [{"kind": "directus_roles", "users": [{"__typename": "directus_users"}]}],
    }


async def test_sums_and_groups(reading: Served) -> None:
    query = """{ users_aggregated(groupBy: ["status"], sort: ["status"]) {
        group countAll n: count { id email } countDistinct { last_name } } }"""
    found = await data(reading, query)
    assert found["users_aggregated"] == [
        {
            "group": {"status": "active"},
            "countAll": 3,
            "n": {"id": 3, "email": 3},
            "countDistinct": {"last_name": 2},
        },
        {
            "group": {"status": "suspended"},
            "countAll": 1,
            "n": {"id": 1, "email": 1},
            "countDistinct": {"last_name": 1},
        },
    ]
    assert (await data(reading, "{ users_aggregated { countAll } }"))["users_aggregated"] == [{"countAll": 4}]


async def test_history_is_read(reading: Served) -> None:
    query = """{ activity(filter: {collection: {_eq: "directus_users"}, action: {_eq: "create"}}, sort: ["-id"], limit: 1)
        { id action user { email } timestamp_func { year } revisions { collection data } } }"""
    found = (await data(reading, query))["activity"][0]
    assert found["user"] == {"email": "admin@example.com"}
    assert found["revisions"][0]["data"]["email"] == "cid@example.org"
    assert found["timestamp_func"]["year"] >= 2026


async def test_the_schema_tells_of_itself(reading: Served) -> None:
    query = '{ __typename __schema { queryType { name } } __type(name: "directus_users") { fields { name } } users(limit: 0) { id } }'
    found = await data(reading, query)
    assert found["__typename"] == "Query"
    assert found["__schema"] == {"queryType": {"name": "Query"}}
    names = [field["name"] for field in found["__type"]["fields"]]
    assert names[:3] == ["id", "first_name", "last_name"] and "last_access_func" in names


async def test_the_schema_is_cut_to_what_the_caller_may_see(people: Served) -> None:
    _, token = await people.person("dan@example.com")
    assert await refused(people, "{ users { id } }", token=None)
    assert await refused(people, "{ users_me { id } }", token=None)
    assert await refused(people, "{ activity { id } }", token=token)
    assert (await data(people, "{ users { email } users_me { email } }", token=token))["users"] == [
        {"email": "dan@example.com"}
    ]
    for who, seen, hidden in (
        (None, "auth_login", "type directus_users "),
        (token, "update_users_me", "create_users_item"),
        ("", "create_users_item", "nothing is hidden from administrators"),
    ):
        text = (await people.ask("GET", "/server/specs/graphql/system", token=who)).text
        assert seen in text and hidden not in text
        asked = await data(
            people, "{ system: server_specs_graphql items: server_specs_graphql(scope: items) }", token=who
        )
        assert asked == {"system": text, "items": None}


async def test_get_asks_and_cannot_change(reading: Served) -> None:
    query = {
        "query": "query($i: ID!) { users_by_id(id: $i) { id } }",
        "variables": f'{{"i": "{reading.admin}"}}',
    }
    answer = await reading.ask("GET", "/graphql/system", params=query)
    assert answer.json() == {"data": {"users_by_id": {"id": reading.admin}}}
    change = {"query": 'mutation { update_users_me(data: {title: "x"}) { id } }'}
    answer = await reading.ask("GET", "/graphql/system", params=change)
    assert answer.status_code == 405
    assert answer.json()["errors"][0]["extensions"] == {
        "code": "METHOD_NOT_ALLOWED", "allowed": ["POST"], "current": "GET",
    }  # fmt: skip
    assert (await reading.ask("PUT", "/graphql/system", {"query": "{ users_me { id } }"})).status_code == 405


@pytest.mark.parametrize("body", [{}, {"query": ""}, [{"query": "{ users_me { id } }"}], {"query": 1}, None])
async def test_without_a_query_there_is_no_answer(reading: Served, body: Any) -> None:
    answer = await reading.ask("POST", "/graphql/system", body)
    assert answer.status_code == 400
    error = answer.json()["errors"][0]
    assert error["message"] == "Invalid payload. Must provide query string."
    assert error["extensions"] == {"code": "INVALID_PAYLOAD", "reason": "Must provide query string"}


@pytest.mark.parametrize(
    "query",
    [
        "query { users { nope } }",
        "query { nope }",
        "query { users { ",
        "query { users(filter: {nope: {_eq: 1}}) { id } }",
        "query { users }",
        "query A { users_me { id } } query B { users_me { id } }",
        "query($id: ID!) { users_by_id(id: $id) { id } }",
        "subscription { directus_users_mutated { key } }",
        "{ users { ...A } } fragment A on directus_users { id ...A }",
        "{ users { id } }" * 2,
    ],
)
async def test_a_bad_document_is_refused_as_a_whole(reading: Served, query: str) -> None:
    assert await refused(reading, query)


async def test_documents_are_bounded(reading: Served) -> None:
    deep = "role { users { " * 8 + "id" + " } }" * 8
    assert "15 levels" in (await refused(reading, f"{{ users {{ {deep} }} }}"))[0]
    assert (
        "500 fields"
        in (await refused(reading, "{ users { " + " ".join(f"a{n}: id" for n in range(501)) + " } }"))[0]
    )
    assert (
        "at most 50"
        in (await refused(reading, "{ " + " ".join(f"a{n}: server_ping" for n in range(51)) + " }"))[0]
    )
    assert "token" in (await refused(reading, "{ users { id } " + " " + "a:id " * 2000 + "}"))[0].lower()
    bomb = "fragment F0 on directus_users { id email }" + "".join(
        f"fragment F{n} on directus_users {{ x{n}: role {{ name }} ...F{n - 1} y{n}: role {{ name }} ...F{n - 1} }}"
        for n in range(1, 15)
    )
    assert "500 fields" in (await refused(reading, "{ users { ...F14 } }" + bomb))[0]
    assert await refused(reading, "{ " * 4000)


async def test_an_error_of_one_field_leaves_the_others(reading: Served) -> None:
    body = await gql(
        reading,
        '{ users_me { id } a: users_by_id(id: "01a200bc-bbd0-7a27-bae0-9c66d6e8fed4", version: "v") { id } }',
    )
    assert body["data"] == {"users_me": {"id": reading.admin}, "a": None}
    (error,) = body["errors"]
    assert error["path"] == ["a"]
    assert error["locations"] == [{"line": 1, "column": 19}]
    assert error["extensions"]["code"] == "INVALID_QUERY"
    body = await gql(reading, '{ users_me { id } users(sort: ["nope"]) { id } }')
    assert body["data"] is None  # the list may not be null, so nothing is
    assert body["errors"][0]["extensions"]["code"] == "INVALID_QUERY"


async def test_arguments_decide_whether_one_row_is_shown(reading: Served) -> None:
    query = """query People($named: String) {
      users(sort: ["first_name"], filter: { first_name: { _nnull: true } }) {
        first_name
        editor: role(filter: { name: { _eq: $named } }, limit: 0, sort: ["-name"]) { name people: users { id } }
        key: role(search: "edit")
        none: role(filter: { users_func: { count: { _gt: 2 } } }) { name }
        role { name }
      }
    }"""
    ann, _, cid = (await data(reading, query, {"named": "Editor"}))["users"]
    assert ann["editor"]["name"] == "Editor"
    assert len(ann["editor"]["people"]) == 2
    assert ann["key"] == (await data(reading, '{ roles(search: "edit") { id } }'))["roles"][0]["id"]
    assert (ann["none"], ann["role"]) == (None, {"name": "Editor"})
    assert cid == {"first_name": "Cid", "editor": None, "key": None, "none": None, "role": None}
    ann, *_ = (await data(reading, query, {"named": "Writer"}))["users"]
    assert (ann["editor"], ann["role"]) == (None, {"name": "Editor"})
    wrong = await gql(reading, '{ users { role(sort: ["nope"]) { name } } }')
    assert wrong["errors"][0]["extensions"]["code"] == "INVALID_QUERY"


async def test_one_statement_for_each_level(reading: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    from service.dialects.statements import Asking

    asked: list[str] = []
    plain = Asking.rows

    async def counted(self: Asking, tx: Any, values: Any) -> Any:
        asked.append(str(self.statement)[:60])
        return await plain(self, tx, values)

    monkeypatch.setattr(Asking, "rows", counted)
    await data(reading, "{ users { id role { name users { email } } } }")
    assert len(asked) == 2
    asked.clear()
    known = "{ users { role(filter: { name: { _nnull: true } }) { name users { role { users { id } } } } } }"
    await data(reading, known)
    assert len(asked) == 4


async def test_the_lists_of_a_document_are_bounded_together(
    reading: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    from service.api.graphql import runs
    from service.api.graphql.asking import Budget

    monkeypatch.setattr(runs, "Budget", lambda: Budget(5))
    assert len((await data(reading, "{ a: users(limit: -1) { id } }"))["a"]) == 4
    body = await gql(reading, "{ a: users(limit: -1) { id } b: users(limit: -1) { id } }")
    assert "too many rows" in body["errors"][0]["message"]
    assert body["errors"][0]["path"] == ["b"]


async def test_a_bad_token_is_told_as_in_rest(reading: Served) -> None:
    answer = await reading.ask("POST", "/graphql/system", {"query": "{ server_ping }"}, token="garbage")
    assert refusal(answer) == (401, "INVALID_CREDENTIALS")
    assert (await data(reading, "{ server_ping server_health server_info { project { project_name } } }", token=None)) == {
        "server_ping": "pong", "server_health": {"status": "ok"}, "server_info": {"project": {"project_name": "idbridge"}},
    }  # fmt: skip


async def test_the_token_may_stand_in_the_address(reading: Served) -> None:
    answer = await reading.ask(
        "POST", f"/graphql/system?access_token={reading.token}", {"query": "{ users_me { id } }"}, token=None
    )
    assert answer.json() == {"data": {"users_me": {"id": reading.admin}}}


async def test_the_schema_follows_the_rules_of_the_role(people: Served) -> None:
    role = (await people.ask("POST", "/roles", {"name": "Readers"})).json()["data"]["id"]
    rules = [
        {"role": role, "collection": "directus_users", "action": "read", "fields": ["id", "email"]},
        {"role": role, "collection": "directus_users", "action": "create", "fields": ["email", "title"]},
        {"role": None, "collection": "directus_roles", "action": "read", "fields": ["name"]},
    ]
    assert (await people.ask("POST", "/permissions", rules)).status_code == 200
    _, token = await people.person("reader@example.com", role=role)
    found = await data(people, '{ users(sort: ["email"]) { email } }', token=token)
    assert len(found["users"]) == 5
    fields = "{ users { id email first_name } roles { name admin_access } }"
    found = await data(people, fields, token=token)
    # Of one's own row and role one knows the rest as well.
    assert {user["first_name"] for user in found["users"]} == {None}
    assert [one["name"] for one in found["roles"]] == ["Readers"]
    made = 'mutation { create_users_item(data: {email: "x@example.com", title: "T"}) { email } }'
    assert (await data(people, made, token=token))["create_users_item"] == {"email": "x@example.com"}
    assert await refused(
        people, 'mutation { create_users_item(data: {status: "active"}) { id } }', token=token
    )
    assert await refused(people, 'mutation { delete_users_item(id: "x") { id } }', token=token)
    assert (await data(people, "{ roles { name } }", token=None))["roles"]
    assert await refused(people, "{ roles { id } }", token=None)


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("{ users { nope } }", 'Cannot query field "nope" on type "directus_users". Did you mean "role"?'),
        ("query { nope }", 'Cannot query field "nope" on type "Query".'),
        ("query { users { ", "Syntax Error: Expected Name, found <EOF>."),
    ],
)
async def test_what_is_refused_is_said_as_the_documented_server_says_it(
    house: Served, query: str, message: str
) -> None:
    assert await refused(house, query) == [message]


async def test_the_filters_of_a_document_are_bounded_together(house: Served) -> None:
    """To make statements of them takes the time of everybody else."""
    filter_ = {"_or": [{"email": {"_eq": f"{number}@example.com"}} for number in range(300)]}
    for roots, too_many in ((3, 0), (5, 2)):
        asked = " ".join(f"a{number}: users(filter: $f) {{ id }}" for number in range(roots))
        found = await gql(house, f"query($f: directus_users_filter) {{ {asked} }}", {"f": filter_})
        codes = [error["extensions"]["code"] for error in found.get("errors", [])]
        assert codes == ["INVALID_QUERY"] * too_many
    deep = {name: {"_filter": filter_} for name in "abcd"}
    aliases = dict.fromkeys(deep, "users")
    query = {"alias": aliases, "fields": [f"{name}.id" for name in deep], "deep": deep}
    answer = await house.ask("SEARCH", "/roles", {"query": query})
    assert answer.status_code == 400
    assert "1000 conditions" in answer.text
    del deep["d"]
    assert (await house.ask("SEARCH", "/roles", {"query": query})).status_code == 200
