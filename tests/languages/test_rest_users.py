"""`/users` and `/roles` of generation 10, over HTTP, on both databases."""

import json
from urllib.parse import quote

import pytest

from tests.languages.asking import was_here
from tests.served import PASSWORD, Served, refusal


async def _names(house: Served, query: str) -> list[str]:
    answer = await house.ask("GET", f"/users?fields=first_name&{query}")
    assert answer.status_code == 200, answer.text
    return [user["first_name"] for user in answer.json()["data"]]


@pytest.fixture
async def people(house: Served) -> Served:
    """Four people beside the administrator, made in this order."""
    made = [
        {"email": "ann@example.com", "first_name": "Ann", "title": "CTO", "location": "Köln"},
        {"email": "Bob@Example.com", "first_name": "Bob", "title": "100 % of _ the work"},
        {"email": "cid@example.org", "first_name": "Cid", "status": "suspended"},
        {"email": "dan@example.org", "first_name": "Dan", "status": "archived", "tags": ["x"]},
    ]
    answer = await house.ask("POST", "/users", made)
    assert answer.status_code == 200, answer.text
    assert [user["first_name"] for user in answer.json()["data"]] == ["Ann", "Bob", "Cid", "Dan"]
    return house


async def test_a_created_user_is_the_documented_object(house: Served) -> None:
    body = {"email": "new@example.com", "password": PASSWORD, "tags": ["a", "b"], "token": "t" * 40}
    answer = await house.ask("POST", "/users", body)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json; charset=utf-8"
    user = answer.json()["data"]
    assert user.pop("id")
    assert user == {
        "first_name": None, "last_name": None, "email": "new@example.com", "password": "**********",
        "location": None, "title": None, "description": None, "tags": ["a", "b"], "avatar": None,
        "language": "en-US", "tfa_secret": None, "status": "active", "role": None, "token": "**********",
        "last_access": None, "last_page": None, "provider": "default", "external_identifier": None,
        "auth_data": None, "email_notifications": True, "appearance": "auto", "theme_dark": None,
        "theme_light": None, "theme_light_overrides": None, "theme_dark_overrides": None, "theme": "auto",
    }  # fmt: skip


async def test_read_change_and_remove_one(people: Served) -> None:
    found = (await people.ask("GET", "/users?filter[email][_eq]=ANN@example.com")).json()["data"][0]
    path = f"/users/{found['id']}"
    assert (await people.ask("GET", path)).json()["data"] == found
    changed = await people.ask("PATCH", path, {**found, "title": "CEO", "theme": "dark"})
    assert changed.status_code == 200, changed.text
    assert changed.json()["data"] == {**found, "title": "CEO", "theme": "dark", "appearance": "dark"}
    assert (await people.ask("DELETE", path)).status_code == 204
    gone = await people.ask("GET", path)
    assert refusal(gone) == (403, "FORBIDDEN")
    assert (await people.ask("DELETE", path)).status_code == 403


async def test_every_write_leaves_activity_and_revision(people: Served) -> None:
    from sqlalchemy import bindparam, select

    from service.database import Transaction
    from service.database.tables import activity, revisions

    told = (
        select(activity.c.action, activity.c.user, revisions.c.delta)
        .join_from(activity, revisions, revisions.c.activity == activity.c.id, isouter=True)
        .where(activity.c.project == "default", activity.c.item == bindparam("item"))
        .order_by(activity.c.id)
    )

    async def history(tx: Transaction, item: str) -> list[tuple[object, ...]]:
        return await tx.rows(told, item=item)

    made = await people.ask("POST", "/users", {"email": "h@example.com", "password": PASSWORD})
    key = made.json()["data"]["id"]
    await people.ask("PATCH", f"/users/{key}", {"title": "x"})
    await people.ask("PATCH", f"/users/{key}", {"title": "x"})  # changes nothing, leaves nothing
    await people.ask("DELETE", f"/users/{key}")
    rows = await people.house.database.read(history, key)
    assert [(action, user) for action, user, _ in rows] == [
        ("create", people.admin), ("update", people.admin), ("delete", people.admin),
    ]  # fmt: skip
    assert isinstance(rows[0][2], dict)
    assert rows[0][2]["password"] == "**********"
    assert rows[1][2] == {"title": "x"}


