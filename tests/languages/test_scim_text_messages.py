"""The envelopes that go out, and the numbers of paging: RFC 7644, 3.4.2, 3.4.2.4 and 3.12."""

from typing import Any

import pytest
from scim2_models import Error, ListResponse, User

from providers.scim import messages
from providers.scim.paging import Page, page
from providers.scim.problems import InvalidPath, InvalidValue, ScimProblem, shown


def test_an_empty_list_has_integers_and_an_empty_list_of_resources() -> None:
    body = messages.list_response([], total=0)
    assert body == {
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"],
        "totalResults": 0,
        "startIndex": 1,
        "itemsPerPage": 0,
        "Resources": [],
    }


def test_a_page_says_where_it_begins_and_how_many_there_are() -> None:
    body = messages.list_response(
        [{"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": "x"}], total=100, start=11
    )
    read = ListResponse[User[Any]].model_validate(body)
    assert (read.total_results, read.start_index, read.items_per_page) == (100, 11, 1)


def test_an_error_carries_its_status_as_text() -> None:
    assert messages.error(404, "Resource 2819 not found") == {
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"],
        "status": "404",
        "detail": "Resource 2819 not found",
    }
    body = messages.error(400, "The path is wrong.", InvalidPath.scim_type)
    read = Error.model_validate(body)
    assert (read.status, read.scim_type, read.detail) == (400, "invalidPath", "The path is wrong.")


def test_every_problem_has_a_status_and_a_scim_type_of_a_standard() -> None:
    known = {
        "invalidFilter",
        "tooMany",
        "uniqueness",
        "mutability",
        "invalidSyntax",
        "invalidPath",
        "noTarget",
        "invalidValue",
        "invalidVers",
        "sensitive",
        *("expiredCursor", "invalidCount", "invalidCursor"),  # RFC 9865, 2.1
    }
    for kind in ScimProblem.__subclasses__():
        if kind("A sentence.").status == 400:
            assert kind.scim_type in known
        else:  # a request too large, a reference to nothing: statuses without a type (3.7.3, 3.7.4)
            assert kind.scim_type is None


def test_a_name_is_shown_short_and_without_control_characters() -> None:
    assert shown("a\x00\r\nb") == "a???b"
    assert len(shown("x" * 10_000)) < 130


@pytest.mark.parametrize(
    ("start", "count", "wanted"),
    [
        (None, None, Page(1, 100)),
        ("1", "100", Page(1, 100)),
        ("0", "-1", Page(1, 0)),
        ("-5", "0", Page(1, 0)),
        ("+7", "1000000", Page(7, 1000)),
        ("9" * 5000, "9" * 5000, Page(2**31 - 1, 1000)),
        ("-" + "9" * 5000, "", Page(1, 100)),
        (" 3 ", " 4 ", Page(3, 4)),
    ],
)
def test_a_page_is_what_the_rfc_makes_of_the_numbers(
    start: str | None, count: str | None, wanted: Page
) -> None:
    assert page(start, count) == wanted


@pytest.mark.parametrize("text", ["x", "1.5", "1e3", "--1", "+-1", "0x10", "٣", "1 2"])
def test_what_is_no_number_is_invalid_value(text: str) -> None:
    with pytest.raises(InvalidValue):
        page(text, None)
    with pytest.raises(InvalidValue):
        page(None, text)
