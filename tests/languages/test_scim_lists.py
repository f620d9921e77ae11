"""Lists over SCIM: sorted (RFC 7644, 3.4.2.3), by index that goes on where it was, by cursor (RFC 9865)."""

import asyncio
from typing import Any

import pytest
from sqlalchemy import text

from providers.scim import paging
from service.api import scim_cursors
from service.database.migrations import perform
from service.database.tables.blocks import BITS
from tests.languages.test_scim_users import ENTERPRISE, JENSEN, USER, Okta
from tests.served import Served

SEARCH = "urn:ietf:params:scim:api:messages:2.0:SearchRequest"
PEOPLE = (
    ("u3@example.com", "Zoë", True),
    ("U1@example.com", "alan", False),
    ("u2@example.com", "Bob", True),
    ("u5@example.com", None, True),
    ("u4@example.com", "bob", True),
)


async def _settled(house: Served, **settings: Any) -> tuple[Okta, list[str]]:
    """A connection with five users; their ids in the order in which they came."""
    okta = Okta(house, await house.scim_token(**settings))
    keys = []
    for number, (name, given, active) in enumerate(PEOPLE):
        more = {"name": {"givenName": given}, "nickName": given} if given else {}
        body = {"schemas": [USER], "userName": name, "externalId": f"x{number}", "active": active, **more}
        made = await okta.ask("POST", "/Users", body | {ENTERPRISE: {"department": "EdCBa"[number]}})
        assert made.status_code == 201, made.text
        keys.append(made.json()["id"])
    return okta, keys


@pytest.fixture(scope="module")
async def scim_token(lasting_house: Served) -> str:
    """The token of a connection of the lasting house."""
    return await lasting_house.scim_token()


async def _list(okta: Okta, **params: Any) -> Any:
    answer = await okta.ask("GET", "/Users", params=params)
    assert answer.status_code == 200, answer.text
    return answer.json()


def _ids(page: Any) -> list[str]:
    return [user["id"] for user in page["Resources"]]


async def test_of_several_values_the_primary_or_the_first_decides(house: Served) -> None:
    okta = Okta(house, await house.scim_token())
    phones: list[Any] = [
        [{"value": "9", "type": "b"}, {"value": "2", "type": "C", "primary": True}],
        [{"value": "3", "type": "a"}, {"value": "1", "type": "a"}],
        None,
        [{"type": "B", "primary": True}, {"value": "0"}],  # the primary one counts, which has no value
        [{"value": "1", "primary": False}],
    ]
    keys = []
    for number, listed in enumerate(phones):
        made = await okta.add(userName=str(number), externalId=str(number), emails=[], phoneNumbers=listed)
        keys.append(made["id"])

    async def order(**params: Any) -> list[int]:
        return [keys.index(key) for key in _ids(await _list(okta, **params))]

    assert await order(sortBy="phoneNumbers.value") == await order(sortBy="phoneNumbers") == [4, 0, 1, 2, 3]
    assert await order(sortBy="phoneNumbers", sortOrder="descending") == [2, 3, 1, 0, 4]
    assert await order(sortBy="PhoneNumbers.Type") == [1, 3, 0, 2, 4]
    assert await order(sortBy="roles") == await order(sortBy="emails.type") == [0, 1, 2, 3, 4]
    page = await _list(okta, sortBy="phoneNumbers", count=2, cursor="")
    after = await _list(okta, sortBy="phoneNumbers", count=2, cursor=page["nextCursor"])
    assert [keys.index(key) for key in (*_ids(page), *_ids(after))] == [4, 0, 1, 2]
    for document in ({"phoneNumbers": ["x"]}, {"phoneNumbers": {"0": 1}}, {"phoneNumbers": [[1]]}, [1]):
        assert (await house.ask("PATCH", f"/users/{keys[0]}", {"auth_data": document})).status_code == 200
        assert (await order(sortBy="phoneNumbers"))[0] == 4