FILTERS: list[tuple[object, list[str]]] = [
    ({"first_name": {"_eq": "Ann"}}, ["Ann"]),
    ({"first_name": "Ann"}, ["Ann"]),
    ({"first_name": {"_neq": "Ann"}}, ["Bob", "Cid", "Dan"]),
    ({"first_name": {"_in": ["Ann", "Cid", "none"]}}, ["Ann", "Cid"]),
    ({"first_name": {"_in": "Ann,Cid"}}, ["Ann", "Cid"]),
    ({"first_name": {"_nin": ["Ann", "Cid"]}}, ["Bob", "Dan"]),
    ({"email": {"_eq": "bob@example.com"}}, ["Bob"]),
    ({"email": {"_in": ["BOB@example.com"]}}, ["Bob"]),
    ({"email": {"_eq": "dan@example.org"}}, ["Dan"]),
    ({"title": {"_contains": "%"}}, ["Bob"]),
    ({"title": {"_contains": "_"}}, ["Bob"]),
    ({"title": {"_contains": "cto"}}, []),
    ({"title": {"_ncontains": "CT"}}, ["Bob"]),
    ({"email": {"_starts_with": "ann@"}}, ["Ann"]),
    ({"email": {"_ends_with": ".org"}}, ["Cid", "Dan"]),
    ({"email": {"_nends_with": ".org"}, "first_name": {"_nnull": True}}, ["Ann", "Bob"]),
    ({"title": {"_null": True}, "first_name": {"_nempty": True}}, ["Cid", "Dan"]),
    ({"title": {"_null": False}}, ["Ann", "Bob"]),
    ({"tags": {"_nnull": True}}, ["Dan"]),
    ({"status": {"_eq": "archived"}}, ["Dan"]),
    (
        {"email_notifications": {"_eq": "true"}, "first_name": {"_nnull": True}},
        ["Ann", "Bob", "Cid", "Dan"],
    ),
    ({"_or": [{"first_name": {"_eq": "Ann"}}, {"status": {"_eq": "suspended"}}]}, ["Ann", "Cid"]),
    (
        {"_and": [{"email": {"_ends_with": ".org"}}, {"_or": [{"status": "archived"}, {"title": "no"}]}]},
        ["Dan"],
    ),
    ({"_and": [], "first_name": "Bob"}, ["Bob"]),
    ({"password": {"_nnull": True}}, []),
    ({"last_access": {"_null": True}, "first_name": {"_nnull": True}}, ["Ann", "Bob", "Cid", "Dan"]),
    ({"last_access": {"_lt": "2020-01-01"}}, []),
    ({"id": {"_in": ["00000000-0000-0000-0000-000000000000"]}}, []),
]


async def test_filters_in_json_and_in_brackets(people: Served) -> None:
    for asked, names in FILTERS:
        in_json = await _names(people, f"filter={quote(json.dumps(asked))}")
        in_brackets = await _names(people, "&".join(_brackets("filter", asked)))
        assert (sorted(in_json), sorted(in_brackets)) == (names, names), asked


def _brackets(prefix: str, value: object) -> list[str]:
    if isinstance(value, dict):
        return [pair for key, one in value.items() for pair in _brackets(f"{prefix}[{key}]", one)]
    if isinstance(value, list):
        return [pair for place, one in enumerate(value) for pair in _brackets(f"{prefix}[{place}]", one)]
    text = {True: "true", False: "false"}.get(value, value) if isinstance(value, bool) else value
    return [f"{prefix}={quote(str(text))}"]


async def test_more_than_twenty_values_in_brackets_stay_a_list(people: Served) -> None:
    listed = "&".join(f"filter[first_name][_in][{n}]=no{n}" for n in range(30))
    assert await _names(people, f"{listed}&filter[first_name][_in][30]=Ann") == ["Ann"]


async def test_sort_page_limit_offset_search_and_meta(people: Served) -> None:
    assert await _names(people, "sort=-first_name&limit=2") == [None, "Dan"]
    assert await _names(people, "sort=first_name&limit=2&page=2") == ["Cid", "Dan"]
    assert await _names(people, "sort=first_name&limit=2&offset=1") == ["Bob", "Cid"]
    assert await _names(people, "sort=first_name&limit=-1") == ["Ann", "Bob", "Cid", "Dan", None]
    assert await _names(people, "limit=0") == []
    assert await _names(people, "sort=status,-first_name&limit=-1") == [None, "Bob", "Ann", "Dan", "Cid"]
    assert await _names(people, f"search={quote('kÖLN')}") == ["Ann"]
    assert await _names(people, f"search={quote('% of _')}") == ["Bob"]
    answer = (await people.ask("GET", "/users?meta=*&limit=1&filter[status][_eq]=active")).json()
    assert answer["meta"] == {"total_count": 5, "filter_count": 3}
    answer = (await people.ask("GET", "/users?meta=filter_count&limit=0&search=example.org")).json()
    assert answer == {"data": [], "meta": {"filter_count": 2}}


