"""Random rules over random users: the databases find whom a plain evaluation in Python finds."""

import operator
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import insert

from service.database import Database, Transaction, moment, new_key
from service.database.tables import projects, roles, users
from service.dialects import question, variables
from service.dialects.filters import Reader
from service.users.model import ARCHIVED, STATUSES, house
from service.users.rows import derived, fold

User = dict[str, Any]


def one_case(text: str) -> str:
    """Each letter as the one that stands for all its cases (simple case folding)."""
    return "".join(map(_letter, text))


def _letter(letter: str) -> str:
    whole, lower = letter.casefold(), letter.lower()
    return whole if len(whole) == 1 else lower if len(lower) == 1 else letter


ROLES = {"Ed": "\u00c9diteurs \u1e9e", "Wr": "writers"}
LETTERS = "aAbBsS\u00df\u1e9e\u03a3\u03c3\u03c2\u0130iI\u0131\u00e9\u00c9\u01c5\ufb01\u212a%_\\ '\"$\n\U00010400\U00010428"

texts = st.text(LETTERS, max_size=5)
sought = st.text(LETTERS, min_size=1, max_size=3)


def _between(first: str, last: str) -> st.SearchStrategy[str]:
    ends = [datetime.fromisoformat(end).replace(tzinfo=UTC) for end in (first, last)]
    span = int((ends[1] - ends[0]).total_seconds() * 1000)
    return st.integers(0, span).map(lambda passed: moment(ends[0] + timedelta(milliseconds=passed)))


moments = _between("0001-01-02", "9999-12-30")
near_moments = _between("2020-12-28", "2021-01-05")
people = st.fixed_dictionaries(
    {
        "first_name": st.none() | texts,
        "description": st.none() | texts,
        "email": st.none() | sought,
        "status": st.sampled_from(STATUSES),
        "role": st.none() | st.sampled_from(sorted(ROLES)),
        "email_notifications": st.booleans(),
        "last_access": st.none() | moments | near_moments,
        "tags": st.none() | st.lists(st.sampled_from("ab"), max_size=3),
        "auth_data": st.none() | st.just({"a": 1}),
    }
)

TEXT_TESTS: Mapping[str, Callable[[str, str], bool]] = {
    "contains": lambda text, part: part in text, "starts_with": str.startswith, "ends_with": str.endswith,
}  # fmt: skip
RANGES = {"_lt": operator.lt, "_lte": operator.le, "_gt": operator.gt, "_gte": operator.ge}
PARTS: Mapping[str, Callable[[datetime], int]] = {
    "year": lambda t: t.year, "month": lambda t: t.month, "day": lambda t: t.day, "hour": lambda t: t.hour,
    "minute": lambda t: t.minute, "second": lambda t: t.second, "week": lambda t: t.isocalendar().week,
    "weekday": lambda t: t.isoweekday() % 7,
}  # fmt: skip
NUMBERS = [f"{part}(last_access)" for part in PARTS] + ["count(tags)", "count(auth_data)"]


