"""Whatever is asked, a hidden value changes no answer: two projects differ in what a caller may not read, and the
caller cannot tell them apart."""

from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any, Final, cast

import msgspec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import insert

from service.api import exports
from service.api.calls import Call
from service.api.generations import GENERATION_10
from service.api.parameters import Parameters
from service.database import Database, Transaction, new_key
from service.database.tables import projects, roles, users
from service.dialects import question, rules
from service.users.model import USERS, Caller
from service.users.permissions import Rule
from service.users.problems import Problem
from service.users.rows import derived

Row = dict[str, Any]
WORDS: Final = ("a", "b", "ab", "B")
FIELDS: Final = ("id", "first_name", "email", "title", "tags", "last_access", "role", "auth_data", "status")
NEVER: Final = new_key()  # a role that is nobody's in one project and somebody's in the other

texts = st.none() | st.sampled_from(WORDS)
values: Mapping[str, st.SearchStrategy[Any]] = {
    "first_name": texts,
    "title": texts,
    "tags": st.none() | st.just(["a"]) | st.just([]),
    "last_access": st.none() | st.sampled_from(["2020-01-01T00:00:00.000Z", "2021-06-01T10:00:00.000Z"]),
    "auth_data": st.none() | st.just({"a": 1}),
    "role": st.sampled_from([None, "mine", "other"]),
}
hidden_values = st.fixed_dictionaries(dict(values))
fields = st.lists(st.sampled_from(FIELDS), max_size=6, unique=True)
row_rules = st.sampled_from(
    [None, {"status": {"_eq": "active"}}, {"company": {"_null": True}}, {"status": "draft"}]
)
granted = st.lists(st.tuples(fields, row_rules), min_size=1, max_size=3)

terms = st.one_of(
    st.tuples(st.sampled_from(["first_name", "title", "email"]), st.sampled_from(["_eq", "_neq", "_icontains", "_in", "_starts_with"]), st.sampled_from(WORDS)),
    st.tuples(st.sampled_from(FIELDS), st.sampled_from(["_null", "_nnull"]), st.just(True)),
    st.tuples(st.just("year(last_access)"), st.sampled_from(["_gt", "_eq"]), st.just(2020)),
    st.tuples(st.just("count(tags)"), st.just("_eq"), st.just(1)),
).map(lambda term: {term[0]: {term[1]: term[2]}})  # fmt: skip
near = st.one_of(
    terms,
    st.sampled_from(
        [
            {"role": {"name": {"_eq": "other"}}}, {"role": {"users": {"title": {"_eq": "a"}}}},
            {"role": {"count(users)": {"_gt": 1}}}, {"role": {"users": {"_none": {"first_name": {"_eq": "b"}}}}},
        ]
    ),
)  # fmt: skip
filters = st.recursive(
    near,
    lambda inner: st.tuples(st.sampled_from(["_and", "_or"]), st.lists(inner, min_size=1, max_size=2)).map(
        lambda pair: {pair[0]: pair[1]}
    ),
    max_leaves=4,
)
shown = st.lists(
    st.sampled_from([*FIELDS, "*", "*.*", "role.name", "role.users.title", "role.users", "year(last_access)", "theme", "password"]),
    max_size=4,
).map(",".join)  # fmt: skip
sorts = st.lists(
    st.sampled_from(
        ["title", "-first_name", "email", "-role.name", "year(last_access)", "-id", "-count(tags)"]
    ),
    max_size=2,
).map(",".join)
queries = st.one_of(
    st.fixed_dictionaries(
        {"fields": shown},
        optional={"filter": filters, "sort": sorts, "search": st.sampled_from([*WORDS, NEVER]), "limit": st.just(2),
                  "deep": st.just({"role": {"users": {"_filter": {"title": {"_eq": "a"}}, "_sort": "title", "_limit": 1}}})},
    ),
    st.fixed_dictionaries(
        {"aggregate": st.dictionaries(st.sampled_from(["count", "min", "max", "countDistinct"]), st.sampled_from(["title", "email", "first_name", "role"]), min_size=1, max_size=2)},
        optional={"groupBy": st.sampled_from(["title", "role", "status", "year(last_access)"]), "filter": filters,
                  "search": st.sampled_from(WORDS)},
    ),
)  # fmt: skip