async def test_fields_are_chosen_and_come_in_their_order(people: Served) -> None:
    answer = await people.ask("GET", "/users?fields=email,id&limit=1")
    assert list(answer.json()["data"][0]) == ["email", "id"]
    answer = await people.ask("GET", "/users?fields[]=email&fields[]=status&limit=1")
    assert list(answer.json()["data"][0]) == ["email", "status"]
    made = await people.ask("POST", "/users?fields=email", {"email": "f@example.com"})
    assert made.json() == {"data": {"email": "f@example.com"}}


REFUSED_QUERIES = [
    "filter={",
    "filter=[]",
    "filter[nope][_eq]=1",
    "filter[email][_nope]=1",
    "filter[first_name][_gt]=a",
    "filter[email][_eq]=",
    "filter[id][_eq]=abc",
    "filter[last_access][_lt]=yesterday",
    "filter[_and]=x",
    "filter[password][_eq]=x",
    "filter[token][_starts_with]=x",
    "filter[auth_data][_contains]=x",
    "filter[first_name][_in][]=",
    "filter[last_access][_between]=2020-01-01",
    "filter[email_notifications]=5",
    "limit=-2",
    "limit=x",
    "offset=-1",
    "page=0",
    "page=99999999999999999999",
    "meta=nope",
    "fields=nope",
    "fields=password.x",
    "sort=nope",
    "sort=password",
    "sort=-tags",
    "aggregate[sum]=email",
    "filter[first_name][_eq]=%00",
    "filter[a",
    "filter=" + quote('{"_and":' * 30 + "[]" + "}" * 30),
    "filter[_or][0][first_name]=a&filter[_or]=b",
    "%ff=1",
    "search[]=a",
]


async def test_a_question_that_cannot_be_understood_says_why(house: Served) -> None:
    for query in REFUSED_QUERIES:
        answer = await house.ask("GET", f"/users?{query}")
        assert answer.status_code == 400, (query, answer.text)
        error = answer.json()["errors"][0]
        assert error["extensions"]["code"] == "INVALID_QUERY", query
        assert error["message"].startswith("Invalid query. "), query
        assert error["extensions"]["reason"], query


async def test_an_empty_parameter_asks_for_nothing(house: Served) -> None:
    """An empty `limit` is 0, as the documented server has it; the others are as if they were not there."""
    plain = (await house.ask("GET", "/users?fields=id,email")).json()
    assert len(plain["data"]) == 1
    for name in ("offset", "page", "sort", "search", "filter", "deep", "alias", "export", "version", "meta"):
        assert (await house.ask("GET", f"/users?fields=id,email&{name}=")).json() == plain, name
    assert (await house.ask("GET", "/users?limit=")).json() == {"data": []}
    nested = await house.ask("GET", "/roles?fields=users.id&deep[users][_limit]=&limit=1")
    assert nested.json()["data"] == [{"users": []}]
    asked = {"query": {"limit": "", "offset": "", "meta": "*"}}
    body = {"data": [], "meta": {"total_count": 1, "filter_count": 1}}
    assert (await house.ask("SEARCH", "/users", asked)).json() == body