async def test_lists_are_sorted_by_whatever_filters_know(house: Served) -> None:
    okta, keys = await _settled(house)

    async def order(**params: Any) -> list[int]:
        return [keys.index(key) for key in _ids(await _list(okta, **params))]

    assert await order(sortBy="userName") == [1, 2, 0, 4, 3]
    assert await order(sortBy="USERNAME", sortOrder="Descending") == [3, 4, 0, 2, 1]
    assert await order(sortBy=f"{USER}:userName") == [1, 2, 0, 4, 3]
    assert await order(sortBy="name.givenName") == [1, 2, 4, 0, 3]  # who has none comes last
    assert await order(sortBy="name.givenName", sortOrder="descending") == [3, 0, 2, 4, 1]
    assert await order(sortBy="externalId", sortOrder="descending") == [4, 3, 2, 1, 0]
    assert await order(sortBy="id") == await order(sortBy="meta.created") == await order() == [0, 1, 2, 3, 4]
    assert await order(sortBy="emails") == await order(sortBy="emails.value") == [1, 2, 0, 4, 3]
    assert await order(sortBy="active") == [1, 0, 2, 3, 4]
    assert await order(sortBy="nickName", sortOrder="descending") == [3, 0, 2, 4, 1]
    assert await order(sortBy=f"{ENTERPRISE}:department") == [4, 3, 2, 1, 0]
    assert await order(sortOrder="descending") == [0, 1, 2, 3, 4]  # without sortBy it says nothing
    assert await order(sortBy="userName", filter="active eq true") == [2, 0, 4, 3]
    assert await order(sortBy="userName", startIndex=2, count=2) == [2, 0]
    body = {"schemas": [SEARCH], "sortBy": "userName", "sortOrder": "descending", "count": 2}
    found = await okta.ask("POST", "/Users/.search", body)
    assert [keys.index(key) for key in _ids(found.json())] == [3, 4]


@pytest.mark.parametrize(
    ("params", "kind"),
    [
        ({"sortBy": "nosuch"}, "invalidPath"),
        ({"sortBy": "name.nosuch"}, "invalidPath"),
        ({"sortBy": "userName; drop"}, "invalidPath"),
        ({"sortBy": "x" * 4000}, "invalidPath"),
        ({"sortBy": "password"}, "invalidValue"),
        ({"sortBy": "addresses"}, "invalidValue"),
        ({"sortBy": "schemas"}, "invalidValue"),
        ({"sortBy": "groups"}, "invalidValue"),
        ({"sortBy": "name"}, "invalidValue"),
        ({"sortBy": "userName", "sortOrder": "sideways"}, "invalidValue"),
        ({"cursor": "", "startIndex": "1"}, "invalidValue"),
        ({"cursor": "nonsense"}, "invalidCursor"),
        ({"cursor": "x" * 100_000}, "invalidCursor"),
        ({"cursor": "ä"}, "invalidCursor"),
        ({"cursor": "", "count": "1001"}, "invalidCount"),
        ({"cursor": "", "count": "many"}, "invalidCount"),
    ],
)
async def test_what_no_list_can_be(
    reading: Served, scim_token: str, params: dict[str, str], kind: str
) -> None:
    answer = await Okta(reading, scim_token).ask("POST", "/Users/.search", {"schemas": [SEARCH], **params})
    assert (answer.status_code, answer.json()["scimType"]) == (400, kind), answer.text


async def _walk(okta: Okta, **params: Any) -> list[Any]:
    """Every page from the first to the last, by cursor."""
    pages = [await _list(okta, cursor="", **params)]
    while (cursor := pages[-1].get("nextCursor")) is not None:
        assert len(pages) < 10
        pages.append(await _list(okta, cursor=cursor, **params))
    return pages


async def test_a_walk_by_cursor_meets_everybody_once_and_leads_back(house: Served) -> None:
    okta, _ = await _settled(house)
    for params in (
        {}, {"sortBy": "userName"}, {"sortBy": "name.givenName", "sortOrder": "descending"},
        {"sortBy": "meta.lastModified"}, {"sortBy": "active"}, {"sortBy": "nickName"}, {"filter": "active pr", "sortBy": "name.givenName"},
    ):  # fmt: skip
        whole = _ids(await _list(okta, **params))
        for count in (1, 2, 5, 6):
            pages = await _walk(okta, count=count, **params)
            assert [key for page in pages for key in _ids(page)] == whole, (params, count)
            assert {page["totalResults"] for page in pages} == {5}
            assert all("startIndex" not in page and page["itemsPerPage"] == len(_ids(page)) for page in pages)
            assert "previousCursor" not in pages[0]
            back = [pages[-1]]
            while (cursor := back[0].get("previousCursor")) is not None:
                assert len(back) < 10
                back.insert(0, await _list(okta, cursor=cursor, count=count, **params))
            assert [key for page in back for key in _ids(page)] == whole, (params, count)
    assert (await _list(okta, cursor="", count=0))["totalResults"] == 5


