"""Bodies that came as they are kept: what knows them at a glance answers as what reads them closely."""

import copy
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.scim import plain
from providers.scim.group import GROUP
from providers.scim.problems import ScimProblem
from providers.scim.resource import _read, normalise
from providers.scim.schema import Resource, ResourceType
from providers.scim.tolerance import PROFILES, Profile
from providers.scim.user import CORE_USER, ENTERPRISE_USER, USER
from tests.languages.scim_resources import bodies

ENTERPRISE = ENTERPRISE_USER.urn
BODY: dict[str, Any] = {
    "schemas": [CORE_USER.urn, ENTERPRISE],
    "userName": "bjensen@example.com",
    "externalId": "701984",
    "name": {"givenName": "Barbara", "familyName": "Jensen"},
    "emails": [
        {"value": "bjensen@example.com", "type": "work", "primary": True},
        {"value": "babs@jensen.org", "type": "home"},
    ],
    "active": True,
    "password": "t1meMa$heen",
    ENTERPRISE: {"department": "Tours", "manager": {"value": "26118915", "$ref": "../Users/26118915"}},
}
ODD: list[Any] = [
    *(None, "", " ", "x", "\0", "\ud800", "Zo\u00eb", "\\u0000", "{}", 0, 1, 1.5, 2**64, True, "true"),
    *([], {}, [None], [{}], ["x"], [{"value": "x"}], [{"value": "x"}] * 2, {"value": "x"}, [[]]),
    *([{"value": "x", "primary": True}, {"value": "y", "primary": True}], [{"value": "\0"}]),
    *([{"value": "x", "further": 1}], [{"Value": "x"}], {"givenName": None}, {"department": "x"}),
    *({"manager": {}}, {"manager": {"displayName": "x"}}, [{"value": "x"}] * 1001, ENTERPRISE, [ENTERPRISE]),
    *([CORE_USER.urn], [CORE_USER.urn.upper()], [CORE_USER.urn, "urn:x"], {"emails": [{"value": None}]}),
]  # fmt: skip
NAMES = [*BODY, "Title", "title", "USERNAME", "groups", "id", "meta", "department", "x", "x509Certificates"]
profiles = st.sampled_from(list(PROFILES.values()))
changes = st.dictionaries(st.sampled_from(NAMES), st.sampled_from(ODD), max_size=3)


def told(body: dict[str, Any], type_: ResourceType, profile: Profile, *, closely: bool) -> object:
    try:
        read = _read(copy.deepcopy(body), type_, profile) if closely else normalise(body, type_, profile)
    except ScimProblem as problem:
        return type(problem), str(problem)
    return read


@given(bodies | st.just(BODY), changes, st.sets(st.sampled_from(["schemas", "userName"])), profiles)
def test_a_glance_and_a_close_look_answer_alike(
    body: Resource, odd: dict[str, Any], without: set[str], profile: Profile
) -> None:
    sent: dict[str, Any] = {name: one for name, one in {**body, **odd}.items() if name not in without}
    before = copy.deepcopy(sent)
    assert told(sent, USER, profile, closely=False) == told(sent, USER, profile, closely=True)
    assert sent == before


@pytest.mark.parametrize("odd", [{}, {"groups": []}, {"roles": [], "title": None}, {"meta": {"x": 1}}])
def test_what_providers_send_is_known_at_a_glance(odd: dict[str, Any]) -> None:
    kept = plain.kept({**BODY, **odd}, USER)
    assert kept == {name: value for name, value in BODY.items() if name != "schemas"}


def test_groups_are_known_too() -> None:
    members = [{"value": str(number), "type": "User"} for number in range(3)]
    sent = {"schemas": [GROUP.schema.urn], "displayName": "Staff", "members": [*members, members[0]]}
    kept = plain.kept(json.loads(json.dumps(sent)), GROUP)
    assert kept == {"displayName": "Staff", "members": members}