async def test_administrators_alone_say_when_somebody_was_here_last(house: Served) -> None:
    when, shown = "2021-02-05T10:18:13-05:00", "2021-02-05T15:18:13.000Z"
    key, token = await house.person("eve@example.com", last_access=when)
    path = f"/users/{key}?fields=last_access"
    assert (await house.ask("GET", path)).json() == {"data": {"last_access": shown}}
    later = "2021-02-06T00:00:00.123Z"
    answer = await house.ask("PATCH", path, {"last_access": later})
    assert answer.json() == {"data": {"last_access": later}}
    number = (await house.ask("GET", "/default/users?filter[email]=eve@example.com&single=1")).json()["data"]
    assert number["last_access_on"] == "2021-02-06T00:00:00+00:00"
    again = {"last_access_on": number["last_access_on"]}
    assert (await house.ask("PATCH", f"/default/users/{number['id']}", again)).status_code == 200
    assert (await house.ask("GET", path)).json() == {"data": {"last_access": later}}
    for wrong in ("nonsense", 5, "9999999-01-01"):
        answer = await house.ask("PATCH", path, {"last_access": wrong})
        assert answer.json()["errors"][0]["extensions"]["code"] == "INVALID_PAYLOAD", wrong
    assert (await house.ask("PATCH", "/users/me", {"last_access": when}, token=token)).status_code == 200
    await was_here(house, path, since="2022")
    assert (await house.ask("PATCH", path, {"last_access": None})).json() == {"data": {"last_access": None}}


async def test_refusals_speak_of_documented_types(house: Served) -> None:
    sentences = {
        "filter[tags][_contains]=x": '"json" field type does not contain the "_contains" filter operator',
        "aggregate[max]=tags": '"max" cannot be asked of "tags", a "json" field of "directus_users"',
        "deep[role][users][_aggregate]=x": '"deep.role.users" does not know "_aggregate"',
        "fields=year(tags)": '"year" is no function of "json" fields such as "tags"',
    }
    for query, reason in sentences.items():
        answer = await house.ask("GET", f"/users?{query}")
        assert answer.json()["errors"][0]["extensions"]["reason"] == reason
    answer = await house.ask("PATCH", "/users/me", {"tfa_secret": "A" * 32})
    reason = 'You can\'t change the "tfa_secret" value manually'
    assert answer.json()["errors"][0] == {
        "message": f"Invalid payload. {reason}.",
        "extensions": {"code": "INVALID_PAYLOAD", "reason": reason},
    }


async def test_the_public_sees_nothing_and_a_person_themselves(people: Served) -> None:
    assert (await people.ask("GET", "/users", token=None)).status_code == 403
    assert (await people.ask("GET", f"/users/{people.admin}", token=None)).status_code == 403
    assert (await people.ask("POST", "/users", {"email": "x@example.com"}, token=None)).status_code == 403
    assert (await people.ask("GET", "/users/me", token=None)).status_code == 401
    assert (await people.ask("PATCH", "/users/me", {"title": "x"}, token=None)).status_code == 401
    key, token = await people.person("eve@example.com", first_name="Eve")
    listed = await people.ask("GET", "/users?meta=*", token=token)
    assert [user["id"] for user in listed.json()["data"]] == [key]
    assert listed.json()["meta"] == {"total_count": 1, "filter_count": 1}
    assert (await people.ask("GET", "/users?search=ann", token=token)).json()["data"] == []
    assert (await people.ask("GET", f"/users/{people.admin}", token=token)).status_code == 403
    assert (await people.ask("GET", "/users/me", token=token)).json()["data"]["first_name"] == "Eve"
    assert (await people.ask("GET", "/roles", token=token)).json() == {"data": []}


FORBIDDEN_CHANGES: list[dict[str, object]] = [
    {"role": "ROLE"},
    {"status": "archived"},
    {"provider": "okta"},
    {"external_identifier": "1"},
    {"auth_data": {"a": 1}},
    {"token": "mine" * 10},
    {"title": "x", "role": "ROLE"},
]


async def test_a_person_changes_the_harmless_fields_only(house: Served) -> None:
    key, token = await house.person("eve@example.com")
    harmless = {"first_name": "E", "title": "x", "tags": ["a"], "language": "de-DE", "theme": "dark"}
    assert (await house.ask("PATCH", "/users/me", harmless, token=token)).status_code == 200
    for body in FORBIDDEN_CHANGES:
        asked = {name: house.role if value == "ROLE" else value for name, value in body.items()}
        for path in ("/users/me", f"/users/{key}"):
            answer = await house.ask("PATCH", path, asked, token=token)
            assert answer.status_code == 403, (path, body, answer.text)
    after = (await house.ask("GET", f"/users/{key}")).json()["data"]
    assert (after["role"], after["status"], after["provider"], after["title"]) == (
        None,
        "active",
        "default",
        "x",
    )
    assert (await house.ask("PATCH", f"/users/{house.admin}", {"title": "x"}, token=token)).status_code == 403
    assert (await house.ask("DELETE", f"/users/{key}", token=token)).status_code == 403
    assert (await house.ask("POST", "/users", {"email": "n@example.com"}, token=token)).status_code == 403


