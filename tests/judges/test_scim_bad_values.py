"""Values and operations that no schema allows, over HTTP: refused by their scimType, and nothing is changed."""

import json
from typing import Any

import pytest

from tests.judges.scim_client import CORE, ENTERPRISE, PATCH_OP, Client
from tests.judges.scim_kept import USER, Kept
from tests.served import Served

WRONG: list[tuple[str, list[Any]]] = [
    ("userName", [5, 1.5, True, [], {}, ["a"], "", "  ", None, "x" * 256, "a\0b"]),
    ("externalId", [5, True, ["a"], {}, "x" * 256, "\0"]),
    ("nickName", [5, False, ["a"], {"value": "a"}, "\0", 10**30]),
    ("active", ["yes", 0, 1, "", [True], {"value": True}, 1.5]),
    ("name", ["a", 5, ["a"], {"givenName": 5}, {"familyName": {}}, {"givenName": ["a"]}, [{"givenName": "a"}]]),
    ("emails", ["a@x.org", 5, ["a@x.org"], {"value": "a@x.org"}, [[]], [{"value": 5}], [{"value": "a@x.org", "primary": "x"}]]),
    ("emails", [[{"value": "n/a"}], [{"value": "a b@x.org"}], [{"value": f"{'a' * 120}@x.org"}], [{"value": "a@x.org\n"}]]),
    ("emails", [[{"value": "a@x.org", "primary": True}, {"value": "b@x.org", "primary": True}]]),
    ("photos", [["x"], [{"value": {}}]]),
    ("x509Certificates", [[{"value": "not base64!"}], [{"value": 5}]]),
    ("roles", [[{"value": str(n)} for n in range(1001)], "admin"]),
    ("password", [5, True, ["a"], {}, "short", "x" * 129, ""]),
    (ENTERPRISE, ["x", 5, ["x"], {"department": 5}, {"manager": "x"}, {"manager": {"value": 5}}]),
    ("schemas", ["x", 5, [], ["x"], [5], {}]),
]  # fmt: skip


@pytest.mark.parametrize(("name", "values"), WRONG)
async def test_wrong_values(house: Served, name: str, values: list[Any]) -> None:
    kept = await Kept.of(house)
    body = {**USER, "userName": "new@x.org", "externalId": "2"}
    for value in values:
        raw = json.dumps({**body, name: value}).encode()
        for method, path in (("POST", "/Users"), ("PUT", f"/Users/{kept.key}")):
            answer = await kept.send(method, path, raw)
            assert answer.status_code == 400
            assert answer.json()["scimType"] in ("invalidValue", "invalidSyntax", "tooMany"), (name, value)
    await kept.check()


OPERATIONS: list[tuple[str, Any]] = [
    ("invalidSyntax", []), ("invalidSyntax", {}), ("invalidSyntax", "x"), ("invalidSyntax", ["x"]), ("invalidSyntax", [None]),
    ("invalidSyntax", [{"path": "title"}]), ("invalidSyntax", [{"op": 5, "path": "title", "value": "x"}]),
    ("invalidSyntax", [{"op": "move", "path": "title", "value": "x"}]),
    ("invalidPath", [{"op": "add", "path": 5, "value": "x"}]), ("invalidPath", [{"op": "add", "path": "a b", "value": "x"}]),
    ("invalidPath", [{"op": "add", "path": "nosuch", "value": "x"}]), ("invalidPath", [{"op": "add", "path": "a" * 5000, "value": "x"}]),
    ("invalidPath", [{"op": "add", "path": "name[givenName eq \"x\"]", "value": "x"}]),
    ("invalidFilter", [{"op": "add", "path": "emails[nosuch eq \"x\"].value", "value": "x"}]),
    ("invalidFilter", [{"op": "add", "path": "emails[type eq \"work\"", "value": "x"}]),
    ("invalidValue", [{"op": "add", "path": "title"}]), ("invalidValue", [{"op": "replace", "value": "x"}]),
    ("invalidValue", [{"op": "replace", "path": "title", "value": 5}]), ("invalidValue", [{"op": "replace", "path": "active", "value": "x"}]),
    ("invalidValue", [{"op": "replace", "path": "emails[type eq \"work\"].value", "value": "n/a"}]),
    ("invalidValue", [{"op": "replace", "path": "userName", "value": " "}]),
    ("mutability", [{"op": "replace", "path": "id", "value": "x"}]), ("mutability", [{"op": "remove", "path": "userName"}]),
    ("mutability", [{"op": "add", "path": "groups", "value": [{"value": "x"}]}]), ("mutability", [{"op": "add", "path": "meta.version", "value": "x"}]),
    ("mutability", [{"op": "remove", "path": CORE}]),
    ("noTarget", [{"op": "remove"}]), ("noTarget", [{"op": "replace", "path": "emails[value eq \"x\"].display", "value": "x"}]),
    ("tooMany", [{"op": "add", "path": "title", "value": "x"}] * 10_000),
    ("tooMany", [{"op": "add", "path": "roles", "value": [{"value": str(n)} for n in range(1001)]}]),
    ("tooMany", [{"op": "add", "path": "emails[" + " or ".join(['type eq "x"'] * 250) + "].value", "value": "x"}]),
]  # fmt: skip


