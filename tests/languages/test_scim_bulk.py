"""Bulk over SCIM: the examples of RFC 7644, 3.7, and what goes wrong in one operation among many."""

from typing import Any

from providers.scim import bulk
from providers.scim.group import GROUP
from service.api.calls import SCIM_BODY
from tests.languages.test_scim_users import ENTERPRISE, JENSEN, PATCH, USER, Okta
from tests.served import Served

Operation = dict[str, Any]


async def _okta(house: Served, **settings: Any) -> Okta:
    return Okta(house, await house.scim_token(**settings))


async def _bulk(okta: Okta, *operations: Operation, **more: Any) -> Any:
    """What became of the operations."""
    answer = await okta.ask(
        "POST", "/Bulk", {"schemas": [bulk.BULK_REQUEST], "Operations": operations, **more}
    )
    assert answer.status_code == 200, answer.text
    assert answer.json()["schemas"] == [bulk.BULK_RESPONSE]
    return answer.json()["Operations"]


def _making(name: str, identity: str | None = None, **more: Any) -> Operation:
    data = {"schemas": [USER], "userName": name, **more}
    return {"method": "POST", "path": "/Users", "bulkId": identity or name, "data": data}


def _statuses(told: Any) -> list[str]:
    return [one["status"] for one in told]


async def test_the_example_of_3_7_3(house: Served) -> None:
    okta = await _okta(house)
    old = [(await okta.add(userName=f"u{n}", externalId=f"{n}", emails=[])) for n in range(3)]
    put, patched, gone = (one["id"] for one in old)
    told = await _bulk(
        okta,
        _making("Alice", "qwerty"),
        {
            "method": "PUT", "path": f"/Users/{put}", "version": 'W/"1"',
            "data": {"schemas": [USER], "id": put, "userName": "Bob"},
        },
        {
            "method": "PATCH", "path": f"/Users/{patched}", "version": 'W/"1"',
            "data": [{"op": "remove", "path": "nickName"}, {"op": "add", "path": "userName", "value": "Dave"}],
        },
        {"method": "DELETE", "path": f"/Users/{gone}", "version": 'W/"1"'},
        failOnErrors=1,
    )  # fmt: skip
    alice = told[0]["location"].rpartition("/")[2]
    base = f"{house.url}/scim/v2/Users"
    assert told == [
        {"location": f"{base}/{alice}", "method": "POST", "bulkId": "qwerty", "version": 'W/"1"', "status": "201"},
        {"location": f"{base}/{put}", "method": "PUT", "version": 'W/"2"', "status": "200"},
        {"location": f"{base}/{patched}", "method": "PATCH", "version": 'W/"2"', "status": "200"},
        {"location": f"{base}/{gone}", "method": "DELETE", "status": "204"},
    ]  # fmt: skip
    assert (await okta.ask("GET", f"/Users/{alice}")).json()["userName"] == "Alice"
    dave = (await okta.ask("GET", f"/Users/{patched}")).json()
    assert (dave["userName"], "nickName" in dave) == ("Dave", False)
    assert (await okta.ask("GET", f"/Users/{gone}")).status_code == 404
    again = await _bulk(
        okta,
        {"method": "PUT", "path": f"/Users/{put}", "version": 'W/"1"', "data": {"userName": "x"}},
        {"method": "PATCH", "path": f"/Users/{patched}", "version": '"1"', "data": {"schemas": [PATCH], "Operations": [{"op": "remove", "path": "title"}]}},
        {"method": "DELETE", "path": f"/Users/{gone}"},
    )  # fmt: skip
    assert _statuses(again) == ["412", "412", "404"]
    assert all(one["location"] and one["response"]["status"] == one["status"] for one in again)
    assert (await okta.ask("GET", f"/Users/{put}")).json()["userName"] == "Bob"


def _report(name: str, of: str) -> Operation:
    return _making(name, **{ENTERPRISE: {"employeeNumber": "11250", "manager": {"value": f"bulkId:{of}"}}})


async def _manager(okta: Okta, told: Operation) -> str:
    user = (await okta.ask("GET", told["location"].partition("/scim/v2")[2])).json()
    return str(user[ENTERPRISE]["manager"]["value"])