REFUSED_BODIES: list[tuple[object, str]] = [
    ({}, "FAILED_VALIDATION"),
    ({"email": None}, "FAILED_VALIDATION"),
    ({"email": "no"}, "FAILED_VALIDATION"),
    ({"email": 5}, "INVALID_PAYLOAD"),
    ({"email": "ADMIN@Example.COM"}, "RECORD_NOT_UNIQUE"),
    ({"email": "x@example.com", "nope": 1}, "INVALID_PAYLOAD"),
    ({"email": "x@example.com", "first_name": 5}, "INVALID_PAYLOAD"),
    ({"email": "x@example.com", "first_name": "x" * 51}, "VALUE_TOO_LONG"),
    ({"email": "x@example.com", "first_name": "a\u0000b"}, "INVALID_PAYLOAD"),
    ({"email": "x@example.com", "tags": "a"}, "INVALID_PAYLOAD"),
    ({"email": "x@example.com", "tags": ["a", 1]}, "INVALID_PAYLOAD"),
    ({"email": "x@example.com", "status": "bogus"}, "FAILED_VALIDATION"),
    ({"email": "x@example.com", "theme": "pink"}, "FAILED_VALIDATION"),
    ({"email": "x@example.com", "role": "nope"}, "INVALID_PAYLOAD"),
    ({"email": "x@example.com", "role": "00000000-0000-4000-8000-000000000000"}, "INVALID_FOREIGN_KEY"),
    ({"email": "x@example.com", "password": "short"}, "FAILED_VALIDATION"),
    ({"email": "x@example.com", "email_notifications": "yes"}, "INVALID_PAYLOAD"),
    ({"email": "x@example.com", "auth_data": {"n": 2**70}}, "INVALID_PAYLOAD"),
    ({"email": "x@example.com", "tfa_secret": "A" * 32}, "INVALID_PAYLOAD"),
    ([{"email": "ok@example.com"}, {"email": "ok@example.COM"}], "RECORD_NOT_UNIQUE"),
    ([{"email": "ok@example.com"}, "text"], "INVALID_PAYLOAD"),
    ("text", "INVALID_PAYLOAD"),
]


async def test_a_body_that_is_wrong_changes_nothing(house: Served) -> None:
    for body, code in REFUSED_BODIES:
        answer = await house.ask("POST", "/users", body)
        assert refusal(answer) == (400, code), (body, answer.text)
        if "tags" in body:
            assert "must be an array of strings" in answer.text
    counted = await house.ask("GET", "/users?meta=total_count&limit=0")
    assert counted.json()["meta"] == {"total_count": 1}


async def test_a_user_of_another_provider_needs_no_email(house: Served) -> None:
    body = {"provider": "okta", "external_identifier": "00u1"}
    made = await house.ask("POST", "/users?fields=provider,external_identifier,email", body)
    assert made.json()["data"] == {**body, "email": None}
    again = await house.ask("POST", "/users", body)
    assert again.json()["errors"][0]["extensions"] == {
        "code": "RECORD_NOT_UNIQUE", "collection": "directus_users", "field": "external_identifier",
    }  # fmt: skip


async def test_asterisks_mean_unchanged(house: Served) -> None:
    key, token = await house.person("eve@example.com")
    read = (await house.ask("GET", f"/users/{key}")).json()["data"]
    assert read["password"] == read["token"] == "**********"
    assert (await house.ask("PATCH", f"/users/{key}", read)).json()["data"] == read
    assert (await house.ask("GET", "/users/me", token=token)).status_code == 200


async def test_the_last_administrator_stays(house: Served) -> None:
    for body in ({"status": "suspended"}, {"role": None}, {"status": "archived"}):
        answer = await house.ask("PATCH", f"/users/{house.admin}", body)
        assert refusal(answer) == (422, "UNPROCESSABLE_CONTENT")
    assert (await house.ask("DELETE", f"/users/{house.admin}")).status_code == 422


