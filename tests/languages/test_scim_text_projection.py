"""What is answered of a resource: RFC 7644, 3.4.2.5 and 3.9; RFC 7643, 7 (returned)."""

import copy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.scim.problems import InvalidValue, TooMany
from providers.scim.projection import names, project
from providers.scim.resource import normalise
from providers.scim.schema import Attribute, Resource, ResourceType, Schema
from providers.scim.user import CORE_USER, ENTERPRISE_USER, USER
from tests.languages.scim_resources import bodies

CORE, ENTERPRISE = CORE_USER.urn, ENTERPRISE_USER.urn
BABS: Resource = {
    "schemas": [CORE, ENTERPRISE],
    "id": "2819",
    "externalId": "e",
    "userName": "bjensen",
    "password": "never shown",
    "name": {"givenName": "Barbara", "familyName": "Jensen"},
    "emails": [{"value": "a@b", "type": "work"}, {"type": "home"}],
    ENTERPRISE: {"department": "d", "manager": {"value": "m", "displayName": "M"}},
    "meta": {"resourceType": "User", "version": 'W/"1"'},
}
ALWAYS: Resource = {"schemas": [CORE, ENTERPRISE], "id": "2819"}


def test_section_3_9_attributes_user_name() -> None:
    assert project(BABS, USER, ["userName"]) == {**ALWAYS, "userName": "bjensen"}


def test_by_default_everything_is_answered_but_the_password() -> None:
    assert project(BABS, USER) == {name: value for name, value in BABS.items() if name != "password"}


@pytest.mark.parametrize("asked", [["password"], ["userName", "password"], [CORE]])
def test_the_password_is_never_answered(asked: list[str]) -> None:
    assert "password" not in project(BABS, USER, asked)
    assert "password" not in project(BABS, USER, (), ["userName"])


@pytest.mark.parametrize(
    ("asked", "answered"),
    [
        ("NAME.GIVENNAME", {"name": {"givenName": "Barbara"}}),
        ("name,name.givenName", {"name": {"givenName": "Barbara", "familyName": "Jensen"}}),
        (f"{CORE}:name.familyName", {"name": {"familyName": "Jensen"}}),
        ("emails.value", {"emails": [{"value": "a@b"}]}),
        ("emails.display", {}),
        (ENTERPRISE, {ENTERPRISE: BABS[ENTERPRISE]}),
        (f"{ENTERPRISE}:department", {ENTERPRISE: {"department": "d"}}),
        (f"{ENTERPRISE}:manager.value", {ENTERPRISE: {"manager": {"value": "m"}}}),
        ("manager", {ENTERPRISE: {"manager": {"value": "m", "displayName": "M"}}}),
        ("meta.version,externalId", {"externalId": "e", "meta": {"version": 'W/"1"'}}),
        ("id", {}),
        ("nosuch,emails[type eq]", {}),
    ],
)
def test_attributes_may_be_named_in_every_notation(asked: str, answered: Resource) -> None:
    assert project(BABS, USER, names(asked)) == {**ALWAYS, **answered}


@pytest.mark.parametrize(
    ("excluded", "gone"),
    [
        ("emails, meta", {"emails", "meta"}),
        ("id,schemas", set()),
        (ENTERPRISE, {ENTERPRISE}),
        ("userName", {"userName"}),
        ("nosuch", set()),
    ],
)
def test_excluded_attributes_go_but_for_what_is_always_answered(excluded: str, gone: set[str]) -> None:
    expected = {name: value for name, value in BABS.items() if name not in gone | {"password"}}
    assert project(BABS, USER, (), names(excluded)) == expected


def test_excluded_sub_attributes_go_from_every_value() -> None:
    answer = project(BABS, USER, (), names(f"emails.type,name.familyName,{ENTERPRISE}:manager.displayName"))
    assert answer["emails"] == [{"value": "a@b"}]
    assert answer["name"] == {"givenName": "Barbara"}
    assert answer[ENTERPRISE] == {"department": "d", "manager": {"value": "m"}}


def test_what_is_returned_on_request_is_answered_only_then() -> None:
    rare = Attribute("rare", "On request.", returned="request")
    kind = ResourceType("Thing", "/Things", "", Schema("urn:example:Thing", "Thing", "", (rare,)))
    assert project({"id": "1", "rare": "x"}, kind) == {"id": "1"}
    assert project({"id": "1", "rare": "x"}, kind, (), ["id"]) == {"id": "1"}
    assert project({"id": "1", "rare": "x"}, kind, ["rare"]) == {"id": "1", "rare": "x"}


def test_both_parameters_at_once_exclude_each_other() -> None:
    with pytest.raises(InvalidValue):
        project(BABS, USER, ["userName"], ["emails"])


def test_the_number_of_names_is_bounded() -> None:
    assert names(None) == names(" , ,") == ()
    with pytest.raises(TooMany):
        names("a," * 10_000)


_named = st.lists(st.sampled_from([one.name for one in CORE_USER.attributes]), min_size=1, max_size=5)


@given(bodies, _named)
def test_wanted_and_excluded_make_up_the_whole(body: Resource, named: list[str]) -> None:
    resource = normalise(body, USER).resource
    before = copy.deepcopy(resource)
    wanted, rest = project(resource, USER, named), project(resource, USER, (), named)
    assert {**wanted, **rest} == project(resource, USER)
    assert wanted.keys() & rest.keys() == {"schemas"}
    assert resource == before
