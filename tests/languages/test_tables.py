"""The laws of the three tables."""

import inspect
import re
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.dialects import dialect, operators, problems, statements
from service.dialects.dialect import EVERY
from service.dialects.fields import LANGUAGES, ROLES, Field, Language
from service.dialects.user_fields import USERS
from service.users import model
from service.users import problems as core
from service.users.model import ATTRIBUTES, STATUSES, Kind
from service.users.problems import BadPayload, BadQuery, Invalid

ROWS = [*USERS, *ROLES]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("collection", EVERY)
def test_one_word_per_field_and_dialect(language: Language, collection: str) -> None:
    named = [f.cells[language].word for f in EVERY[collection].fields if language in f.cells]
    assert len(named) == len(set(named))


def test_the_object_of_generation_10_has_its_documented_fields_in_order() -> None:
    assert dialect.readable("rest10", "directus_users") == (
        "id", "first_name", "last_name", "email", "password", "location", "title", "description", "tags",
        "avatar", "language", "tfa_secret", "status", "role", "token", "last_access", "last_page", "provider",
        "external_identifier", "auth_data", "email_notifications", "appearance", "theme_dark", "theme_light",
        "theme_light_overrides", "theme_dark_overrides", "theme",
    )  # fmt: skip


def test_every_attribute_of_the_core_has_a_row() -> None:
    assert set(ATTRIBUTES) <= {field.name for field in USERS}


def test_every_field_has_a_column_in_every_dialect_that_names_it() -> None:
    for collection in EVERY.values():
        for field in collection.fields:
            for cell in field.cells.values():
                assert collection.column(field, cell) is not None
            assert field.key is None or field.key in collection.table.c


@pytest.mark.parametrize("language", ["rest8", "rest10", "graphql"])
@pytest.mark.parametrize("field", ROWS, ids=lambda field: field.name)
@given(data=st.data())
def test_writing_back_what_was_read_changes_nothing(
    language: Language, field: Field, data: st.DataObject
) -> None:
    """Of what a dialect lets its callers write."""
    cell = field.cells.get(language)
    if cell is None or field.guard != "open":
        return
    keys = st.none() | st.uuids().map(str)
    moments = st.none() | st.just("2020-01-13T22:31:43.000Z")  # generation 8 shows whole seconds
    drawn = {"status": st.sampled_from(STATUSES), "role": keys, "avatar": keys, "last_access": moments}
    values = drawn.get(field.name, st.none() | st.text(max_size=10))
    kept = data.draw(values)
    shown = cell.load(kept) if cell.load else kept
    assert (cell.dump(shown) if cell.dump else shown) == kept


@pytest.mark.parametrize("language", LANGUAGES)
def test_secrets_leave_the_database_as_asterisks_only(language: Language) -> None:
    for collection in EVERY.values():
        known = dialect.words(language, collection.name)
        secret = [word for word, field in known.items() if field.guard == "secret"]
        hidden = [word for word, field in known.items() if field.guard == "hidden"]
        assert not set(hidden) & set(dialect.readable(language, collection.name))
        if language == "scim" or not secret:
            continue
        shape = statements.Shape(language, collection.name, "all", tuple(secret))
        columns = statements.rows(shape, "sqlite").statement.selected_columns
        assert len(columns) == len(secret)
        for column in columns:
            text = str(column.element)
            assert "CASE" in text, text


def test_secret_kinds_are_asked_for_presence_only() -> None:
    asked = {operator.name for operator in operators.OPERATORS if "hash" in operator.kinds}
    assert asked == {"null", "nnull", "empty", "nempty"}
    assert all(field.kind == "hash" for field in ROWS if field.guard == "secret")


def test_operators_have_one_word_per_dialect_and_known_kinds() -> None:
    for language in LANGUAGES:
        named = [o.words[language] for o in operators.OPERATORS if language in o.words]
        assert len(named) == len(set(named))
    assert {kind for o in operators.OPERATORS for kind in o.kinds} <= set(get_args(Kind))


def _problems() -> list[type[core.Problem]]:
    found = [kind for _, kind in inspect.getmembers(core, inspect.isclass) if issubclass(kind, core.Problem)]
    return [
        kind for kind in found if not kind.__name__.startswith("_") and kind not in (core.Problem, Invalid)
    ]


@pytest.mark.parametrize("kind", _problems(), ids=lambda kind: kind.__name__)
def test_every_problem_has_a_cell_in_every_dialect(kind: type[core.Problem]) -> None:
    assert kind in problems.every()


def test_the_drawing_of_the_problems_has_each_below_what_it_is_a_kind_of() -> None:
    drawn: dict[str, str] = {}
    above = ""
    for line in (core.__doc__ or "").splitlines():
        if found := re.match(r"(│   )?[├└]── (\w+(?:(?:, | / )\w+)*)", line):
            names = re.split(r", | / ", found[2])
            drawn |= dict.fromkeys(names, above if found[1] else "Problem")
            above = above if found[1] else " ".join(names)
    there = {kind.__name__: {base.__name__ for base in kind.__mro__[1:]} for kind in (Invalid, *_problems())}
    assert drawn.keys() == there.keys()
    assert [name for name, bases in there.items() if not bases & set(drawn[name].split())] == []


def test_every_cell_of_the_problem_table_can_be_told() -> None:
    examples = {
        core.Taken: core.Taken("email"), core.NoSuch: core.NoSuch("role"), core.BadPayload: BadPayload("x"),
        core.BadQuery: BadQuery("x"), core.Unprocessable: core.Unprocessable("x"),
        core.NotInvited: core.NotInvited("a@example.com"), core.RouteUnknown: core.RouteUnknown("/x"),
        core.MethodRefused: core.MethodRefused(["GET"], "PUT"), core.TooLarge: core.TooLarge(1),
        core.WrongMedia: core.WrongMedia("text/csv"), core.TooMany: core.TooMany(3),
        core.Unreachable: core.Unreachable("x"), core.GroupTaken: core.GroupTaken("display_name"),
        core.NoMembers: core.NoMembers(["x"]), core.Managed: core.Managed("email", "Okta"),
        core.WrongAddress: core.WrongAddress("192.0.2.1"), core.BadLogin: core.BadLogin("x"), core.UnknownWord: core.UnknownWord("x"),
        core.UnknownFilter: core.UnknownFilter("x"), core.NoPayload: core.NoPayload("x"),
        core.LastAdministrator: core.LastAdministrator("x"), core.UnreadField: core.UnreadField("email"),
        core.UnwrittenField: core.UnwrittenField("email"),
    }  # fmt: skip
    for key in problems.every():
        problem = Invalid("email", key, limit=3) if isinstance(key, str) else examples.get(key) or key()
        for language in LANGUAGES:
            cell, sentence, extras = problems.told(problem, language, "email", "directus_users")
            assert 400 <= cell.status < 600
            assert sentence and "{" not in sentence
            assert all(value is not None for name, value in extras.items() if name != "valid")


def test_an_unforeseen_exception_tells_nothing_of_itself() -> None:
    for language in LANGUAGES:
        cell, sentence, _ = problems.told(ValueError("SELECT secret"), language, "", "")
        assert cell.status == 500
        assert "SELECT" not in sentence


def test_words_of_both_generations_name_the_deleted_state() -> None:
    for language in ("rest8", "rest10"):
        taken = dialect.take(language, "directus_users", {"status": "deleted"})
        assert taken == {"status": model.ARCHIVED}
        assert dialect.take(language, "directus_users", {"status": "archived"}) == taken
