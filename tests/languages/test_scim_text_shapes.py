"""What identity providers really send, as recorded: Entra ID, Okta, authentik, SailPoint."""

from typing import Any

import pytest

from providers.scim import messages
from providers.scim.binding import bind
from providers.scim.filter import parse
from providers.scim.group import GROUP
from providers.scim.patch import Patched, apply
from providers.scim.problems import InvalidValue
from providers.scim.resource import normalise
from providers.scim.schema import Resource, ResourceType, Value
from providers.scim.tolerance import DEFAULT, ENTRA, OKTA, Profile
from providers.scim.user import CORE_USER, ENTERPRISE_USER, USER

CORE, ENTERPRISE = CORE_USER.urn, ENTERPRISE_USER.urn
BOTH = [ENTRA, DEFAULT]


def user(**attributes: Value) -> Resource:
    return {"schemas": [CORE], "userName": "jyoung@example.com", **attributes}


def group(*ids: str) -> Resource:
    return {"schemas": [GROUP.schema.urn], "displayName": "Staff", "members": [{"value": one} for one in ids]}


def patched(
    resource: Resource, *ops: dict[str, Any], kind: ResourceType = USER, profile: Profile = ENTRA
) -> Patched:
    body = {"schemas": [messages.PATCH_OP], "Operations": [*ops]}
    return apply(resource, messages.operations(body, profile), kind, profile)


class TestEntra:
    def test_creates_with_both_schemas_and_no_extension(self) -> None:
        sent = {
            "schemas": [CORE, ENTERPRISE],
            "externalId": "0a21f0f2-8d2a-4f8e-bf98-7363c4aed4ef",
            "userName": "Test_User_ab6490ee",
            "active": True,
            "emails": [{"primary": True, "type": "work", "value": "Test_User@testuser.com"}],
            "meta": {"resourceType": "User"},
            "name": {
                "formatted": "givenName familyName",
                "familyName": "familyName",
                "givenName": "givenName",
            },
            "roles": [],
        }
        for profile in BOTH:
            kept = normalise(sent, USER, profile)
            expected = {name: value for name, value in sent.items() if name not in {"meta", "roles"}}
            assert kept.resource == {**expected, "schemas": [CORE]}
            assert kept.dropped == ()

    def test_creates_with_nulls_and_a_misspelt_urn(self) -> None:
        sent = user(addresses=None, title=None, department=None, manager=None)
        sent["schemas"] = [CORE, "urn:ietf:params:scim:schemas:extension:enterprise:2.0User"]
        kept = normalise(sent, USER, ENTRA)
        assert kept.resource == user()
        assert kept.dropped == ("urn:ietf:params:scim:schemas:extension:enterprise:2.0User",)

    def test_creates_groups_with_an_extra_uri(self) -> None:
        extra = "http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group"
        sent = {"schemas": [GROUP.schema.urn, extra], "externalId": "8aa1a0c0", "displayName": "Staff"}
        kept = normalise({**sent, "meta": {"resourceType": "Group"}}, GROUP, ENTRA)
        assert kept.resource == {**sent, "schemas": [GROUP.schema.urn]}
        assert kept.dropped == (extra,)

    @pytest.mark.parametrize("profile", BOTH, ids=lambda profile: profile.name)
    def test_disables_with_a_text(self, profile: Profile) -> None:
        op = {"op": "Replace", "path": "active", "value": "False"}
        after = patched(user(active=True), op, profile=profile)
        assert after.resource["active"] is False and after.changed

    @pytest.mark.parametrize("profile", BOTH, ids=lambda profile: profile.name)
    def test_sends_dotted_and_qualified_names_without_a_path(self, profile: Profile) -> None:
        value = {
            "displayName": "x",
            "name.givenName": "y",
            f"{ENTERPRISE}:employeeNumber": "z",
            'emails[type eq "work"].value': "a@b",
        }
        after = patched(user(), {"op": "replace", "value": value}, profile=profile)
        assert after == Patched(
            {
                **user(displayName="x", name={"givenName": "y"}, emails=[{"type": "work", "value": "a@b"}]),
                "schemas": [CORE, ENTERPRISE],
                ENTERPRISE: {"employeeNumber": "z"},
            },
            changed=True,
        )

    @pytest.mark.parametrize("profile", BOTH, ids=lambda profile: profile.name)
    @pytest.mark.parametrize("op", ["Add", "Replace"])
    def test_sets_a_work_address_that_may_not_be_there(self, op: str, profile: Profile) -> None:
        change = {"op": op, "path": 'emails[type eq "work"].Value', "value": "a@b"}
        made = patched(user(), change, profile=profile).resource
        assert made["emails"] == [{"type": "work", "value": "a@b"}]
        assert not patched(made, change, profile=profile).changed

    def test_sets_the_department_by_its_urn(self) -> None:
        after = patched(user(), {"op": "Add", "path": f"{ENTERPRISE}:department", "value": "Sales"})
        assert after.resource[ENTERPRISE] == {"department": "Sales"}

    @pytest.mark.parametrize(
        "op",
        [
            {"op": "Add", "path": f"{ENTERPRISE}:manager", "value": "m1"},
            {"op": "Add", "path": "manager", "value": [{"$ref": "../Users/m1", "value": "m1"}]},
            {"op": "Replace", "path": "manager", "value": "m1"},
            {"op": "Replace", "value": {f"{ENTERPRISE}:manager": "m1"}},
            {"op": "Replace", "value": {ENTERPRISE: {"manager": "m1"}}},
        ],
    )
    def test_sets_the_manager_in_five_ways(self, op: dict[str, Any]) -> None:
        held = patched(user(), op).resource[ENTERPRISE]
        assert isinstance(held, dict) and isinstance(held["manager"], dict)
        assert held["manager"]["value"] == "m1"

    def test_a_bare_manager_is_a_wrong_type_for_everyone_else(self) -> None:
        with pytest.raises(InvalidValue):
            patched(user(), {"op": "Add", "path": f"{ENTERPRISE}:manager", "value": "m1"}, profile=DEFAULT)

    def test_sends_roles_as_json_inside_a_text_and_compares_a_boolean_with_a_text(self) -> None:
        inside = '{"id":"18d14569","value":"Admin","displayName":"Admin"}'
        after = patched(user(), {"op": "Add", "path": "roles", "value": [{"value": inside}]}).resource
        assert after["roles"] == [{"value": inside}]
        op = {"op": "Replace", "path": 'roles[primary eq "True"].value', "value": "User"}
        assert patched(user(), op).resource["roles"] == [{"primary": True, "value": "User"}]

    @pytest.mark.parametrize("profile", BOTH, ids=lambda profile: profile.name)
    def test_adds_and_removes_members(self, profile: Profile) -> None:
        add = {"op": "Add", "path": "members", "value": [{"$ref": None, "value": "b"}]}
        after = patched(group("a"), add, kind=GROUP, profile=profile).resource
        assert after == group("a", "b")
        remove = {"op": "Remove", "path": "members", "value": [{"$ref": None, "value": "a"}]}
        assert patched(after, remove, kind=GROUP, profile=profile).resource == group("b")
        remove = {"op": "remove", "path": 'members[value eq "a"]'}
        assert patched(after, remove, kind=GROUP, profile=profile).resource == group("b")

    @pytest.mark.parametrize("value", ["a", ["a"], {"value": "a"}])
    def test_may_send_members_as_bare_texts(self, value: Any) -> None:
        after = patched(group("a", "b"), {"op": "Remove", "path": "members", "value": value}, kind=GROUP)
        assert after.resource == group("b")

    @pytest.mark.parametrize(
        "text",
        [
            'userName eq "5f1c6f2e-0f0a-4f0c-9d5e-000000000000"',
            'externalId eq "jyoung"',
            'emails[type eq "work"].value eq "jyoung@example.com"',
            f'id eq "u" and {ENTERPRISE}:manager eq "m"',
        ],
    )
    def test_looks_up_by_these_filters_under_every_profile(self, text: str) -> None:
        assert bind(parse(text), USER) == bind(parse(text), USER, ENTRA)