async def test_references_backward_forward_and_in_a_circle(house: Served) -> None:
    okta = await _okta(house)
    told = await _bulk(
        okta, _making("alice"), _report("bob", "alice"),  # 3.7.2
        _report("carl", "dora"), {"method": "PATCH", "path": "/Users/bulkId:dora", "data": [{"op": "add", "path": "title", "value": "Head"}]},
        _making("dora"),
        _report("eve", "fred"), _report("fred", "gill"), _report("gill", "eve"), _report("hugo", "fred"),
        _report("self", "self"),
    )  # fmt: skip
    assert _statuses(told) == ["201", "201", "201", "200", *["201"] * 6], told
    keys = {one["bulkId"]: one["location"].rpartition("/")[2] for one in told if "bulkId" in one}
    for place, manager in (
        (1, "alice"),
        (2, "dora"),
        (5, "fred"),
        (6, "gill"),
        (7, "eve"),
        (8, "fred"),
        (9, "self"),
    ):
        assert await _manager(okta, told[place]) == keys[manager]
    assert (await okta.ask("GET", f"/Users/{keys['dora']}")).json()["title"] == "Head"


def _group(name: str, identity: str, *members: str) -> Operation:
    data = {
        "schemas": [GROUP.schema.urn],
        "displayName": name,
        "members": [{"value": f"bulkId:{member}"} for member in members],
    }
    return {"method": "POST", "path": "/Groups", "bulkId": identity, "data": data}


async def test_the_group_of_3_7_2_and_groups_in_groups(house: Served) -> None:
    okta = await _okta(house)
    told = await _bulk(
        okta,
        _group("Everybody", "all", "guides"),  # refers to what comes later
        _group("Tour Guides", "guides", "alice"),
        _making("alice"),
        {
            "method": "PATCH", "path": "/Groups/bulkId:guides",
            "data": [{"op": "add", "path": "members", "value": [{"value": "bulkId:bob"}]}],
        },
        _making("bob"),
    )  # fmt: skip
    assert _statuses(told) == ["201", "201", "201", "200", "201"], told
    keys = {one["bulkId"]: one["location"].rpartition("/")[2] for one in told if "bulkId" in one}
    assert told[1]["location"] == f"{house.url}/scim/v2/Groups/{keys['guides']}"
    guides = (await okta.ask("GET", f"/Groups/{keys['guides']}")).json()
    assert {one["value"] for one in guides["members"]} == {keys["alice"], keys["bob"]}
    everybody = (await okta.ask("GET", f"/Groups/{keys['all']}")).json()
    assert [one["value"] for one in everybody["members"]] == [keys["guides"]]


async def test_groups_that_hold_each_other_are_a_conflict(house: Served) -> None:
    okta = await _okta(house)
    told = await _bulk(
        okta, _group("Group A", "qwerty", "ytrewq"), _group("Group B", "ytrewq", "qwerty"), _making("x")
    )
    assert _statuses(told) == ["409", "409", "201"], told  # as RFC 7644, 3.7.1 lets us: groups are no circle
    assert ["inside each other" in str(one.get("response")) for one in told] == [True, True, False]
    assert (await okta.ask("GET", "/Groups")).json()["totalResults"] == 0


async def test_what_refers_to_a_failure_fails_and_changes_nothing(house: Served) -> None:
    okta = await _okta(house)
    await okta.add(userName="taken", emails=[], externalId="1")
    told = await _bulk(
        okta,
        _report("a", "b"), _making("taken", "b"), _report("c", "nosuch"), _making("fine"),
        _report("x", "y"), _report("y", "x") | {"data": {"userName": 5, "manager": "bulkId:x"}},
        {"method": "DELETE", "path": "/Users/bulkId:nosuch"},
    )  # fmt: skip
    assert _statuses(told) == ["409", "409", "409", "201", "409", "400", "409"], told
    assert told[1]["response"]["scimType"] == "uniqueness"
    assert "nosuch" in told[2]["response"]["detail"]
    assert (await okta.ask("GET", "/Users")).json()["totalResults"] == 2


