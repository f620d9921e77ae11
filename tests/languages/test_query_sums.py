"""`aggregate` and `groupBy`: numbers, groups and their order, the same on both databases."""

import pytest
from sqlalchemy import bindparam, update

from service.database import Transaction
from service.database.tables import users
from tests.languages.asking import ask
from tests.served import Served, refusal


async def _seen(tx: Transaction, email: str, when: str) -> None:
    await tx.run(
        update(users).where(users.c.email == bindparam("of_email")), of_email=email, last_access=when
    )


@pytest.fixture
async def people(house: Served) -> Served:
    """Four people beside the administrator, who has not been seen as far as these tests ask."""
    made = [
        {"email": "ann@example.com", "title": "CTO", "tags": ["a", "b", "c"]},
        {"email": "bob@example.com", "title": "CTO", "tags": []},
        {"email": "cid@example.com", "title": "dev", "status": "suspended", "tags": ["a"]},
        {"email": "dan@example.com", "status": "archived"},
    ]
    assert (await house.ask("POST", "/users", made)).status_code == 200
    write = house.house.database.write
    await write(_seen, "ann@example.com", "2021-01-03T23:59:59.999Z")
    await write(_seen, "bob@example.com", "2021-01-04T00:00:00.000Z")
    await write(_seen, "cid@example.com", "2024-12-30T10:20:30.400Z")
    return house


NAMED: dict[str, object] = {"filter": {"email": {"_neq": "admin@example.com"}}}


async def test_counts_are_numbers(people: Served) -> None:
    assert await ask(people, aggregate={"count": "*"}) == [{"count": 5}]
    assert await ask(people, aggregate={"count": ["*"]}, **NAMED) == [{"count": 4}]
    assert await ask(people, aggregate={"count": ["id", "title"]}, **NAMED) == [
        {"count": {"id": 4, "title": 3}}
    ]
    assert await ask(people, aggregate={"countDistinct": "title", "countAll": "*"}, **NAMED) == [
        {"countDistinct": {"title": 2}, "countAll": 4}
    ]
    assert await ask(people, aggregate={"count": "*"}, search="ANN@") == [{"count": 1}]
    answer = await people.ask("GET", "/users?aggregate[count]=id&aggregate[max]=email&meta=*")
    assert answer.json() == {
        "data": [{"count": {"id": 5}, "max": {"email": "dan@example.com"}}],
        "meta": {"total_count": 5, "filter_count": 5},
    }


async def test_sums_over_functions_and_least_and_greatest(people: Served) -> None:
    asked = {
        "sum": "count(tags)",
        "avg": "count(tags)",
        "min": "last_access",
        "max": ["last_access", "year(last_access)"],
    }
    assert await ask(people, aggregate=asked, **NAMED) == [
        {
            "sum": {"tags_count": 4},
            "avg": {"tags_count": 4 / 3},
            "min": {"last_access": "2021-01-03T23:59:59.999Z"},
            "max": {"last_access": "2024-12-30T10:20:30.400Z", "last_access_year": 2024},
        }
    ]
    asked = {"sumDistinct": "year(last_access)", "avgDistinct": "year(last_access)"}
    assert await ask(people, aggregate=asked, **NAMED) == [
        {"sumDistinct": {"last_access_year": 4045}, "avgDistinct": {"last_access_year": 2022.5}}
    ]
    nobody = {"email": {"_eq": "nobody@example.com"}}
    assert await ask(people, aggregate={"avg": "count(tags)", "sum": "count(tags)"}, filter=nobody) == [
        {"avg": {"tags_count": None}, "sum": {"tags_count": None}}
    ]


async def test_groups_and_their_order(people: Served) -> None:
    count = {"count": "*"}
    assert await ask(people, aggregate=count, groupBy="status", **NAMED) == [
        {"status": "active", "count": 2}, {"status": "archived", "count": 1}, {"status": "suspended", "count": 1},
    ]  # fmt: skip
    by_title = await ask(people, aggregate=count, groupBy=["title"][0], sort="-count,title", **NAMED)
    assert by_title == [
        {"title": "CTO", "count": 2}, {"title": "dev", "count": 1}, {"title": None, "count": 1},
    ]  # fmt: skip
    years = await ask(
        people, aggregate={"count": "id"}, groupBy="year(last_access),status", sort="-count.id,-year(last_access)",
        **NAMED,
    )  # fmt: skip
    assert years[0] == {"last_access_year": 2021, "status": "active", "count": {"id": 2}}
    assert [one["last_access_year"] for one in years] == [2021, None, 2024]
    assert await ask(people, groupBy="status", limit=1, page=2, **NAMED) == [{"status": "archived"}]
    assert await ask(people, groupBy="status", limit=0, **NAMED) == []


async def test_a_person_sums_over_what_they_see_only(people: Served) -> None:
    _, token = await people.person("eve@example.com")
    assert await ask(people, token, aggregate={"count": "*"}) == [{"count": 1}]
    assert await ask(people, token, aggregate={"min": "email"}, groupBy="status") == [
        {"status": "active", "min": {"email": "eve@example.com"}}
    ]


REFUSED = [
    "aggregate[nope]=id",
    "aggregate=x",
    "aggregate=[]",
    "aggregate[count]=nope",
    "aggregate[count]=",
    "aggregate[count]=password",
    "aggregate[countDistinct]=token",
    "aggregate[max]=tfa_secret",
    "aggregate[sum]=email",
    "aggregate[avg]=last_access",
    "aggregate[min]=id",
    "aggregate[sum]=*",
    "aggregate[countDistinct]=auth_data",
    "aggregate[count]=role.name",
    "groupBy=password",
    "groupBy=tags",
    "groupBy=nope",
    "groupBy=role.name",
    "groupBy=status&sort=email",
    "aggregate[count]=*&sort=-max",
    "groupBy=" + ",".join(f"{part}(last_access)" for part in ("year", "month", "week", "day", "weekday", "hour")) + ",id,email,title,status,role",
]  # fmt: skip


async def test_what_cannot_be_summed_says_why(house: Served) -> None:
    for query in REFUSED:
        answer = await house.ask("GET", f"/users?{query}")
        assert refusal(answer) == (400, "INVALID_QUERY"), (query, answer.text)
