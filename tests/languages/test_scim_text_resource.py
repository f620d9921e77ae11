"""Whole resources as they come in by POST and PUT: RFC 7643, 2 to 4 and 8; RFC 7644, 3.3 and 3.5.1."""

import json
from typing import Any

import pytest
from hypothesis import given

from providers.scim.group import GROUP
from providers.scim.problems import InvalidSyntax, InvalidValue, ScimProblem, TooMany
from providers.scim.resource import normalise
from providers.scim.schema import Resource, Value
from providers.scim.tolerance import DEFAULT, ENTRA, OKTA, PROFILES, STRICT, Profile
from providers.scim.user import CORE_USER, ENTERPRISE_USER, USER
from tests.languages.scim_resources import bodies

CORE, ENTERPRISE = CORE_USER.urn, ENTERPRISE_USER.urn

# RFC 7643, 8.3, shortened in the certificate.
ENTERPRISE_BODY: dict[str, Any] = {
    "schemas": [CORE, ENTERPRISE],
    "id": "2819c223-7f76-453a-919d-413861904646",
    "externalId": "701984",
    "userName": "bjensen@example.com",
    "name": {
        "formatted": "Ms. Barbara J Jensen, III",
        "familyName": "Jensen",
        "givenName": "Barbara",
        "middleName": "Jane",
        "honorificPrefix": "Ms.",
        "honorificSuffix": "III",
    },
    "displayName": "Babs Jensen",
    "nickName": "Babs",
    "profileUrl": "https://login.example.com/bjensen",
    "emails": [
        {"value": "bjensen@example.com", "type": "work", "primary": True},
        {"value": "babs@jensen.org", "type": "home"},
    ],
    "addresses": [
        {
            "streetAddress": "100 Universal City Plaza",
            "locality": "Hollywood",
            "region": "CA",
            "postalCode": "91608",
            "country": "USA",
            "formatted": "100 Universal City Plaza\nHollywood, CA 91608 USA",
            "type": "work",
            "primary": True,
        },
    ],
    "phoneNumbers": [{"value": "555-555-5555", "type": "work"}, {"value": "555-555-4444", "type": "mobile"}],
    "ims": [{"value": "someaimhandle", "type": "aim"}],
    "photos": [{"value": "https://photos.example.com/profilephoto/72930000000Ccne/F", "type": "photo"}],
    "userType": "Employee",
    "title": "Tour Guide",
    "preferredLanguage": "en-US",
    "locale": "en-US",
    "timezone": "America/Los_Angeles",
    "active": True,
    "groups": [{"value": "e9e30dba", "$ref": "../Groups/e9e30dba", "display": "Tour Guides"}],
    "x509Certificates": [
        {"value": "MIIDQzCCAqygAwIBAgICEAAwDQYJKoZIhvcNAQEFBQAwTjELMAkGA1UEBhMCVVMx\n  EzARBg=="}
    ],
    ENTERPRISE: {
        "employeeNumber": "701984",
        "costCenter": "4130",
        "organization": "Universal Studios",
        "division": "Theme Park",
        "department": "Tour Operations",
        "manager": {"value": "26118915", "$ref": "../Users/26118915", "displayName": "John Smith"},
    },
    "meta": {"resourceType": "User", "created": "2010-01-23T04:56:22Z"},
}


def user(**attributes: object) -> dict[str, object]:
    return {"schemas": [CORE], "userName": "bjensen", **attributes}


@pytest.mark.parametrize("profile", PROFILES.values(), ids=lambda profile: profile.name)
def test_section_8_3_is_kept_but_for_what_is_read_only(profile: Profile) -> None:
    incoming = normalise(ENTERPRISE_BODY, USER, profile)
    expected = {
        name: value for name, value in ENTERPRISE_BODY.items() if name not in {"id", "groups", "meta"}
    }
    manager = {"value": "26118915", "$ref": "../Users/26118915"}  # displayName is readOnly
    expected[ENTERPRISE] = {**expected[ENTERPRISE], "manager": manager}
    assert incoming.resource == expected
    assert incoming.dropped == ()


def test_names_of_any_case_come_out_in_their_own_spelling() -> None:
    sent = json.loads(
        f'{{"SCHEMAS":["{CORE.upper()}"],"USERNAME":"x","Name":{{"givenname":"a"}},"externalID":"e",'
        f'"EMAILS":[{{"VALUE":"a@b","Type":"work"}}],"{ENTERPRISE.upper()}":{{"Department":"d"}}}}'
    )
    assert normalise(sent, USER, STRICT).resource == {
        "schemas": [CORE, ENTERPRISE],
        "userName": "x",
        "name": {"givenName": "a"},
        "externalId": "e",
        "emails": [{"value": "a@b", "type": "work"}],
        ENTERPRISE: {"department": "d"},
    }


def test_null_empty_lists_and_empty_objects_are_unassigned() -> None:
    empty = user(title=None, roles=[], name={"givenName": None}, emails=[{}, {"value": None}], addresses=None)
    assert normalise({**empty, ENTERPRISE: {"department": None, "manager": {}}}, USER).resource == user()
    assert normalise({**empty, ENTERPRISE: None}, USER).resource == user()


@pytest.mark.parametrize(("sent", "kept"), [("True", True), ("false", False), ("FALSE", False), (True, True)])
def test_booleans_may_come_as_text(sent: object, kept: bool) -> None:
    resource = normalise(user(active=sent, emails=[{"value": "a@b", "primary": sent}]), USER).resource
    assert resource["active"] is kept
    assert resource["emails"] == [{"value": "a@b", "primary": kept}]