async def test_a_walk_by_cursor_loses_nobody_to_those_who_leave_and_come(house: Served) -> None:
    okta, keys = await _settled(house)
    first = await _list(okta, cursor="", count=2)
    for key in _ids(first):
        assert (await okta.ask("DELETE", f"/Users/{key}")).status_code == 204
    second = await _list(okta, cursor=first["nextCursor"], count=2)
    assert _ids(second) == keys[2:4]
    await okta.ask("POST", "/Users", {**JENSEN, "userName": "new@example.com", "emails": []})
    third = await _list(okta, cursor=second["nextCursor"], count=2)
    assert len(_ids(third)) == 2
    assert "nextCursor" not in third


async def test_a_walk_by_index_goes_on_where_it_was(house: Served) -> None:
    okta, keys = await _settled(house)
    assert _ids(await _list(okta, startIndex=1, count=2)) == keys[:2]
    for key in keys[:2]:
        await okta.ask("DELETE", f"/Users/{key}")
    page = await _list(okta, startIndex=3, count=2)
    assert (_ids(page), page["totalResults"], page["startIndex"]) == (keys[2:4], 5, 3)
    assert _ids(await _list(okta, startIndex=2, count=2)) == keys[3:5]  # nobody has walked to this one
    assert (await _list(okta, count=1))["totalResults"] == 3


async def test_a_place_that_was_gone_to_at_once_is_that_of_the_list_as_it_is(house: Served) -> None:
    okta, keys = await _settled(house)
    assert _ids(await _list(okta, startIndex=4, count=1)) == keys[3:4]
    await okta.ask("DELETE", f"/Users/{keys[0]}")
    assert _ids(await _list(okta, startIndex=4, count=1)) == keys[4:5]
    assert _ids(await _list(okta, startIndex=5, count=1)) == []
    assert _ids(await _list(okta, startIndex=99, count=1)) == []


async def _number(database_url: str, number: int) -> None:
    """Have the next user come behind this number."""
    said = (
        "UPDATE sqlite_sequence SET seq = :number WHERE name = 'users'"
        if database_url.startswith("sqlite")
        else "SELECT setval(pg_get_serial_sequence('users', 'number'), :number)"
    )
    await perform(database_url, lambda connection: connection.execute(text(said), {"number": number}))


async def _new(okta: Okta, name: str) -> str:
    """The id of a new user."""
    return str((await okta.add(userName=name, externalId=name, emails=[]))["id"])


async def test_pages_anywhere_are_those_of_the_list_whoever_left_or_came(
    house: Served, database_url: str
) -> None:
    """Users lie in several blocks of numbers, some of which become empty."""
    okta, other = [
        Okta(house, await house.scim_token(provider=name, adopt=True)) for name in ("okta", "entra")
    ]
    mine: list[str] = []
    for block in range(5):
        await _number(database_url, (block * 3 << BITS) + 1000)
        mine += [await _new(okta, f"{block}.{n}@example.com") for n in range(3)]
        theirs = await _new(other, f"{block}@example.net")
    await house.ask(
        "PATCH", f"/users/{mine.pop(1)}", {"status": "archived"}
    )  # leaves the list, and stays a user
    nobodys, _ = await house.person("nobody@example.org")
    mine.append(nobodys)
    left = [*mine[2:5], mine[-2]]  # a whole block, and the last one
    for key in left:
        assert (await okta.ask("DELETE", f"/Users/{key}")).status_code == 204
    await okta.patch(nobodys, {"op": "replace", "path": "title", "value": "Adopted"})
    whole = [key for key in mine if key not in left]
    for start in range(len(whole) + 1, 0, -1):  # backwards, so that no page goes on where another ended
        page = await _list(okta, startIndex=start, count=2)
        assert (_ids(page), page["totalResults"]) == (whole[start - 1 : start + 1], len(whole)), start
    assert (await _list(okta, count=0))["totalResults"] == len(whole)
    assert _ids(await _list(other, startIndex=5)) == [theirs]


