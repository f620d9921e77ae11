"""The 8 generation's query parameters: fields, pages, order, filters with every operator, and meta."""

import pytest

from tests.languages.eights import USERS, ben, editors
from tests.served import Served

PEOPLE = [
    {"first_name": "Ada", "title": "a_b", "status": "active", "company": "North 100%"},
    {"first_name": "Bob", "title": "aXb", "status": "draft", "company": None},
    {"first_name": "Cy", "title": "", "status": "suspended", "company": "north"},
    {"first_name": "Dee", "title": None, "status": "deleted", "company": "South"},
]


@pytest.fixture(scope="module")
async def furnished(lasting_house: Served) -> Served:
    """With four people, whose numbers are 2 to 5; the last one is deleted, and only the first has been here."""
    await editors(lasting_house)
    bodies = [ben(email=f"{number}@example.com", **one) for number, one in enumerate(PEOPLE, 2)]
    answer = await lasting_house.ask("POST", USERS, bodies)
    assert answer.status_code == 204 or [one["id"] for one in answer.json()["data"]] == [2, 3, 4, 5]
    answer = await lasting_house.ask("PATCH", f"{USERS}/1/tracking/page", {"last_page": "/"})
    assert answer.status_code == 200, answer.text
    return lasting_house


async def ids(house: Served, query: str) -> list[int]:
    answer = await house.ask("GET", f"{USERS}?fields=id&{query}")
    assert answer.status_code == 200, answer.text
    return [one["id"] for one in answer.json()["data"]]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", [1, 2, 3, 4]),
        ("status=*", [1, 2, 3, 4, 5]),
        ("status=draft,deleted", [3, 5]),
        ("limit=2", [1, 2]),
        ("limit=-1", [1, 2, 3, 4]),
        ("limit=0", []),
        ("limit=2&page=2", [3, 4]),
        ("limit=2&page=2&offset=1", [2, 3]),
        ("page=2", [1, 2, 3, 4]),
        ("sort=-id", [4, 3, 2, 1]),
        ("q=ada", [2]),
        ("q=NORTH", [2, 4]),
        ("q=100%25", [2]),
        ("filter[id]=3", [3]),
        ("filter[id][%3D]=3", [3]),
        ("filter[id][eq]=3", [3]),
        ("filter[id][<>]=3", [1, 2, 4]),
        ("filter[id][!%3D]=3", [1, 2, 4]),
        ("filter[id][neq]=3", [1, 2, 4]),
        ("filter[id][<]=3", [1, 2]),
        ("filter[id][lte]=3", [1, 2, 3]),
        ("filter[id][>]=3", [4]),
        ("filter[id][>%3D]=3", [3, 4]),
        ("filter[id][in]=1,4", [1, 4]),
        ("filter[id][nin]=1,4", [2, 3]),
        ("filter[id][in][]=1&filter[id][in][]=3", [1, 3]),
        ("filter[title][null]=1&filter[id][gt]=1", []),
        ("filter[company][nnull]=1", [2, 4]),
        ("filter[company][nnull]=0", [2, 4]),
        ("filter[title][empty]=1", [1, 4]),
        ("filter[title][nempty]=1", [2, 3]),
        ("filter[title][contains]=_", [2]),
        ("filter[title][like]=a_b", [2]),
        ("filter[title][like]=", [1, 2, 3, 4]),
        ("filter[title][ncontains]=_&filter[id][gt]=1", [3, 4]),
        ("filter[title][rlike]=a_b", [2, 3]),
        ("filter[title][rlike]=a%25", [2, 3]),
        ("filter[title][nrlike]=a%25&filter[id][gt]=1", [4]),
        ("filter[company][rlike]=N%25*", []),
        ("filter[company][rlike]=n%25", [4]),
        ("filter[id][between]=2,3", [2, 3]),
        ("filter[id][nbetween]=2,3", [1, 4]),
        ("filter[last_access_on][lt]=now", [1]),
        ("filter[role]=3", [2, 3, 4]),
        ("filter[role][in]=1,3", [1, 2, 3, 4]),
        ("filter[role.name]=Editor", [2, 3, 4]),
        ("filter[role.users.first_name]=Ada", [2, 3, 4]),
        ("filter[first_name]=Ada&filter[id]=3", []),
        ("filter[first_name]=Ada&filter[id][eq]=3&filter[id][logical]=or", [2, 3]),
        ("filter[title][eq]=a_b&filter[title][logical]=or&filter[title][like]=X", [2, 3]),
        ("filter[id][0][eq]=2&filter[id][1][eq]=4&filter[id][1][logical]=or", [2, 4]),
        ('filter={"id":{"gt":3}}', [4]),
        ("sort=-role,first_name", [2, 3, 4, 1]),
    ],
)
async def test_lists(reading: Served, query: str, found: list[int]) -> None:
    assert await ids(reading, query) == found


