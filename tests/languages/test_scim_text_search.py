"""What a question asks for (RFC 7644, 3.4.2, 3.4.3), and whether a resource satisfies a whole filter."""

from typing import Any

import pytest

from providers.scim import binding, matching, search
from providers.scim import filter as filters
from providers.scim.paging import Page
from providers.scim.problems import InvalidFilter, InvalidSyntax, InvalidValue, TooMany
from providers.scim.schema import Resource
from providers.scim.search import SEARCH_REQUEST, Search
from providers.scim.tolerance import STRICT
from providers.scim.user import ENTERPRISE_USER, USER

ENTERPRISE = ENTERPRISE_USER.urn
BABS: Resource = {
    "schemas": [USER.schema.urn, ENTERPRISE],
    "id": "2819",
    "userName": "bjensen",
    "active": True,
    "name": {"familyName": "Jensen"},
    "emails": [{"value": "b@x.org", "type": "work", "primary": True}, {"value": "c@x.org", "type": "home"}],
    ENTERPRISE: {"department": "Tour", "manager": {"value": "m1"}},
    "meta": {"created": "2011-05-13T04:42:34.000Z"},
}


@pytest.mark.parametrize(
    ("given", "asked"),
    [
        ({}, Search()),
        ({"nosuch": ["x"], "filter[x]": {}}, Search()),
        ({"FILTER": "a pr", "StartIndex": "3", "COUNT": "0"}, Search("a pr", Page(3, 0))),
        ({"attributes": "id, userName,"}, Search(attributes=("id", "userName"))),
        ({"excludedattributes": "name.givenName"}, Search(excluded=("name.givenName",))),
    ],
)
def test_the_parameters_of_a_get(given: dict[str, object], asked: Search) -> None:
    assert search.of_parameters(given) == asked


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({"filter": ["a pr", "b pr"]}, InvalidFilter),
        ({"filter": {"a": "b"}}, InvalidFilter),
        ({"filter": "a pr", "Filter": "b pr"}, InvalidFilter),
        ({"count": ["1", "2"]}, InvalidValue),
        ({"count": "1", "COUNT": "2"}, InvalidValue),
        ({"attributes": {}}, InvalidValue),
        ({"attributes": "," * 500}, TooMany),
    ],
)
def test_a_parameter_is_given_once(given: dict[str, object], problem: type[Exception]) -> None:
    with pytest.raises(problem):
        search.of_parameters(given)


def test_the_body_of_a_search() -> None:
    body = {
        "schemas": [SEARCH_REQUEST.upper()],
        "Filter": "userName pr",
        "startIndex": 2,
        "count": 10**30,
        "attributes": ["id", "userName"],
        "excludedAttributes": None,
        "sortBy": "id",
    }
    assert search.of_body(body) == Search("userName pr", Page(2, 1000), ("id", "userName"), sort_by="id")
    assert search.of_body({"startIndex": "-7", "count": -1, "attributes": "id,name"}) == Search(
        None, Page(1, 0), ("id", "name")
    )


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        (None, InvalidSyntax), ([], InvalidSyntax), ({"schemas": "x"}, InvalidSyntax), ({"schemas": [5]}, InvalidSyntax),
        ({"filter": 5}, InvalidFilter), ({"filter": ["a pr"]}, InvalidFilter), ({"count": True}, InvalidValue),
        ({"count": 1.5}, InvalidValue), ({"startIndex": []}, InvalidValue), ({"attributes": [5]}, InvalidValue),
        ({"attributes": {"a": 1}}, InvalidValue), ({"attributes": ["a"] * 600}, TooMany),
    ],
)  # fmt: skip
def test_a_body_that_is_no_search(body: Any, problem: type[Exception]) -> None:
    with pytest.raises(problem):
        search.of_body(body)


def test_a_strict_connection_names_the_schema_of_a_search() -> None:
    with pytest.raises(InvalidSyntax):
        search.of_body({"count": 1}, STRICT)
    assert search.of_body({"schemas": [SEARCH_REQUEST]}, STRICT) == Search()


@pytest.mark.parametrize(
    ("text", "satisfied"),
    [
        ('userName eq "BJENSEN"', True), ('id eq "2819" and name.familyName sw "jen"', True), ("title pr", False),
        ("not (title pr)", True), ('title eq "x" or active eq true', True), ("active eq false", False),
        (f'{ENTERPRISE}:manager.value eq "m1"', True), (f'{ENTERPRISE}:manager eq "M1"', False), ("name pr", True),
        (f'{ENTERPRISE}:manager.value ne "m1"', False), ('title ne "x"', True), ('emails.value ne "c@x.org"', False),
        ('emails[type eq "home" and value co "c@"]', True), ('emails[type eq "home" and primary eq true]', False),
        ('emails.value ew "X.ORG"', True), ("emails[primary eq true]", True), ("photos pr", False),
        ('meta.created lt "2012-01-01T00:00:00Z"', True), ('meta.created ge "2012-01-01T00:00:00Z"', False),
        ("userName eq null", False), ("title eq null", True), (f"{ENTERPRISE}:costCenter pr", False),
    ],
)  # fmt: skip
def test_a_resource_and_a_whole_filter(text: str, satisfied: bool) -> None:
    assert matching.satisfies(BABS, binding.bind(filters.parse(text), USER), USER) is satisfied


@pytest.mark.parametrize("wrong", [5, [5], {"a": 1}, True])
def test_values_that_no_schema_would_have_are_not_what_was_asked_for(wrong: Any) -> None:
    resource: Resource = {
        "userName": wrong,
        "title": wrong,
        "emails": wrong,
        "name": wrong,
        "meta": {"created": 5},
    }
    for text in (
        'userName co "a"',
        'title gt "a"',
        'emails.value sw "a"',
        'name.givenName eq "a"',
        "active eq true",
    ):
        assert not matching.satisfies(resource, binding.bind(filters.parse(text), USER), USER)
    assert not matching.satisfies(resource, binding.bind(filters.parse('emails[value co "a"]'), USER), USER)
