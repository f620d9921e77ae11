"""Variables, functions of dates and lists, and upper and lower case, the same on both databases."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import bindparam, literal, select, update
from sqlalchemy.types import Text

from service.database import Database, Transaction, case, moment
from service.database.tables import users
from service.dialects.operators import OPERATORS
from service.dialects.variables import Variables, adjusted
from service.users.problems import BadQuery
from tests.languages.asking import ask, read
from tests.served import Served

NOON = datetime(2024, 2, 29, 12, tzinfo=UTC)


async def _seen(tx: Transaction, of_id: str, when: str) -> None:
    await tx.run(update(users).where(users.c.id == bindparam("of_id")), of_id=of_id, last_access=when)


async def test_variables_stand_for_who_asks_and_when(house: Served) -> None:
    ann, token = await house.person("ann@example.com", role=house.role)
    ago = moment(datetime.now(UTC) - timedelta(days=3))
    bob = (await house.ask("POST", "/users", {"email": "bob@example.com"})).json()["data"]["id"]
    await house.house.database.write(_seen, bob, ago)

    async def found(filter_: object) -> list[str]:
        asked = await ask(house, token, filter=filter_, fields="email", sort="email")
        return [user["email"] for user in asked]

    assert await found({"id": {"_eq": "$CURRENT_USER"}}) == ["ann@example.com"]
    assert await found({"id": {"_in": ["$CURRENT_USER", bob]}}) == ["ann@example.com", "bob@example.com"]
    assert await found({"role": "$CURRENT_ROLE"}) == ["admin@example.com", "ann@example.com"]
    assert await found({"role": {"users": {"id": "$CURRENT_USER"}}}) == [
        "admin@example.com",
        "ann@example.com",
    ]
    assert await found({"last_access": {"_lt": "$NOW(-2 days)"}}) == ["bob@example.com"]
    assert await found({"last_access": {"_lt": "$NOW(-4 days)"}}) == []
    assert await found({"last_access": {"_between": "$NOW(-1 week),$NOW(-1 day)"}}) == ["bob@example.com"]
    assert await found({"last_access": {"_gt": "$NOW"}}) == []
    assert ann != bob


ADJUSTED = [
    ("-1 year", "2023-02-28T12:00:00.000Z"), ("+1 year", "2025-02-28T12:00:00.000Z"),
    ("4 yrs", "2028-02-29T12:00:00.000Z"), ("-1 y", "2023-02-28T12:00:00.000Z"),
    ("-1 month", "2024-01-29T12:00:00.000Z"), ("+12 mo", "2025-02-28T12:00:00.000Z"),
    ("-2 mths", "2023-12-29T12:00:00.000Z"), ("-1 week", "2024-02-22T12:00:00.000Z"),
    ("1w", "2024-03-07T12:00:00.000Z"), ("+1", "2024-03-01T12:00:00.000Z"),
    ("-1 d", "2024-02-28T12:00:00.000Z"), ("2 hours", "2024-02-29T14:00:00.000Z"),
    ("-2 hrs", "2024-02-29T10:00:00.000Z"), ("-1 h", "2024-02-29T11:00:00.000Z"),
    ("5 minutes", "2024-02-29T12:05:00.000Z"), ("-5 mins", "2024-02-29T11:55:00.000Z"),
    ("1 m", "2024-02-29T12:01:00.000Z"), ("30 sec", "2024-02-29T12:00:30.000Z"),
    ("-30s", "2024-02-29T11:59:30.000Z"), ("250 ms", "2024-02-29T12:00:00.250Z"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "there"), ADJUSTED)
def test_now_is_adjusted_in_every_documented_unit(text: str, there: str) -> None:
    assert moment(adjusted(NOON, text)) == there


@pytest.mark.parametrize(
    "text", ["", "x", "1 fortnight", "1.5 h", "-9999 years", "999999999 d", "--1 d", "1 d 1 h", "9" * 30]
)
def test_an_adjustment_that_means_nothing_is_refused(text: str) -> None:
    with pytest.raises(BadQuery):
        adjusted(NOON, text)


def test_what_looks_like_a_variable_is_one_or_is_refused_or_is_a_text() -> None:
    variables = Variables("u", None, NOON)
    assert variables.fill("$NOW") == "2024-02-29T12:00:00.000Z"
    assert variables.fill("$CURRENT_ROLE") is None
    assert [variables.fill(value) for value in ("$100", "$NOWHERE", 5, None)] == ["$100", "$NOWHERE", 5, None]
    for unknown in ("$CURRENT_USER.email", "$CURRENT_POLICIES", "$NOW(", "$NOW(1 day", "$NOW()x"):
        with pytest.raises(BadQuery):
            variables.fill(unknown)


async def test_functions_have_keys_of_their_own_and_give_numbers(house: Served) -> None:
    made = await house.ask(
        "POST", "/users", {"email": "ann@example.com", "tags": ["a", "b"], "auth_data": {"a": 1}}
    )
    ann = made.json()["data"]["id"]
    await house.house.database.write(_seen, ann, "2021-01-03T04:05:59.999Z")
    parts = ("year", "month", "week", "day", "weekday", "hour", "minute", "second")
    fields = ",".join(f"{part}(last_access)" for part in parts) + ",count(tags),count(auth_data)"
    only = {"year(last_access)": {"_eq": 2021}}
    assert await ask(house, filter=only, fields=fields) == [
        {
            "last_access_year": 2021, "last_access_month": 1, "last_access_week": 53, "last_access_day": 3,
            "last_access_weekday": 0, "last_access_hour": 4, "last_access_minute": 5, "last_access_second": 59,
            "tags_count": 2, "auth_data_count": 0,
        }
    ]  # fmt: skip
    await house.ask("POST", "/users", {"email": "bob@example.com", "tags": ["a", "b", "c"]})
    longest = await ask(
        house, filter={"count(tags)": {"_gt": 1}}, sort="-count(tags)", fields="email,count(tags)"
    )
    assert longest == [
        {"email": "bob@example.com", "tags_count": 3}, {"email": "ann@example.com", "tags_count": 2},
    ]  # fmt: skip
    assert await ask(
        house, filter=only, fields="last_access,year(last_access)", sort="year(last_access)"
    ) == [{"last_access": "2021-01-03T04:05:59.999Z", "last_access_year": 2021}]


async def test_a_filter_may_name_any_number_of_64_bits(house: Served) -> None:
    async def found(path: str, filter_: object) -> int:
        return len(await read(house, path, filter=filter_))

    for number in (2**31, -(2**31) - 1, 2**63 - 1, -(2**63)):
        beyond = {"_eq": number}, {"_in": [number, number]}, {"_between": [number, number]}
        for path, name in (("/roles", "count(users)"), ("/files", "filesize"), ("/activity", "id")):
            for asked in beyond:
                assert await found(path, {name: asked}) == 0
        assert await found("/roles", {"count(users)": {"_gt": number}}) == (number < 0)
        assert await found("/users", {"role": {"count(users)": {"_lt": number}}}) == (number > 0)


async def test_every_letter_has_one_case_on_both_databases(database: Database) -> None:
    every = "".join(chr(code) for code in (*range(1, 0xD800), *range(0xE000, 0x20000)))
    shared = _shared(every)
    cased = "".join(one for one in every if one in shared or case.fold_case(one) != one)
    for text in (cased, every[:3000]):
        folded, given, instead = case.sought(text)
        column = case.folded_column(literal(text, Text()), database.kind, "given", "instead")
        names = {"given": given, "instead": instead} if database.kind == "postgresql" else {}

        async def fold(tx: Transaction, column: Any = column, names: Any = names) -> str:
            row = await tx.row(select(column), **names)
            return str(row and row[0])

        assert await database.read(fold) == folded
        assert len(folded) == len(text)


def _shared(letters: str) -> set[str]:
    return {case.fold_case(letter) or "" for letter in letters if case.fold_case(letter) != letter}


def test_folding_is_done_once_and_knows_every_letter() -> None:
    for code in (*range(0xD800), *range(0xE000, 0x110000)):
        folded = case.fold_case(chr(code)) or ""
        assert len(folded) == 1
        assert case.fold_case(folded) == folded
    assert (
        case.fold_case("\u1e9e\u00df \u03a3\u03c3\u03c2 \u0130") == "\u00df\u00df \u03c3\u03c3\u03c3 \u0130"
    )


async def test_a_text_is_found_in_any_case(house: Served) -> None:
    await house.ask(
        "POST",
        "/users",
        {"email": "ann@example.com", "first_name": "GRO\u1e9eE \u03a3\u03bf\u03c6\u03cc\u03c2 100%"},
    )

    async def found(**asked: str) -> int:
        return len(
            await ask(house, filter={"first_name": {f"_{name}": value for name, value in asked.items()}})
        )

    assert await found(istarts_with="gro\u00dfe") == 1
    assert await found(icontains="\u03c3\u039f\u03a6\u038c\u03a3") == 1
    assert await found(iends_with="% ") == 0
    assert await found(iends_with="00%") == 1
    assert await found(istarts_with="grosse") == 0
    assert (
        await found(nicontains="GRO") == await found(nistarts_with="gRo") == await found(niends_with="%") == 0
    )
    too_long = await house.ask("GET", f"/users?filter[first_name][_icontains]={'x' * 1001}")
    assert too_long.status_code == 400


def test_every_documented_operator_is_there() -> None:
    documented = (
        "_eq _neq _lt _lte _gt _gte _in _nin _null _nnull _contains _ncontains _icontains _starts_with "
        "_nstarts_with _istarts_with _nistarts_with _ends_with _nends_with _iends_with _niends_with _between "
        "_nbetween _empty _nempty"
    )
    assert set(documented.split()) <= {operator.words.get("rest10") for operator in OPERATORS}
