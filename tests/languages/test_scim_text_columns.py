"""Laws of SCIM's words: what a provider sends becomes columns, and comes back of them as it was."""

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.scim.resource import normalise
from providers.scim.schema import Resource
from providers.scim.user import USER
from service.dialects import scim
from service.users.model import ACTIVE, ATTRIBUTES, SUSPENDED
from tests.languages.scim_resources import bodies

CORE = USER.schema.urn
KEY = "0192d2f0-0000-7000-8000-000000000001"


def row(values: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """The row that these values make, as the database gives it back."""
    kept = {
        "id": KEY,
        "version": 1,
        "created_at": "a",
        "changed_at": "b",
        "connection": KEY,
        "status": ACTIVE,
    }
    return {**dict.fromkeys(scim.COLUMNS), **kept, **values, **changes}


def bare(resource: Resource) -> Resource:
    """A resource without what we say of it ourselves."""
    return {name: value for name, value in resource.items() if name not in ("id", "meta", "active")}


def _sendable(body: Resource, title: str, name: str, number: int) -> Resource:
    """A body with long texts, and with addresses that are some: what is none is refused."""
    emails = body.get("emails")
    entries = emails if isinstance(emails, list) else []
    held: list[Any] = [
        {**entry, "value": f"p{number}.{n}@x.org"}
        for n, entry in enumerate(entries)
        if isinstance(entry, dict)
    ]
    given_name: Resource = {"givenName": name, "formatted": "f"}
    return normalise({**body, "emails": held, "title": title, "name": given_name}, USER).resource


_long = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=120)
sent = st.builds(_sendable, bodies, _long, _long, st.integers(0, 9))


@given(sent)
def test_what_was_sent_comes_back_as_it_was(resource: Resource) -> None:
    before = copy.deepcopy(resource)
    back = scim.resource(row(scim.values(resource)))
    assert resource == before
    assert bare(back) == {name: value for name, value in bare(resource).items() if name != "password"}
    assert back["active"] is (resource.get("active") is not False)


@given(sent)
def test_no_column_holds_more_than_it_may_and_none_a_password(resource: Resource) -> None:
    values: dict[str, Any] = scim.values(resource)
    for name, value in values.items():
        limit = ATTRIBUTES[name].limit
        assert (
            limit is None
            or value is None
            or len(value) <= limit
            or name in ("user_name", "external_identifier")
        )
    assert "password" not in values
    assert "password" not in values["auth_data"]


@given(sent)
def test_writing_back_what_was_read_changes_no_column(resource: Resource) -> None:
    kept = row(scim.values(resource))
    read = scim.resource(kept)
    for name, value in scim.changes(read, read, kept["status"]).items():
        assert kept[name] == value, name


@given(
    sent, st.sampled_from(["first_name", "last_name", "title", "language", "timezone"]), st.text(max_size=40)
)
def test_what_was_changed_here_is_seen_there(resource: Resource, column: str, value: str) -> None:
    word = {"first_name": "givenName", "last_name": "familyName", "language": "preferredLanguage"}
    kept = row(scim.values(resource), **{column: value})
    read = scim.resource(kept)
    place: Any = read["name"] if column in ("first_name", "last_name") else read
    assert place[word.get(column, column)] == value or (
        # The very text that a longer one was cut to says nothing new.
        place[word.get(column, column)][: ATTRIBUTES[column].limit] == value
    )
    assert scim.changes(read, read, ACTIVE)[column] == value


@pytest.mark.parametrize("column", ["first_name", "title", "email"])
def test_what_was_taken_away_here_stays_away(column: str) -> None:
    resource = normalise(
        {
            "userName": "bjensen",
            "title": "t" * 80,
            "name": {"givenName": "g" * 80},
            "emails": [{"value": "home@x.org", "type": "home"}, {"value": "work@x.org", "type": "work"}],
        },
        USER,
    ).resource
    kept = row(scim.values(resource), **{column: None})
    read = scim.resource(kept)
    shown = {"title": read.get("title"), "first_name": read.get("name"), "email": None}
    assert shown[column] is None
    changed = scim.changes(read, {**read, "nickName": "B"}, ACTIVE)
    assert changed.get(column) is None


def test_a_long_text_is_cut_for_its_column_and_kept_whole_beside_it() -> None:
    resource = normalise(
        {"userName": "x", "title": "t" * 80, "name": {"familyName": "n" * 51}}, USER
    ).resource
    values: dict[str, Any] = scim.values(resource)
    assert (values["title"], values["last_name"]) == ("t" * 50, "n" * 50)
    assert values["auth_data"] == {"title": "t" * 80, "name": {"familyName": "n" * 51}}
    assert bare(scim.resource(row(values))) == bare(resource)


def test_active_that_was_unassigned_is_not_shown_and_ends_nothing() -> None:
    resource = normalise({"userName": "x", "active": True}, USER).resource
    read = scim.resource(row(scim.values(resource)))
    without: Resource = {**read, "active": None}
    for status in (ACTIVE, SUSPENDED):
        values = scim.changes(read, without, status)
        assert "status" not in values
        assert "active" not in scim.resource(row({**scim.values(resource), **values}, status=status))


@pytest.mark.parametrize(
    "auth_data",
    [
        {"id": "x", "meta": 5, "schemas": "y", "password": "p", "active": False, "groups": 1},
        {"name": 5, "emails": "x", "title": ["y"], "userName": 7, "externalId": {}},
        {"emails": [5, None, {"value": 7}], CORE: "x"},
        ["a"],
        "a",
    ],
)
def test_whatever_an_administrator_wrote_into_auth_data_a_resource_is_made(auth_data: Any) -> None:
    read = scim.resource(row({"user_name": "x", "email": "x@y.org"}, auth_data=auth_data))
    assert (read["id"], read["userName"], read["active"]) == (KEY, "x", True)
    assert "password" not in read
    assert scim.changes(read, read, ACTIVE)["user_name"] == "x"