@pytest.mark.parametrize(
    "attributes",
    [
        {"active": "yes"},
        {"active": 1},
        {"active": []},
        {"title": 1},
        {"title": True},
        {"title": ["a"]},
        {"title": {"value": "a"}},
        {"title": "a\x00b"},
        {"title": "a\ud800b"},
        {"name": "Barbara Jensen"},
        {"name": [{"givenName": "a"}]},
        {"name": {"givenName": {"a": 1}}},
        {"emails": "a@b"},
        {"emails": {"value": "a@b"}},
        {"emails": ["a@b"]},
        {"emails": [["a@b"]]},
        {"emails": [{"value": 1}]},
        {"emails": [{"value": "a", "primary": "maybe"}]},
        {"x509Certificates": [{"value": "not base64!"}]},
        {"userName": None},
        {"userName": ""},
        {"userName": "  "},
        {"userName": 7},
    ],
)
@pytest.mark.parametrize("profile", [DEFAULT, OKTA, STRICT], ids=lambda profile: profile.name)
def test_a_value_of_the_wrong_type_is_invalid_value(profile: Profile, attributes: dict[str, object]) -> None:
    with pytest.raises(InvalidValue) as refused:
        normalise(user(**attributes), USER, profile)
    assert refused.value.detail.endswith(".") and next(iter(attributes)) in refused.value.detail


def test_a_refusal_never_repeats_a_value() -> None:
    with pytest.raises(InvalidValue) as refused:
        normalise(user(password=["correct horse"]), USER)
    assert "horse" not in refused.value.detail


@pytest.mark.parametrize(
    "body",
    [
        None,
        [],
        "x",
        user(schemas="x"),
        user(schemas=[]),
        user(schemas=[1]),
        user(schemas=[ENTERPRISE]),
        user(schemas=["urn:ietf:params:scim:schemas:core:2.0:Group"]),
        {**user(), ENTERPRISE: "x"},
        {**user(), "USERNAME": "y"},
        user(name={"givenName": "a", "GIVENNAME": None}),
    ],
)
def test_a_body_of_the_wrong_structure_is_invalid_syntax(body: object) -> None:
    with pytest.raises(InvalidSyntax):
        normalise(body, USER)


def test_exact_doubles_go_and_the_order_stays() -> None:
    emails = [{"value": "b", "type": "work"}, {"value": "a"}, {"type": "work", "value": "b"}, {"value": "b"}]
    assert normalise(user(emails=emails), USER).resource["emails"] == [emails[0], emails[1], emails[3]]


def test_two_primary_values_are_refused_and_two_values_of_one_type_are_not() -> None:
    work: list[Value] = [{"value": "a", "type": "work"}, {"value": "b", "type": "work"}]
    assert normalise(user(emails=work), USER).resource["emails"] == work
    with pytest.raises(InvalidValue):
        normalise(user(emails=[{"value": "a", "primary": True}, {"value": "b", "primary": "true"}]), USER)


def test_an_unknown_attribute_is_dropped_and_reported_or_refused_by_the_strict() -> None:
    sent = user(shoeSize=42, name={"givenName": "a", "nick": "b"}, schemas=[CORE, "urn:example:shoes"])
    sent["urn:example:shoes"] = {"size": 42}
    incoming = normalise(sent, USER)
    assert incoming.resource == user(name={"givenName": "a"})
    assert incoming.dropped == ("urn:example:shoes", "shoeSize", "name.nick")
    for name in ("shoeSize", "name", "schemas", "urn:example:shoes"):
        with pytest.raises(InvalidSyntax):
            normalise(user(**{name: sent[name]}), USER, STRICT)


def test_names_that_are_reported_are_short_and_printable_and_few() -> None:
    sent = user(**{f"\x00\n{n}" + "x" * 500: 1 for n in range(300)})
    dropped = normalise(sent, USER).dropped
    assert len(dropped) == 100
    assert all(name.isprintable() and len(name) < 130 for name in dropped)


def test_a_missing_schemas_is_the_address_own_schema_except_for_the_strict() -> None:
    assert normalise({"userName": "x"}, USER).resource["schemas"] == [CORE]
    with pytest.raises(InvalidSyntax):
        normalise({"userName": "x"}, USER, STRICT)


def test_an_attribute_has_a_greatest_number_of_values_and_a_group_has_room() -> None:
    many = [{"value": str(n)} for n in range(1001)]
    with pytest.raises(TooMany):
        normalise(user(roles=many), USER)
    assert normalise({"displayName": "g", "members": many}, GROUP).resource["members"] == many


def test_a_group_needs_a_name() -> None:
    with pytest.raises(InvalidValue):
        normalise({"schemas": [GROUP.schema.urn]}, GROUP)


def test_only_the_entra_profile_reads_loose_shapes() -> None:
    sent = user(name=[{"givenName": "a"}], emails="a@b", manager="m1", department=None)
    resource = normalise(sent, USER, ENTRA).resource
    assert resource["name"] == {"givenName": "a"}
    assert resource["emails"] == [{"value": "a@b"}]
    assert resource[ENTERPRISE] == {"manager": {"value": "m1"}}
    assert resource["schemas"] == [CORE, ENTERPRISE]
    assert normalise(user(manager="m1"), USER).dropped == ("manager",)


@given(bodies)
def test_what_is_kept_is_kept_again_unchanged(body: Resource) -> None:
    once = normalise(body, USER, STRICT).resource
    for profile in PROFILES.values():
        again = normalise(once, USER, profile)
        assert (again.resource, again.dropped) == (once, ())


@given(bodies)
def test_the_body_that_was_sent_stays_as_it_was(body: Resource) -> None:
    before = json.dumps(body)
    try:
        normalise(body, USER)
    except ScimProblem:
        raise AssertionError("a body of the published schemas was refused") from None
    assert json.dumps(body) == before