async def test_totals_are_right_whoever_writes_at_once(house: Served) -> None:
    okta = Okta(house, await house.scim_token())
    keys = await asyncio.gather(*(_new(okta, f"{n}@example.com") for n in range(20)))
    leaving = [okta.ask("DELETE", f"/Users/{key}") for key in keys[:8]]
    await asyncio.gather(*leaving, *(_new(okta, f"{n}@example.net") for n in range(8)))
    assert (await _list(okta, count=0))["totalResults"] == 20
    connection = (await house.ask("GET", "/connections")).json()["data"][0]["id"]
    assert (await house.ask("DELETE", f"/connections/{connection}")).status_code == 204
    okta = Okta(house, await house.scim_token())
    assert (await _list(okta, count=0))["totalResults"] == 0


async def test_a_cursor_is_for_one_question_of_one_connection(
    house: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    okta, _ = await _settled(house)
    other = Okta(house, await house.scim_token(provider="entra"))
    cursor = (await _list(okta, cursor="", count=2, sortBy="userName"))["nextCursor"]
    assert set(cursor) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
    assert "example.com" not in cursor

    async def refused(client: Okta, **params: Any) -> str:
        answer = await client.ask("GET", "/Users", params={"cursor": cursor, "count": 2, **params})
        assert answer.status_code == 400, answer.text
        return str(answer.json()["scimType"])

    assert await refused(okta) == "invalidCursor"
    assert await refused(okta, sortBy="userName", sortOrder="descending") == "invalidCursor"
    assert await refused(okta, sortBy="userName", filter="active eq true") == "invalidCursor"
    assert await refused(okta, sortBy="userName", attributes="userName") == "invalidCursor"
    assert await refused(other, sortBy="userName") == "invalidCursor"
    assert await refused(okta, sortBy="userName", count=3) == "invalidCount"
    assert await refused(okta, sortBy="userName", cursor=cursor[:-2] + "xx") == "invalidCursor"
    monkeypatch.setattr(scim_cursors, "CURSOR_SECONDS", -1)
    assert await refused(okta, sortBy="userName") == "expiredCursor"


async def test_the_few_whom_a_filter_names_have_cursors_too(house: Served) -> None:
    okta, keys = await _settled(house)
    page = await _list(okta, cursor="", count=1, filter=f'id eq "{keys[2]}"')
    assert (_ids(page), page["totalResults"], "nextCursor" in page) == ([keys[2]], 1, False)
    found = {"schemas": [SEARCH], "cursor": "", "count": 3, "filter": 'userName sw "u"'}
    first = (await okta.ask("POST", "/Users/.search", found)).json()
    rest = (await okta.ask("POST", "/Users/.search", {**found, "cursor": first["nextCursor"]})).json()
    assert _ids(first) + _ids(rest) == keys
    for wanted, kind in (({"cursor": ""}, "invalidCursor"), ({"sortBy": "userName"}, "invalidValue")):
        everything = await okta.ask("POST", "/.search", {"schemas": [SEARCH], **wanted})
        assert (everything.status_code, everything.json()["scimType"]) == (400, kind)


async def test_the_service_tells_how_it_pages(reading: Served) -> None:
    config = (await reading.ask("GET", "/scim/v2/ServiceProviderConfig", token=None)).json()
    assert config["sort"] == {"supported": True}
    assert config["pagination"] == {
        "cursor": True,
        "index": True,
        "defaultPaginationMethod": "index",
        "defaultPageSize": paging.DEFAULT_COUNT,
        "maxPageSize": paging.MAX_COUNT,
        "cursorTimeout": 3600,
    }


async def test_groups_are_sorted_and_led_through_too(house: Served) -> None:
    okta = Okta(house, await house.scim_token())
    for name in ("b", "C", "a"):
        assert (await okta.ask("POST", "/Groups", {"displayName": name})).status_code == 201
    params: dict[str, Any] = {"sortBy": "displayName", "count": 2}
    first = (await okta.ask("GET", "/Groups", params={**params, "cursor": ""})).json()
    rest = (await okta.ask("GET", "/Groups", params={**params, "cursor": first["nextCursor"]})).json()
    assert [one["displayName"] for one in first["Resources"] + rest["Resources"]] == ["a", "b", "C"]
    second = (await okta.ask("GET", "/Groups", params={**params, "startIndex": 3})).json()
    assert (second["Resources"][0]["displayName"], second["totalResults"]) == ("C", 3)
    stray = await okta.ask("GET", "/Users", params={**params, "cursor": first["nextCursor"]})
    assert stray.status_code == 400
