"""Values against the types of RFC 7643, 2.3, also those that no user has, and comparisons with them."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.scim.binding import bind, bind_values
from providers.scim.expression import ValuePath
from providers.scim.filter import parse
from providers.scim.matching import matches
from providers.scim.problems import InvalidFilter, InvalidValue
from providers.scim.schema import Attribute, ResourceType, Schema, Type, Value
from providers.scim.tolerance import DEFAULT
from providers.scim.values import Intake, moment

THINGS = Attribute(
    "things",
    "Of every type.",
    type="complex",
    multi_valued=True,
    sub_attributes=(
        Attribute("text", "t"),
        Attribute("exact", "e", case_exact=True),
        Attribute("count", "c", type="integer"),
        Attribute("weight", "w", type="decimal"),
        Attribute("since", "s", type="dateTime"),
        Attribute("blob", "b", type="binary", case_exact=True),
        Attribute("primary", "p", type="boolean"),
    ),
)
THING = ResourceType("Thing", "/Things", "", Schema("urn:example:2.0:Thing", "Thing", "", (THINGS,)))


def read(kind: Type, value: object) -> Value:
    return Intake(DEFAULT).value(Attribute("a", "A.", type=kind), value, "a")


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("string", ""),
        ("string", "é😀"),
        ("integer", 0),
        ("integer", -(2**63)),
        ("decimal", 1),
        ("decimal", 1.5),
        ("dateTime", "2008-01-23T04:56:22Z"),
        ("dateTime", "2008-01-23T04:56:22.123456789-05:00"),
        ("binary", ""),
        ("binary", "TWE="),
        ("binary", "TW_-"),
        ("boolean", False),
        ("reference", "../Users/1"),
    ],
)
def test_a_value_of_the_type_is_kept_as_it_was_sent(kind: Type, value: object) -> None:
    assert read(kind, value) == value


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("string", 1),
        ("integer", True),
        ("integer", 1.0),
        ("integer", 2**63),
        ("integer", "1"),
        ("decimal", True),
        ("decimal", float("inf")),
        ("decimal", float("nan")),
        ("decimal", 2**64),
        ("dateTime", "2008-01-23"),
        ("dateTime", "2008-13-23T04:56:22Z"),
        ("dateTime", "2008-W01-1T04:56:22Z"),
        ("dateTime", "0001-01-01T00:00:00+14:00"),
        ("dateTime", 1201064182),
        ("binary", "not base64!"),
        ("binary", "TW=E"),
        ("boolean", 0),
        ("boolean", "1"),
        ("reference", {}),
    ],
)
def test_a_value_of_another_type_is_refused(kind: Type, value: object) -> None:
    with pytest.raises(InvalidValue):
        read(kind, value)


_zones = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
_dates = st.datetimes(datetime(2, 1, 1), datetime(9998, 1, 1), timezones=_zones)  # noqa: DTZ001  # bounds have no zone


@given(_dates, _dates)
def test_moments_in_order_as_text_are_in_order_in_time(one: datetime, other: datetime) -> None:
    first, second = moment(one.isoformat()), moment(other.isoformat())
    assert first and second and len(first) == len(second) == 24
    if first < second:
        assert one < other
    elif first == second:
        assert abs(one - other) < timedelta(milliseconds=1)


def test_a_date_without_a_zone_is_in_utc() -> None:
    assert moment("2008-01-23T04:56:22") == "2008-01-23T04:56:22.000Z"
    assert moment(datetime(5, 1, 1, tzinfo=UTC).isoformat()) == "0005-01-01T00:00:00.000Z"


ENTRY: Value = {
    "text": "Straße",
    "exact": "AbC",
    "count": 7,
    "weight": 1.5,
    "since": "2008-01-23T04:56:22+01:00",
}


@pytest.mark.parametrize(
    "text",
    [
        'text eq "STRASSE"',
        'text sw "stra" and text ew "SSE" and text co "RASS"',
        'text ne "x" and not (text eq "x")',
        'exact eq "AbC" and exact gt "A" and exact lt "B"',
        "count eq 7 and count ge 7 and count le 7 and count gt 6 and count lt 8 and count ne 8",
        "weight gt 1 and weight lt 2",
        'since eq "2008-01-23T03:56:22Z" and since lt "2008-01-23T03:56:23Z"',
        "text pr and not (blob pr) and blob eq null and text ne null",
        "primary eq false and primary ne true and not (primary pr)",
        'blob ne "TWE="',
        'text eq "x" or count eq 7',
    ],
)
def test_an_entry_that_satisfies_the_filter_is_found(text: str) -> None:
    chosen = bind_values(parse(text), THINGS)
    assert matches(chosen, ENTRY, THINGS)
    bound = bind(parse(f"things[{text}]"), THING)
    assert isinstance(bound, ValuePath) and bound.filter == chosen


@pytest.mark.parametrize(
    "text",
    [
        'exact eq "abc"',
        'exact co "bc"',
        "count gt 7",
        'since gt "2008-01-23T03:56:22Z"',
        'blob eq "TWE="',
        "primary eq true",
        'text ne "strasse"',
        'text eq "x" or count eq 8',
        'text pr and exact eq "x"',
    ],
)
def test_an_entry_that_does_not_is_not(text: str) -> None:
    assert not matches(bind_values(parse(text), THINGS), ENTRY, THINGS)


@pytest.mark.parametrize(
    "text", ['count eq "7"', "count co 7", 'weight eq "1"', "text gt 1", 'count sw "7"', "exact eq true"]
)
def test_a_value_of_another_type_cannot_be_compared(text: str) -> None:
    with pytest.raises(InvalidFilter):
        bind_values(parse(text), THINGS)