def _operators(kind: str, values: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    flags = st.sampled_from([True, False, "true", "0"])
    known: dict[str, st.SearchStrategy[Any]] = {"_null": flags, "_nnull": flags}
    if kind != "json":
        known |= {"_eq": values, "_neq": values}
    if kind in ("text", "key", "range"):
        known |= {name: st.lists(values, min_size=1, max_size=3) for name in ("_in", "_nin")}
    if kind == "range":
        pairs = st.tuples(values, values).map(list)
        known |= {**dict.fromkeys(RANGES, values), "_between": pairs, "_nbetween": pairs}
    if kind == "text":
        known |= {"_empty": flags, "_nempty": flags}
        known |= {
            f"_{no}{case}{name}": values for name in TEXT_TESTS for no in ("", "n") for case in ("", "i")
        }
    return st.sampled_from(sorted(known)).flatmap(lambda name: known[name].map(lambda value: {name: value}))


def _on(name: str, kind: str, values: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return _operators(kind, values).map(lambda asked: {name: asked})


names_of_roles = _operators("text", sought | st.sampled_from(sorted(ROLES.values())))
TERMS = st.one_of(
    _on("first_name", "text", sought),
    _on("description", "text", sought),
    _on("email", "text", sought),
    _on("status", "text", st.sampled_from(STATUSES)),
    _on("role", "key", st.sampled_from(sorted(ROLES))),
    names_of_roles.map(lambda asked: {"role": {"name": asked}}),
    _on("email_notifications", "flag", st.booleans()),
    _on("last_access", "range", moments | near_moments),
    _on("tags", "json", st.nothing()),
    st.sampled_from(NUMBERS).flatmap(lambda name: _on(name, "range", st.integers(0, 60) | st.just(2021))),
)
RULES = st.recursive(
    TERMS,
    lambda inner: st.one_of(
        st.tuples(st.sampled_from(["_and", "_or"]), st.lists(inner, min_size=1, max_size=3)).map(
            lambda pair: {pair[0]: pair[1]}
        ),
        st.lists(TERMS, min_size=2, max_size=2).map(lambda terms: {**terms[0], **terms[1]}),
    ),
    max_leaves=6,
)


def _value(user: User, name: str) -> Any:
    if "(" not in name:
        return user[name]
    part, _, word = name[:-1].partition("(")
    kept = user[word]
    if kept is None:
        return None
    if part == "count":
        return len(kept) if isinstance(kept, list) else 0
    return PARTS[part](datetime.fromisoformat(kept))


def _not(verdict: bool | None) -> bool | None:
    return None if verdict is None else not verdict


def _judge_text(name: str, kept: str, given: str) -> bool:
    plain = name.removeprefix("_")
    negated = plain.startswith("n")
    plain = plain[1:] if negated else plain
    if plain.startswith("i"):
        plain, kept, given = plain[1:], one_case(kept), one_case(given)
    return TEXT_TESTS[plain](kept, given) != negated


def _judge(kept: Any, name: str, given: Any, *, keyed: bool) -> bool | None:
    """What one operator says of a value; None for a value that is not there, as in SQL."""
    if name in ("_null", "_nnull", "_empty", "_nempty"):
        truth = {"true": True, "0": False}.get(given, given) == (name in ("_null", "_empty"))
        there = kept is None or (name.endswith("empty") and kept == "")
        return bool(there == truth)
    if kept is None:
        return None
    if name in ("_eq", "_neq", "_in", "_nin"):
        listed = given if isinstance(given, list) else [given]
        if keyed:
            kept, listed = fold(kept), [fold(one) for one in listed]
        return (kept in listed) == (name in ("_eq", "_in"))
    if name in RANGES:
        return bool(RANGES[name](kept, given))
    if name in ("_between", "_nbetween"):
        return (given[0] <= kept <= given[1]) == (name == "_between")
    return _judge_text(name, kept, given)


def _all(verdicts: list[bool | None]) -> bool | None:
    return False if False in verdicts else None if None in verdicts else True


def evaluate(rule: dict[str, Any], user: User) -> bool | None:
    """The documented meaning of a rule, written down a second time."""
    verdicts: list[bool | None] = []
    for name, asked in rule.items():
        if name == "_and":
            verdicts.append(_all([evaluate(one, user) for one in asked]))
        elif name == "_or":
            verdicts.append(_not(_all([_not(evaluate(one, user)) for one in asked])))
        elif name == "role" and "name" in asked:
            ((word, given),) = asked["name"].items()
            verdicts.append(_judge(ROLES.get(user["role"]), word, given, keyed=False))
        else:
            ((word, given),) = asked.items()
            verdicts.append(_judge(_value(user, name), word, given, keyed=name == "email"))
    return _all(verdicts)


async def _settle(tx: Transaction, project: str, keys: Mapping[str, str], given: list[User]) -> None:
    await tx.run(
        insert(projects), name=project, title=project, timezone="UTC", created_at="2020-01-01T00:00:00.000Z"
    )
    plain = {"icon": "x", "enforce_tfa": False, "admin_access": False, "app_access": True}
    for number, (short, name) in enumerate(ROLES.items()):
        await tx.run(insert(roles), project=project, id=keys[short], number=number, name=name, **plain)
    for user in given:
        row = {**user, "role": keys.get(user["role"]), "user_name": None, "last_name": None, "location": None,
               "title": None, "external_identifier": None}  # fmt: skip
        await tx.run(
            insert(users), project=project, **row, **derived(row), provider="default", version=1,
            created_at="2020-01-01T00:00:00.000Z", changed_at="2020-01-01T00:00:00.000Z",
        )  # fmt: skip


def _with_keys(rule: Any, keys: Mapping[str, str]) -> Any:
    if isinstance(rule, dict):
        return {name: _with_keys(one, keys) for name, one in rule.items()}
    if isinstance(rule, list):
        return [_with_keys(one, keys) for one in rule]
    return keys.get(rule, rule) if isinstance(rule, str) else rule


def _unique(user: User) -> object:
    """Archived users have given their addresses up."""
    return new_key() if user["email"] is None or user["status"] == ARCHIVED else fold(user["email"])


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(
    rules=st.lists(RULES, min_size=3, max_size=6),
    given_users=st.lists(people, min_size=1, max_size=6, unique_by=_unique),
)
async def test_the_databases_find_whom_python_finds(
    database: Database, rules: list[dict[str, Any]], given_users: list[User]
) -> None:
    project, keys = new_key(), {short: new_key() for short in ROLES}
    made = [{"id": new_key(), **user} for user in given_users]
    await database.write(_settle, project, keys, made)
    caller = house(project)
    for rule in rules:
        reader = Reader("rest10", "directus_users", variables.of(caller))
        where = reader.read(_with_keys(rule, keys))
        asked = question.ask(
            caller, "rest10", "directus_users", ("id",), where=where, operands=reader.values, limit=1000
        )
        found = {row[0] for row in await database.read(question.rows, asked)}
        assert found == {user["id"] for user in made if evaluate(rule, user) is True}, rule