async def test_roles_are_made_read_and_listed(house: Served) -> None:
    made = await house.ask("POST", "/roles", {"name": "Editors", "description": "who edit"})
    assert made.status_code == 200, made.text
    role = made.json()["data"]
    assert role == {
        "id": role["id"], "name": "Editors", "icon": "supervised_user_circle", "description": "who edit",
        "ip_access": None, "enforce_tfa": False, "admin_access": False, "app_access": True, "users": [],
    }  # fmt: skip
    assert (await house.ask("GET", f"/roles/{role['id']}")).json()["data"] == role
    listed = await house.ask("GET", "/roles?filter[name][_eq]=Editors&meta=*")
    assert listed.json() == {"data": [role], "meta": {"total_count": 2, "filter_count": 1}}
    user = await house.ask("POST", "/users", {"email": "e@example.com", "role": {"id": role["id"]}})
    assert user.json()["data"]["role"] == role["id"]
    bad = await house.ask("POST", "/roles", {"name": None})
    assert bad.status_code == 400
    assert (await house.ask("POST", "/roles", {"name": "x", "users": ["x"]})).status_code == 400


async def test_head_trailing_slash_and_request_id(house: Served) -> None:
    head = await house.ask("HEAD", "/users/me")
    assert (head.status_code, head.content) == (200, b"")
    assert int(head.headers["content-length"]) > 100
    async with house.client(house.token) as client:  # what follows a HEAD on its connection is unharmed
        for path in ("/users/me", "/users?export=csv", "/users/nobody", "/server/ping"):
            head, after = await client.head(path), await client.get("/server/ping")
            assert (head.content, after.text, after.status_code) == (b"", "pong", 200), path
            assert after.extensions["network_stream"] is head.extensions["network_stream"], path
    assert (await house.ask("GET", "/users/?limit=1")).status_code == 200
    named = await house.ask("GET", "/server/ping", headers={"x-request-id": "trace-12345"})
    assert (named.text, named.headers["x-request-id"]) == ("pong", "trace-12345")
    odd = await house.ask("GET", "/server/ping", headers={"x-request-id": "a b;c"})
    assert odd.headers["x-request-id"] != "a b;c"


async def test_server_health_info_and_specification(house: Served) -> None:
    assert (await house.ask("GET", "/server/health", token=None)).json() == {"status": "ok"}
    assert (await house.ask("GET", "/server/health")).json()["checks"]
    assert (await house.ask("GET", "/-/ready", token=None)).status_code == 200
    assert "version" not in (await house.ask("GET", "/server/info", token=None)).json()["data"]
    document = (await house.ask("GET", "/server/specs/oas", token=None)).json()
    assert document["openapi"].startswith("3.1")
    assert list(document["components"]["schemas"]["Users"]["properties"])[:3] == [
        "id",
        "first_name",
        "last_name",
    ]
    for path, operations in document["paths"].items():
        if "{provider}" in path:
            continue  # none is set up here, and that is a 404
        for method in operations:
            verb = method.removeprefix("x-").upper()
            answer = await house.ask(verb, path.replace("{id}", house.admin), token=None)
            assert answer.status_code != 404, (method, path)
            assert answer.status_code != 405, (method, path)


async def test_the_wrong_method_is_told_the_right_ones(house: Served) -> None:
    answer = await house.ask("PUT", "/users")
    assert answer.status_code == 405
    assert answer.json()["errors"][0]["extensions"] == {
        "code": "METHOD_NOT_ALLOWED", "allowed": answer.headers["allow"].split(", "), "current": "PUT",
    }  # fmt: skip
    for path, methods in (
        ("/users", "DELETE, GET, HEAD, OPTIONS, PATCH, POST, SEARCH"),
        ("/users/me", "GET, HEAD, OPTIONS, PATCH"),
        (f"/users/{house.admin}", "DELETE, GET, HEAD, OPTIONS, PATCH"),
        ("/revisions", "GET, HEAD, OPTIONS, SEARCH"),
        ("/auth/login", "OPTIONS, POST"),
        ("/graphql/system", "GET, HEAD, OPTIONS, POST"),
        ("/default/users", "GET, HEAD, OPTIONS, PATCH, POST"),
        ("/scim/v2/Users/x", "DELETE, GET, HEAD, OPTIONS, PATCH, PUT"),
    ):
        asked = await house.ask("OPTIONS", path, token=None)
        assert (asked.status_code, asked.headers["allow"], asked.text) == (204, methods, ""), path
        refused = await house.ask("TRACE", path)
        assert (refused.status_code, refused.headers["allow"]) == (405, methods), path
    nowhere = await house.ask("OPTIONS", "/nowhere", token=None)
    assert (nowhere.status_code, nowhere.headers.get("allow")) == (404, None)