async def test_each_operation_is_refused_by_itself(house: Served) -> None:
    okta = await _okta(house)
    wrong: tuple[tuple[Any, str], ...] = (
        ({"method": "GET", "path": "/Users/1"}, "400"),
        ({"method": "POST", "path": "/Users", "data": {"userName": "x"}}, "400"),  # no bulkId
        ({"method": "POST", "path": "/Users/1", "bulkId": "a", "data": {}}, "400"),
        ({"method": "PUT", "path": "/Users", "data": {}}, "400"),
        ({"method": "PUT", "path": "/Users/1"}, "400"),
        ({"method": "DELETE", "path": "/Users/../Users"}, "400"),
        ({"method": "DELETE", "path": "/Nosuch/1"}, "404"),
        ({"method": "DELETE", "path": "/Users/1"}, "404"),
        ({"method": "DELETE", "path": ["/Users/1"]}, "400"),
        ({"method": "POST", "path": "/Nosuch", "bulkId": "b", "data": {}}, "404"),
        (_making("", "c"), "400"),
        (_making("d", "c"), "400"),  # the bulkId is not new
        ({**_making("e"), "data": "e"}, "400"),
        ("nothing", "400"),
        (_making("g", active=[[["x"]]]), "400"),
        (_making("ok"), "201"),
    )
    told = await _bulk(okta, *(operation for operation, _ in wrong))
    assert _statuses(told) == [status for _, status in wrong], told
    for one in told[:-1]:
        assert one["response"]["schemas"] == ["urn:ietf:params:scim:api:messages:2.0:Error"]
        assert one["response"]["detail"]
        assert one.get("method") != "POST" or "location" not in one  # 3.7.3
    assert (await okta.ask("GET", "/Users")).json()["totalResults"] == 1


async def test_the_client_says_how_many_errors_it_accepts(house: Served) -> None:
    okta = await _okta(house)
    bad = [_making(" ", f"b{n}") for n in range(3)]
    for accepted, many in ((1, 2), (2, 4), (9, 6)):
        names = [f"{accepted}-{n}" for n in range(3)]
        mixed = [one for n in range(3) for one in (_making(names[n]), bad[n])]
        told = await _bulk(okta, *mixed, failOnErrors=accepted)
        assert _statuses(told) == ["201", "400", "201", "400", "201", "400"][:many], accepted


async def test_an_operation_that_fails_takes_no_other_with_it(house: Served) -> None:
    okta = await _okta(house)
    for name in ("u3", "u250", "u399"):
        await okta.add(userName=name, externalId=name, emails=[])
    told = await _bulk(okta, *(_making(f"u{n}") for n in range(400)))
    assert [n for n, one in enumerate(told) if one["status"] != "201"] == [3, 250, 399]
    assert (await okta.ask("GET", "/Users", params={"count": 0})).json()["totalResults"] == 400
    key = told[7]["location"].rpartition("/")[2]
    history = (await house.ask("GET", f"/activity?filter[item][_eq]={key}")).json()["data"]
    assert [row["action"] for row in history] == ["create"]


async def test_the_limits_are_told_and_kept(house: Served) -> None:
    okta = await _okta(house)
    config = (await okta.ask("GET", "/ServiceProviderConfig")).json()["bulk"]
    assert config == {"supported": True, "maxOperations": 1000, "maxPayloadSize": SCIM_BODY}
    envelope = {"schemas": [bulk.BULK_REQUEST]}
    delete = {"method": "DELETE", "path": "/Users/1"}
    many = await okta.ask("POST", "/Bulk", {**envelope, "Operations": [delete] * 1001})
    assert (many.status_code, many.json()["status"]) == (413, "413")
    assert "maxOperations (1000)" in many.json()["detail"]
    large = await okta.ask("POST", "/Bulk", {**envelope, "Operations": ["x" * SCIM_BODY]})
    assert (large.status_code, large.json()["status"]) == (413, "413")
    assert str(SCIM_BODY) in large.json()["detail"]
    bodies: tuple[Any, ...] = (
        [], {}, envelope, {**envelope, "Operations": []}, {**envelope, "Operations": {}},
        {"schemas": ["urn:x"], "Operations": [delete]}, {**envelope, "Operations": [delete], "failOnErrors": 0},
        {**envelope, "Operations": [delete], "failOnErrors": True},
    )  # fmt: skip
    for body in bodies:
        answer = await okta.ask("POST", "/Bulk", body)
        assert answer.status_code == 400, (body, answer.text)
    assert len(await _bulk(okta, *[delete] * 1000)) == 1000
    chain = [_report(f"n{n}", f"n{n + 1}") for n in range(998)] + [_making("n998")]
    assert set(_statuses(await _bulk(okta, *chain))) == {"201"}
    assert (await house.ask("POST", "/scim/v2/Bulk", {}, token=None)).status_code == 401


async def test_passwords_and_roles_arrive_in_bulk_too(house: Served) -> None:
    okta = await _okta(house, default_role=house.role)
    (told,) = await _bulk(okta, _making("p", password="a good long password", emails=JENSEN["emails"]))
    key = told["location"].rpartition("/")[2]
    row = (await house.ask("GET", f"/users/{key}")).json()["data"]
    assert (row["role"], row["password"], row["email"]) == (house.role, "**********", "bjensen@example.com")