async def test_an_order_by_chance_holds_everybody(reading: Served) -> None:
    assert sorted(await ids(reading, "sort=?")) == [1, 2, 3, 4]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("filter[users][has]=1", [1, 3]),
        ("filter[users][has]=2", [3]),
        ("filter[users][nhas]=2", [1]),
        ("filter[users][all]=2,3", [3]),
        ("filter[users][all]=1,2", []),
        ("filter[users.id]=1", [1]),
    ],
)
async def test_relations_to_many(reading: Served, query: str, found: list[int]) -> None:
    answer = await reading.ask("GET", f"/default/roles?fields=id&{query}")
    assert [one["id"] for one in answer.json()["data"]] == found


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("filter[id][xyz]=1", 214),
        ("filter[first_name][has]=1", 202),
        ("filter[nothing]=1", 202),
        ("filter[token][eq]=x", 202),
        ("filter[password][nnull]=1", 202),
        ("sort=password", 202),
        ("fields=password", 202),
        ("fields=-nothing", 202),
        ("meta=nothing", 202),
        ("filter[first_name][rlike]=%25%25%25%25%25%25", 202),
    ],
)
async def test_what_cannot_be_asked(reading: Served, query: str, code: int) -> None:
    answer = await reading.ask("GET", f"{USERS}?{query}")
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, code), answer.text


async def test_fields(reading: Served) -> None:
    async def one(fields: str) -> dict[str, object]:
        found: dict[str, object] = (await reading.ask("GET", f"{USERS}/2?fields={fields}")).json()["data"]
        return found

    assert await one("id,role") == {"id": 2, "role": 3}
    assert await one("role.name") == {"role": {"name": "Editor"}}
    assert await one("role.id,role.name") == {"role": {"id": 3, "name": "Editor"}}
    assert "email" not in await one("*,-email")
    assert (await one("-email")).keys() == (await one("*,-email")).keys()
    listed = (await reading.ask("GET", f"{USERS}?fields[0]=id&fields[1]=title&limit=1")).json()["data"]
    assert listed[0].keys() == {"id", "title"}


async def test_single(reading: Served) -> None:
    answer = await reading.ask("GET", f"{USERS}?single=1&fields=id&sort=-id")
    assert answer.json() == {"data": {"id": 4}}
    nobody = await reading.ask("GET", f"{USERS}?single=1&filter[id]=99")
    assert (nobody.status_code, nobody.json()["error"]["code"]) == (404, 203)
    stranger = await reading.ask("GET", f"{USERS}?single=1", token=None)
    assert (stranger.status_code, stranger.json()["error"]["code"]) == (403, 300)


async def test_meta(reading: Served) -> None:
    answer = await reading.ask("GET", f"{USERS}?fields=id&limit=2&page=2&meta=*&filter[id][gt]=1")
    told = answer.json()["meta"]
    url = f"{reading.url}/default/users"
    links = told.pop("links")
    assert told == {
        "collection": "directus_users", "type": "collection", "result_count": 1, "total_count": 4,
        "filter_count": 3, "limit": 2, "offset": 2, "page": 2, "page_count": 2,
        "status_count": {"draft": 1, "invited": 0, "active": 2, "suspended": 1, "deleted": 1},
    }  # fmt: skip
    assert links["self"] == url
    assert links["next"] is None
    assert links["previous"] == links["first"]
    assert links["first"].startswith(f"{url}?") and "page=1" in links["first"]
    assert "page=2" in links["last"] and links["last"] == links["current"]
    async with reading.client(reading.token) as client:
        assert [one["id"] for one in (await client.get(links["first"])).json()["data"]] == [2, 3]
    few = await reading.ask("GET", f"{USERS}?limit=1&meta=result_count,status_count")
    assert few.json()["meta"].keys() == {"result_count", "status_count"}
    alone = await reading.ask("GET", f"{USERS}/2?fields=id&meta=*")
    assert alone.json() == {"data": {"id": 2}, "meta": {"collection": "directus_users", "type": "item"}}