class TestOkta:
    def test_creates_with_an_empty_list_of_groups_and_a_password(self) -> None:
        sent = {
            "schemas": [CORE],
            "userName": "test.user@okta.local",
            "name": {"givenName": "Test", "familyName": "User"},
            "emails": [{"primary": True, "value": "test.user@okta.local", "type": "work"}],
            "displayName": "Test User",
            "locale": "en-US",
            "externalId": "00ujl29u0le5T6Aj10h7",
            "groups": [],
            "password": "1mz050nq",
            "active": True,
        }
        kept = normalise(sent, USER, OKTA)
        assert kept.resource == {name: value for name, value in sent.items() if name != "groups"}
        assert kept.dropped == ()

    def test_disables_without_a_path(self) -> None:
        after = patched(user(active=True), {"op": "replace", "value": {"active": False}}, profile=OKTA)
        assert after.resource == user(active=False)

    def test_renames_a_group_with_its_id_inside(self) -> None:
        op = {"op": "replace", "value": {"id": "abf4dd94", "displayName": "Renamed"}}
        after = patched({**group("a"), "id": "abf4dd94"}, op, kind=GROUP, profile=OKTA)
        assert after.resource == {**group("a"), "id": "abf4dd94", "displayName": "Renamed"}

    def test_pushes_a_group_in_full_or_by_remove_and_add(self) -> None:
        full = {"op": "replace", "path": "members", "value": [{"value": "b", "display": "b@example.com"}]}
        after = patched(group("a"), full, kind=GROUP, profile=OKTA).resource
        assert after["members"] == [{"value": "b", "display": "b@example.com"}]
        ops: list[dict[str, Any]] = [
            {"op": "remove", "path": 'members[value eq "a"]'},
            {"op": "add", "path": "members", "value": [{"value": "c", "display": "c@example.com"}]},
        ]
        after = patched(group("a", "b"), *ops, kind=GROUP, profile=OKTA).resource
        assert after["members"] == [{"value": "b"}, {"value": "c", "display": "c@example.com"}]


class TestOthers:
    def test_authentik_sends_one_operation_for_each_member(self) -> None:
        ops = [{"op": "add", "path": "members", "value": [{"value": str(n)}]} for n in range(100)]
        after = patched(group("0"), *ops, kind=GROUP, profile=DEFAULT).resource
        assert after == group(*map(str, range(100)))

    def test_authentik_updates_a_group_with_schemas_and_id_inside_the_value(self) -> None:
        value = {"schemas": [GROUP.schema.urn], "id": "g", "externalId": "e", "displayName": "New"}
        after = patched(
            {**group("a"), "id": "g"}, {"op": "replace", "value": value}, kind=GROUP, profile=DEFAULT
        )
        assert after.resource == {**group("a"), "id": "g", "externalId": "e", "displayName": "New"}

    def test_sailpoint_adds_without_a_path(self) -> None:
        after = patched(user(active=True), {"op": "add", "value": {"active": False}}, profile=DEFAULT)
        assert after.resource == user(active=False)