async def _settle(
    tx: Transaction, project: str, keys: Mapping[str | None, str | None], given: list[Row]
) -> None:
    at = "2020-01-01T00:00:00.000Z"
    await tx.run(insert(projects), name=project, title=project, timezone="UTC", created_at=at)
    plain = {"icon": "x", "enforce_tfa": False, "admin_access": False, "app_access": True}
    for number, name in enumerate(("mine", "other")):
        await tx.run(insert(roles), project=project, id=keys[name], number=number, name=name, **plain)
    for user in given:
        row = {"user_name": None, "last_name": None, "location": None, "description": None,
               "external_identifier": None, **user, "role": keys[user["role"]]}  # fmt: skip
        await tx.run(
            insert(users), project=project, **row, **derived(row), provider="default", version=1, created_at=at,
            changed_at=at, email_notifications=True,
        )  # fmt: skip


def _readable(user: Row, grants: list[tuple[list[str], Any]]) -> set[str]:
    """The attributes of a row that the rules let anybody of the role read."""
    found: set[str] = set()
    for names, rule in grants:
        wanted = (rule or {}).get("status", user["status"])
        if "company" in (rule or {}) or user["status"] == (
            wanted if isinstance(wanted, str) else wanted["_eq"]
        ):
            found |= set(names)
    return found


async def _answer(database: Database, caller: Caller, query: Row) -> object:
    """Everything that comes of a query: rows, counts and a file, or what it is refused with."""
    terms = SimpleNamespace(terms=SimpleNamespace(most_rows=None))
    call = cast(Call, SimpleNamespace(query=query, generation=GENERATION_10, house=terms, count=int))
    try:
        asked = Parameters(call, caller, "directus_users").many()
        items = await database.scan(question.items, asked)
        counts = [await database.scan(question.count, asked, filtered=filtered) for filtered in (False, True)]
        batches = [batch async for batch in exports._batches(database, asked)]
        return msgspec.json.encode([items, counts, batches])
    except Problem as problem:
        return type(problem), str(problem)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(data=st.data(), grants=granted, asked=st.lists(queries, min_size=4, max_size=8))
async def test_a_caller_cannot_tell_hidden_values_apart(
    database: Database, data: st.DataObject, grants: list[tuple[list[str], Any]], asked: list[Row]
) -> None:
    keys: dict[str | None, str | None] = {None: None, "mine": new_key(), "other": NEVER}
    one, other = [], []
    for number in range(4):
        user: Row = {
            **data.draw(hidden_values), "id": new_key(), "email": f"{WORDS[number]}{number}@example.com",
            "status": "active" if number % 2 else "draft",
        }  # fmt: skip
        twin = {**user, **data.draw(hidden_values)}
        if number == 0:
            user["role"] = twin["role"] = "mine"
        known = _readable(user, grants) if number else set(FIELDS)
        one.append(user)
        other.append({**twin, **{name: user[name] for name in known}})
        if number and "email" not in known:
            other[-1]["email"] = f"hidden{number}@example.com"
    stored = tuple(
        Rule(USERS, "read", rule and msgspec.json.encode(rule).decode(), None, None, msgspec.json.encode(names).decode())
        for names, rule in grants
    )  # fmt: skip
    leave = rules.compiled(stored, signed_in=True)
    answers = []
    for project, given_users in ((new_key(), one), (new_key(), other)):
        await database.write(_settle, project, keys, given_users)
        caller = Caller(project, one[0]["id"], keys["mine"], leave=leave)
        public = Caller(project, leave=rules.compiled(stored, signed_in=False))
        answers.append([await _answer(database, who, query) for query in asked for who in (caller, public)])
    for query, first, second in zip([query for query in asked for _ in "12"], *answers, strict=True):
        assert first == second, query
