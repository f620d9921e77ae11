"""Values of a resource by their paths: writing back what was read changes nothing."""

import copy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.scim import lens
from providers.scim.resource import normalise
from providers.scim.schema import Resource, Value
from providers.scim.user import CORE_USER, ENTERPRISE_USER, USER
from tests.languages.scim_resources import bodies, texts

ENTERPRISE = ENTERPRISE_USER.urn
TEXTS = [
    "userName",
    "externalId",
    "name.givenName",
    "name.familyName",
    "emails[primary].value",
    "title",
    "preferredLanguage",
    "timezone",
    f"{ENTERPRISE}:department",
    f"{ENTERPRISE}:manager.value",
]
COLUMNS = [*TEXTS, "active", "password", "emails", "name"]
resources = bodies.map(lambda body: normalise(body, USER).resource)


@given(resources, st.sampled_from(COLUMNS))
def test_writing_back_what_was_read_changes_nothing(resource: Resource, path: str) -> None:
    assert lens.write(resource, path, lens.read(resource, path)) == resource


@given(resources, st.sampled_from(TEXTS), texts)
def test_what_was_written_is_read_and_the_resource_stays_acceptable(
    resource: Resource, path: str, value: str
) -> None:
    before = copy.deepcopy(resource)
    written = lens.write(resource, path, value)
    assert lens.read(written, path) == value
    assert resource == before
    assert path == "userName" or normalise(written, USER).resource == written


@given(
    resources, st.sampled_from([path for path in TEXTS if path not in {"userName", "emails[primary].value"}])
)
def test_a_value_that_is_taken_away_is_gone(resource: Resource, path: str) -> None:
    written = lens.write(resource, path, None)
    assert lens.read(written, path) is None
    assert normalise(written, USER).resource == written


@pytest.mark.parametrize(
    ("emails", "chosen"),
    [
        (
            [{"value": "a", "type": "home"}, {"value": "b", "type": "WORK"}, {"value": "c", "primary": True}],
            "c",
        ),
        (
            [
                {"value": "a", "type": "home"},
                {"value": "b", "type": "WORK"},
                {"value": "c", "primary": False},
            ],
            "b",
        ),
        ([{"value": "a", "type": "home"}, {"value": "c"}], "a"),
        ([{"type": "work"}, {"value": "c"}], None),
        ([], None),
    ],
)
def test_the_primary_entry_stands_for_all_else_the_one_for_work_else_the_first(
    emails: list[Value], chosen: str | None
) -> None:
    assert lens.read({"emails": emails}, "emails[primary].value") == chosen


def test_an_entry_is_made_changed_and_taken_away() -> None:
    path = "emails[primary].value"
    base: Resource = {"schemas": [CORE_USER.urn], "userName": "x"}
    made = lens.write(base, path, "a@b")
    assert made["emails"] == [{"value": "a@b", "primary": True}]
    assert lens.write(made, path, None) == base
    two: Resource = {**base, "emails": [{"value": "a", "type": "home"}, {"value": "b", "type": "work"}]}
    assert lens.write(two, path, "c")["emails"] == [
        {"value": "a", "type": "home"},
        {"value": "c", "type": "work"},
    ]
    assert lens.write(two, path, None)["emails"] == [{"value": "a", "type": "home"}]


def test_an_extension_is_declared_as_long_as_it_holds_something() -> None:
    base: Resource = {"schemas": [CORE_USER.urn], "userName": "x"}
    path = f"{ENTERPRISE}:department"
    made = lens.write(base, path, "d")
    assert made == {**base, "schemas": [CORE_USER.urn, ENTERPRISE], ENTERPRISE: {"department": "d"}}
    assert lens.write(made, path, None) == base


@pytest.mark.parametrize("path", ["nosuch", "emails.value", "name[primary].givenName", "emails[primary]", ""])
def test_a_path_that_is_none_is_a_mistake_of_ours(path: str) -> None:
    with pytest.raises(KeyError):
        lens.read({}, path)