@pytest.mark.parametrize("first", [True, False])
async def test_wrong_operations_undo_the_right_ones_beside_them(house: Served, first: bool) -> None:
    kept = await Kept.of(house)
    good = {"op": "replace", "path": "nickName", "value": "changed"}
    for kind, wrong in OPERATIONS:
        operations = wrong
        if isinstance(wrong, list) and wrong and len(wrong) < 1000:
            operations = [good, *wrong] if first else [*wrong, good]
        body = json.dumps({"schemas": [PATCH_OP], "Operations": operations}).encode()
        answer = await kept.send("PATCH", f"/Users/{kept.key}", body)
        assert (answer.status_code, answer.json()["scimType"]) == (400, kind), wrong
    await kept.check()


async def test_what_no_schema_knows_is_dropped_unless_the_connection_is_strict(house: Served) -> None:
    unknown = {
        **USER,
        "userName": "b",
        "externalId": "2",
        "foo": 1,
        "urn:x:y:User": {"a": 1},
        "name": {"shoeSize": 5},
    }
    client = await Client.of(house, "ping")
    made = await client.add(unknown)
    assert not {"foo", "urn:x:y:User", "name"} & made.keys()
    row = await client.row(made["id"])
    assert row["auth_data"] == {"nickName": "An"}
    kept = await Kept.of(house, profile="strict")
    for body in (
        {**USER, "userName": "c", "externalId": "3", "foo": 1},
        {**USER, "userName": "c", "externalId": "3", "name": {"shoeSize": 5}},
        {**USER, "userName": "c", "externalId": "3", ENTERPRISE: {"foo": 5}},
        {**USER, "userName": "c", "externalId": "3", "schemas": [CORE, "urn:x:y:User"]},
        {"userName": "c"},
    ):
        refused = await kept.send("POST", "/Users", json.dumps(body).encode())
        assert refused.json()["scimType"] == "invalidSyntax"
    pathless = {"schemas": [PATCH_OP], "Operations": [{"op": "replace", "value": {"title": "x"}}]}
    refused = await kept.send("PATCH", f"/Users/{kept.key}", json.dumps(pathless).encode())
    assert refused.json()["scimType"] == "invalidPath"
    await kept.check()


async def test_a_name_that_differs_in_case_alone_is_taken(house: Served) -> None:
    kept = await Kept.of(house)
    other = await kept.client.add({**USER, "userName": "b", "externalId": "2"})
    for name in ("ANNA@X.ORG", "Anna@x.org"):
        again = {**USER, "userName": name, "externalId": "3"}
        for method, path in (("POST", "/Users"), ("PUT", f"/Users/{other['id']}")):
            answer = await kept.client.ask(method, path, again)
            assert (answer.status_code, answer.json()["scimType"]) == (409, "uniqueness")
        answer = await kept.client.patch(other["id"], {"op": "replace", "path": "userName", "value": name})
        assert (answer.status_code, answer.json()["scimType"]) == (409, "uniqueness")
    assert await kept.client.get(f"/Users/{other['id']}") == other
    assert await kept.client.get(f"/Users/{kept.key}") == kept.before
