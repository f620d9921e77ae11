"""The laws of GraphQL's tables."""

import pytest
from graphql import parse, validate
from graphql.validation import specified_rules

from service.api.graphql import fixed, rows
from service.api.graphql.views import ADMINISTRATOR, limited
from service.dialects.dialect import readable
from service.dialects.graphql import documents
from service.dialects.graphql.roots import roots
from service.dialects.graphql.views import View
from service.dialects.rules import compiled

VIEWS = {
    "nobody": View(),
    "person": limited(compiled((), signed_in=True), signed_in=True),
    "administrator": ADMINISTRATOR,
}


def test_every_field_has_one_who_answers_it_and_nobody_answers_what_is_no_field() -> None:
    answered = {*rows.verbs(), *fixed.verbs(ADMINISTRATOR)}
    assert {root.name for root in roots(ADMINISTRATOR) if root.home != "subscription"} == answered


@pytest.mark.parametrize("name", VIEWS)
def test_a_smaller_view_has_nothing_that_an_administrator_has_not(name: str) -> None:
    assert {root.name for root in roots(VIEWS[name])} <= {root.name for root in roots(ADMINISTRATOR)}


@pytest.mark.parametrize("name", VIEWS)
def test_every_schema_is_one(name: str) -> None:
    schema = documents.sheet(VIEWS[name]).schema
    assert validate(schema, parse("{ __typename server_ping }"), specified_rules) == []


def test_types_have_the_words_of_rest() -> None:
    fields = documents.sheet(ADMINISTRATOR).schema.type_map["directus_users"].fields  # type: ignore[attr-defined]
    assert [name for name in fields if not name.endswith("_func")] == list(
        readable("rest10", "directus_users")
    )
