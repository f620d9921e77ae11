"""PATCH: RFC 7644, 3.5.2, example by example, and the decisions where it leaves room."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scim2_models import EnterpriseUser, PatchOp, ScimPolicy, User

from providers.scim.group import GROUP
from providers.scim.messages import PATCH_OP, operations
from providers.scim.patch import Patched, apply
from providers.scim.problems import (
    InvalidFilter,
    InvalidPath,
    InvalidSyntax,
    InvalidValue,
    Missing,
    Mutability,
    NoTarget,
    ScimProblem,
    TooMany,
)
from providers.scim.resource import normalise
from providers.scim.schema import Resource, Value
from providers.scim.tolerance import DEFAULT, ENTRA, STRICT
from providers.scim.user import CORE_USER, ENTERPRISE_USER, USER
from tests.languages.scim_resources import bodies

ENTERPRISE = ENTERPRISE_USER.urn
WORK: Resource = {"value": "bjensen@example.com", "type": "work", "primary": True}
HOME: Resource = {"value": "babs@jensen.org", "type": "home"}


def user(**attributes: Value) -> Resource:
    return {"schemas": [CORE_USER.urn], "id": "2819", "userName": "bjensen", **attributes}


def group(*ids: str) -> Resource:
    resource: Resource = {"schemas": [GROUP.schema.urn], "id": "g1", "displayName": "Employees"}
    return {**resource, "members": [{"value": member} for member in ids]} if ids else resource


def op(name: str, path: str | None = None, *value: Any) -> dict[str, Any]:
    return {"op": name, **({"path": path} if path else {}), **({"value": value[0]} if value else {})}


def patched(resource: Resource, *ops: dict[str, Any]) -> Resource:
    kind = GROUP if "displayName" in resource and "userName" not in resource else USER
    body = {"schemas": [PATCH_OP], "Operations": [*ops]}
    return apply(resource, operations(body), kind).resource


class TestSection3521Add:
    def test_a_member_is_added_and_adding_it_again_changes_nothing(self) -> None:
        add = op("add", "members", [{"display": "Babs Jensen", "$ref": "../Users/2819", "value": "2819"}])
        once = apply(group(), [add], GROUP)
        assert once.changed
        assert once.resource["members"] == [
            {"display": "Babs Jensen", "$ref": "../Users/2819", "value": "2819"}
        ]
        assert apply(once.resource, [add], GROUP) == Patched(once.resource, changed=False)
        other = op("add", "members", [{"value": "2819", "type": "User", "display": "Barbara"}])
        assert apply(once.resource, [other], GROUP).resource["members"] == [
            {"display": "Babs Jensen", "$ref": "../Users/2819", "value": "2819", "type": "User"}
        ]

    def test_without_a_path_the_value_is_a_set_of_attributes(self) -> None:
        change = op("add", None, {"emails": [HOME], "nickname": "Babs"})
        assert patched(user(emails=[WORK]), change) == user(emails=[WORK, HOME], nickName="Babs")

    def test_a_single_value_is_replaced_and_a_complex_one_is_filled_in(self) -> None:
        before = user(title="a", name={"givenName": "Barbara", "familyName": "Jensen"})
        after = patched(before, op("add", "title", "b"), op("add", "name", {"familyName": "J"}))
        assert after == user(title="b", name={"givenName": "Barbara", "familyName": "J"})

    def test_one_value_may_stand_without_its_list(self) -> None:
        assert patched(user(emails=[WORK]), op("add", "emails", HOME))["emails"] == [WORK, HOME]

    def test_the_same_value_and_type_is_the_same_entry(self) -> None:
        louder = {"value": "BJENSEN@example.com", "type": "Work", "display": "Babs"}
        assert patched(user(emails=[WORK]), op("add", "emails", [louder]))["emails"] == [{**WORK, **louder}]

    def test_a_qualified_name_brings_its_schema_and_takes_it_away(self) -> None:
        after = patched(user(), op("add", f"{ENTERPRISE}:employeeNumber", "7"))
        assert after == {
            **user(),
            "schemas": [CORE_USER.urn, ENTERPRISE],
            ENTERPRISE: {"employeeNumber": "7"},
        }
        assert patched(after, op("remove", f"{ENTERPRISE}:employeeNumber")) == user()

    def test_a_new_primary_value_takes_it_from_the_others(self) -> None:
        emails = patched(user(emails=[WORK]), op("add", "emails", [{**HOME, "primary": True}]))["emails"]
        assert emails == [{**WORK, "primary": False}, {**HOME, "primary": True}]


class TestSection3522Remove:
    def test_without_a_path_there_is_no_target(self) -> None:
        with pytest.raises(NoTarget):
            patched(user(), op("remove"))

    def test_values_that_a_filter_selects_go(self) -> None:
        assert patched(group("a", "b"), op("remove", 'members[value eq "a"]')) == group("b")
        path = 'emails[type eq "work" and value ew "example.com"]'
        assert patched(user(emails=[WORK, HOME]), op("remove", path)) == user(emails=[HOME])

    def test_the_last_value_takes_the_attribute_with_it(self) -> None:
        assert patched(group("a"), op("remove", 'members[value eq "a"]')) == group()

    def test_who_is_no_member_is_removed_without_a_change(self) -> None:
        assert not apply(group("a"), [op("remove", 'members[value eq "x"]')], GROUP).changed

    def test_without_a_filter_all_values_go(self) -> None:
        assert patched(group("a", "b"), op("remove", "members")) == group()

    def test_remove_and_add_in_one_patch(self) -> None:
        replaced = [op("remove", "members"), op("add", "members", [{"value": "b"}, {"value": "c"}])]
        assert patched(group("a"), *replaced) == group("b", "c")

    def test_a_sub_attribute_of_selected_values_goes(self) -> None:
        emails = patched(user(emails=[WORK, HOME]), op("remove", 'emails[type eq "work"].primary'))["emails"]
        assert emails == [{"value": "bjensen@example.com", "type": "work"}, HOME]

    def test_removing_the_only_sub_attribute_removes_the_value(self) -> None:
        before = user(emails=[{"value": "a"}], name={"givenName": "b"})
        assert (
            patched(before, op("remove", 'emails[value eq "a"].value'), op("remove", "name.givenName"))
            == user()
        )

    @pytest.mark.parametrize("path", ["userName", "id", "meta", "meta.version", "groups", "schemas"])
    def test_what_is_required_or_read_only_stays(self, path: str) -> None:
        with pytest.raises(Mutability) as refused:
            patched(user(), op("remove", path))
        assert refused.value.scim_type == "mutability"


class TestSection3523Replace:
    def test_all_members_at_once(self) -> None:
        change = op("replace", "members", [{"value": "b"}, {"value": "c"}])
        assert patched(group("a"), change) == group("b", "c")
        assert patched(group("a"), op("replace", "members", [])) == group()

    def test_a_whole_work_address(self) -> None:
        home: Resource = {"type": "home", "streetAddress": "456 Hollywood Blvd", "primary": True}
        old: Resource = {"type": "work", "streetAddress": "100 Universal City Plaza", "region": "CA"}
        new = {"type": "work", "streetAddress": "911 Universal City Plaza", "primary": True}
        after = patched(user(addresses=[old, home]), op("replace", 'addresses[type eq "work"]', new))
        assert after["addresses"] == [new, {**home, "primary": False}]

    def test_what_replaces_a_work_address_stays_a_work_address(self) -> None:
        old: Resource = {"type": "work", "streetAddress": "a", "region": "CA"}
        after = patched(
            user(addresses=[old]), op("replace", 'addresses[type eq "work"]', {"streetAddress": "b"})
        )
        assert after["addresses"] == [{"type": "work", "streetAddress": "b"}]

    def test_the_street_of_a_work_address(self) -> None:
        old: Resource = {"type": "work", "streetAddress": "a", "region": "CA"}
        after = patched(user(addresses=[old]), op("replace", 'addresses[type eq "work"].streetAddress', "b"))
        assert after["addresses"] == [{**old, "streetAddress": "b"}]

    def test_all_values_of_named_attributes(self) -> None:
        change = op("replace", None, {"emails": [WORK, HOME], "nickname": "Babs"})
        before = user(emails=[{"value": "old"}], title="stays")
        assert patched(before, change) == user(emails=[WORK, HOME], title="stays", nickName="Babs")

    def test_an_attribute_that_is_not_there_is_added(self) -> None:
        assert patched(user(), op("replace", "name.givenName", "B")) == user(name={"givenName": "B"})

    def test_null_unassigns(self) -> None:
        before = user(title="a", name={"givenName": "b", "familyName": "c"}, emails=[WORK])
        change = op("replace", None, {"title": None, "name": {"givenName": None}, "emails": None})
        assert patched(before, change) == user(name={"familyName": "c"})

    @pytest.mark.parametrize(
        "path", ['emails[value eq "x"].type', 'emails[type ne "work"]', "emails[not (type pr)]"]
    )
    def test_a_filter_that_selects_nothing_has_no_target(self, path: str) -> None:
        with pytest.raises(NoTarget) as refused:
            patched(user(emails=[WORK]), op("replace", path, {"value": "y"} if path.endswith("]") else "y"))
        assert refused.value.scim_type == "noTarget"

    def test_every_selected_value_is_changed(self) -> None:
        before = user(emails=[WORK, HOME, {"value": "z", "type": "home"}])
        emails = patched(before, op("replace", 'emails[type eq "HOME"].display', "h"))["emails"]
        assert emails == [WORK, {**HOME, "display": "h"}, {"value": "z", "type": "home", "display": "h"}]

    def test_a_sub_attribute_without_a_filter_is_that_of_every_value(self) -> None:
        emails = patched(user(emails=[WORK, HOME]), op("replace", "emails.type", "other"))["emails"]
        assert emails == [{**WORK, "type": "other"}, {**HOME, "type": "other"}]
        with pytest.raises(InvalidValue):
            patched(user(emails=[WORK, HOME]), op("replace", "emails.primary", True))


class TestDecisions:
    def test_a_value_path_over_type_or_primary_makes_its_entry(self) -> None:
        after = patched(user(), op("replace", 'emails[type eq "work"].value', "a@b"))
        assert after["emails"] == [{"type": "work", "value": "a@b"}]
        after = patched(after, op("add", 'emails[type eq "home" and primary eq true].value', "c@d"))
        assert after["emails"] == [
            {"type": "work", "value": "a@b"},
            {"type": "home", "primary": True, "value": "c@d"},
        ]
        with pytest.raises(NoTarget):
            apply(user(), [op("replace", 'emails[type eq "work"].value', "a@b")], USER, STRICT)

    def test_remove_with_a_list_removes_just_those(self) -> None:
        assert patched(
            group("a", "b", "c"), op("remove", "members", [{"value": "b"}, {"value": "x"}])
        ) == group("a", "c")
        assert patched(group("a", "b"), op("remove", "members", [{"$ref": None, "value": "a"}])) == group("b")
        assert patched(group("a"), op("remove", "members", [])) == group("a")
        assert patched(group("a"), op("remove", "members", None)) == group()
        gone = op("remove", "emails", [{"value": "bjensen@example.com", "type": "home"}])
        assert patched(user(emails=[WORK]), gone) == user(emails=[WORK])

    def test_an_unknown_path_is_refused_unless_entra_sends_it(self) -> None:
        rest = op("replace", "title", "b")
        with pytest.raises(InvalidPath):
            apply(user(), [op("replace", "shoeSize", 42), rest], USER)
        tolerated = apply(user(), [op("replace", "shoeSize", 42), rest], USER, ENTRA)
        assert tolerated == Patched(user(title="b"), changed=True, dropped=("shoeSize",))

    def test_an_unknown_attribute_without_a_path_is_dropped_and_reported(self) -> None:
        change = op("replace", None, {"shoeSize": 42, "title": "b", "name.nick": "x", "not a path[": 1})
        assert apply(user(), [change], USER) == Patched(
            user(title="b"), changed=True, dropped=("shoeSize", "name.nick", "not a path[")
        )

    @pytest.mark.parametrize("profile", [DEFAULT, ENTRA], ids=lambda profile: profile.name)
    def test_nothing_but_unknown_attributes_is_never_a_success(self, profile: Any) -> None:
        for change in (op("replace", None, {"shoeSize": 42}), op("replace", "name", {"nick": "x"})):
            with pytest.raises(InvalidPath):
                apply(user(), [change], USER, profile)
        with pytest.raises(InvalidPath):
            apply(user(), [op("add", None, {"groups": [{"value": "g"}]})], USER, profile)

    def test_id_meta_and_schemas_in_a_whole_object_are_passed_over(self) -> None:
        whole = {"schemas": [CORE_USER.urn], "id": "other", "meta": {"version": "x"}, "title": "b"}
        assert patched(user(), op("replace", None, whole)) == user(title="b")
        assert not apply(user(), [op("replace", None, {"id": "2819"})], USER).changed

    def test_the_strict_profile_wants_a_path(self) -> None:
        with pytest.raises(InvalidPath):
            apply(user(), [op("replace", None, {"active": False})], USER, STRICT)

    def test_a_password_is_a_change_and_only_a_change(self) -> None:
        after = apply(user(), [op("replace", "password", "new")], USER)
        assert after.changed and after.resource["password"] == "new"

    def test_immutable_parts_of_a_member_stay(self) -> None:
        with pytest.raises(Mutability):
            patched(group("a"), op("replace", 'members[value eq "a"].value', "b"))
        with pytest.raises(Mutability):
            patched(group("a"), op("replace", 'members[value eq "a"]', {"value": "b"}))
        typed = patched(group("a"), op("add", 'members[value eq "a"].type', "User"))
        assert typed["members"] == [{"value": "a", "type": "User"}]

    def test_a_schema_urn_as_a_path_is_all_of_its_attributes(self) -> None:
        after = patched(user(), op("add", ENTERPRISE, {"department": "d", "manager": {"value": "m"}}))
        assert after[ENTERPRISE] == {"department": "d", "manager": {"value": "m"}}
        after = patched(after, op("replace", ENTERPRISE, {"department": "e"}))
        assert after[ENTERPRISE] == {"department": "e", "manager": {"value": "m"}}
        assert patched(after, op("remove", ENTERPRISE)) == user()
        assert patched(user(), op("add", CORE_USER.urn, {"title": "t"})) == user(title="t")
        with pytest.raises(Mutability):
            patched(user(), op("remove", CORE_USER.urn))


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ("x", InvalidSyntax),
        ({}, InvalidSyntax),
        ({"op": 1, "path": "title", "value": "a"}, InvalidSyntax),
        (op("move", "title", "a"), InvalidSyntax),
        (op("replace", "title"), InvalidValue),
        (op("add", None), InvalidValue),
        (op("add", None, "x"), InvalidValue),
        ({"op": "add", "path": 7, "value": "x"}, InvalidPath),
        (op("add", "name.givenName.x", "x"), InvalidPath),
        (op("add", 'emails[typ eq "work"].value', "x"), InvalidFilter),
        (op("add", "emails[type gt true].value", "x"), InvalidFilter),
        (op("add", 'emails[type eq "work"].nosuch', "x"), InvalidPath),
        (op("add", 'name[givenName eq "x"]', {}), InvalidPath),
        (op("add", 'title[value eq "x"]', "y"), InvalidPath),
        (op("add", "title", 1), InvalidValue),
        (op("add", "title", ["x"]), InvalidValue),
        (op("add", "name", "x"), InvalidValue),
        (op("add", "emails", "x"), InvalidValue),
        (op("add", 'emails[type eq "work"]', "x"), InvalidValue),
        (op("add", 'emails[type eq "work"]', {"nosuch": 1}), InvalidValue),
        (
            op("add", "emails", [{"value": "a", "primary": True}, {"value": "b", "primary": True}]),
            InvalidValue,
        ),
        (op("replace", "active", "perhaps"), InvalidValue),
        (op("replace", "userName", " "), Missing),
        (op("replace", "userName", None), Mutability),
        (op("add", "id", "x"), Mutability),
        (op("add", "groups", [{"value": "g"}]), Mutability),
        (op("add", f"{ENTERPRISE}:manager.displayName", "x"), Mutability),
        (op("add", "urn:example:2.0:User:title", "x"), InvalidPath),
    ],
)
def test_a_bad_operation_is_refused_and_the_good_ones_before_it_change_nothing(
    change: Any, problem: type[ScimProblem]
) -> None:
    before = user(emails=[WORK])
    with pytest.raises(problem) as refused:
        apply(before, [op("replace", "title", "b"), op("remove", "emails"), change], USER)
    assert type(refused.value) is problem and refused.value.detail.endswith(".")
    assert before == user(emails=[WORK])


@pytest.mark.parametrize(
    "body",
    [
        None,
        [],
        {"schemas": [PATCH_OP]},
        {"schemas": [PATCH_OP], "Operations": []},
        {"schemas": [PATCH_OP], "Operations": {"op": "add"}},
        {"schemas": [CORE_USER.urn], "Operations": [op("add", "title", "a")]},
        {"schemas": PATCH_OP, "Operations": [op("add", "title", "a")]},
    ],
)
def test_a_body_that_is_no_patch_is_invalid_syntax(body: Any) -> None:
    with pytest.raises(InvalidSyntax):
        operations(body)


def test_the_envelope_may_be_written_in_any_case_and_without_schemas_except_for_the_strict() -> None:
    assert operations({"operations": [op("add", "title", "a")]}) == [op("add", "title", "a")]
    assert operations({"SCHEMAS": [PATCH_OP.lower()], "OPERATIONS": [1]}, STRICT) == [1]
    with pytest.raises(InvalidSyntax):
        operations({"Operations": [1]}, STRICT)


def test_the_number_of_operations_is_bounded() -> None:
    assert (
        apply(user(), [op("replace", "title", str(n)) for n in range(1000)], USER).resource["title"] == "999"
    )
    with pytest.raises(TooMany) as refused:
        apply(user(), [op("replace", "title", "b")] * 1001, USER)
    assert refused.value.scim_type == "tooMany"


# What both sides read alike: the oracle neither creates entries nor ignores case in values that it compares.
_single = st.sampled_from(
    ["title", "displayName", "name.givenName", "name.familyName", "locale", f"{ENTERPRISE}:department"]
)
_types = st.sampled_from(["work", "home", "other"])
_words = st.text("abcdef", min_size=1, max_size=3)
_emails = st.lists(
    st.fixed_dictionaries(
        {"value": _words.map(lambda word: f"{word}@example.com")}, optional={"type": _types}
    ),
    max_size=3,
    unique_by=lambda entry: entry["value"],
)
_operations = st.lists(
    st.one_of(
        st.builds(op, st.sampled_from(["add", "replace"]), _single, _words),
        st.builds(op, st.just("remove"), st.one_of(_single, st.just("emails"), st.just("name"))),
        st.builds(op, st.just("replace"), st.just("emails"), _emails),
        st.builds(op, st.just("replace"), st.just("name"), st.fixed_dictionaries({"formatted": _words})),
        st.builds(op, st.just("remove"), _types.map(lambda kind: f'emails[type eq "{kind}"]')),
        st.builds(
            op, st.just("remove"), _words.map(lambda word: f'emails[value sw "{word}" or not (type pr)]')
        ),
        st.builds(
            op,
            st.sampled_from(["add", "replace"]),
            _types.map(lambda kind: f'emails[type eq "{kind}"].display'),
            _words,
        ),
    ),
    min_size=1,
    max_size=6,
)
_policy = ScimPolicy(unmatched_path_filter=ScimPolicy.UnmatchedPathFilter.create)


@given(_emails, _operations)
def test_scim2_models_comes_to_the_same_resource(
    emails: list[Resource], changes: list[dict[str, Any]]
) -> None:
    before = user(emails=[*emails], title="t") if emails else user(title="t")
    mine = apply(before, changes, USER)
    oracle = User[EnterpriseUser].model_validate(before)
    modified = (
        PatchOp[User[EnterpriseUser]]
        .model_validate({"schemas": [PATCH_OP], "Operations": changes})
        .patch(oracle, scim_policy=_policy)
    )
    assert mine.resource == normalised(oracle)
    assert modified or not mine.changed


def normalised(oracle: Any) -> Resource:
    dumped = oracle.model_dump(mode="json", exclude_none=True, by_alias=True)
    return {**normalise(dumped, USER).resource, "id": dumped["id"]}


@given(bodies)
def test_replacing_every_attribute_by_itself_changes_nothing(body: Resource) -> None:
    resource = normalise(body, USER).resource
    named = {name: value for name, value in resource.items() if name != "schemas"}
    for changes in (
        [op("replace", None, named)],
        [op("replace", name, value) for name, value in named.items()],
    ):
        assert apply(resource, changes, USER) == Patched(resource, changed=False)


@given(bodies, bodies)
def test_a_patch_leaves_a_resource_that_would_be_accepted(before: Resource, after: Resource) -> None:
    resource = normalise(before, USER).resource
    wanted = {name: value for name, value in after.items() if name != "schemas"}
    changed = apply(resource, [op("add", None, wanted)], USER).resource
    assert normalise(changed, USER, STRICT).resource == changed
