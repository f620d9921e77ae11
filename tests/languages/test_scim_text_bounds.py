"""Hostile input is answered with a SCIM problem, and soon: the aim is 100 ms, ten times that is allowed."""

import time
from collections.abc import Callable
from typing import Any

import pytest

from providers.scim import messages
from providers.scim.binding import bind
from providers.scim.filter import parse
from providers.scim.patch import apply
from providers.scim.problems import ScimProblem
from providers.scim.projection import names, project
from providers.scim.resource import normalise
from providers.scim.schema import Resource
from providers.scim.tolerance import DEFAULT, ENTRA
from providers.scim.user import CORE_USER, USER

ALLOWED = 1.0  # seconds of CPU: other work on the machine does not count
MEGABYTE = 1_000_000


def nested(depth: int, make: Callable[[Any], Any]) -> Any:
    value: Any = 0
    for _ in range(depth):
        value = make(value)
    return value


LIST = nested(2000, lambda inner: [inner])
OBJECT = nested(2000, lambda inner: {"value": inner})
QUALIFIED = nested(2000, lambda inner: {CORE_USER.urn: inner})
MANY: Resource = {"userName": "x", "emails": [{"value": f"v{n}", "type": f"t{n}"} for n in range(1000)]}
LONG_CHOICE = " or ".join(f'type eq "q{n}"' for n in range(190))

FILTERS = {
    "ten thousand terms": " or ".join(f'userName eq "u{n}"' for n in range(10_000)),
    "ten thousand short terms": " or ".join(["a pr"] * 10_000)[:65_000],
    "a megabyte of text": f'userName eq "{"a" * MEGABYTE}"',
    "a megabyte of brackets": "(" * MEGABYTE,
    "many brackets": "(" * 65_000,
    "many nots": "not (" * 13_000,
    "many colons": "a:" * 32_000 + "b pr",
    "many dots": "a." * 32_000 + "b pr",
    "a text without an end": 'a eq "' + '\\"' * 32_000,
    "spaces": " " * 65_000 + '"',
    "square brackets": "a[" * 32_000,
}

OPERATIONS: dict[str, tuple[Resource, list[Any]]] = {
    "ten thousand operations": (
        {"userName": "x"},
        [{"op": "replace", "path": "title", "value": "x"}] * 10_000,
    ),
    "long filters, often": (MANY, [{"op": "remove", "path": f"emails[{LONG_CHOICE}]"}] * 1000),
    "a filter, often": (MANY, [{"op": "remove", "path": 'emails[type eq "z"]'}] * 1000),
    "two hundred thousand keys": (
        {"userName": "x"},
        [{"op": "add", "value": {f'emails[type eq "t{n}"].value': "x" for n in range(200_000)}}],
    ),
    "a long path": ({"userName": "x"}, [{"op": "add", "path": "a." * MEGABYTE, "value": 1}]),
    "a long filter in a path": (
        {"userName": "x"},
        [{"op": "add", "path": f"emails[{FILTERS['many nots']}", "value": 1}],
    ),
    "a deep operation": ({"userName": "x"}, [LIST]),
    "a deep op": ({"userName": "x"}, [{"op": LIST, "path": "title", "value": 1}]),
    "a deep path": ({"userName": "x"}, [{"op": "add", "path": LIST, "value": 1}]),
    "schemas inside schemas": ({"userName": "x"}, [{"op": "add", "value": QUALIFIED}]),
    **{
        f"a deep {name}": ({"userName": "x"}, [{"op": "add", "path": name, "value": deep}])
        for name in ("title", "active", "name", "emails", "name.givenName", "shoeSize", 'emails[type eq "a"]')
        for deep in (LIST,)
    },
}

BODIES: dict[str, Any] = {
    "a deep list": LIST,
    "a deep name": {"userName": "x", "name": {"givenName": OBJECT}},
    "a deep text": {"userName": "x", "title": OBJECT},
    "a deep entry": {"userName": "x", "emails": [OBJECT]},
    "a deep schemas": {"userName": "x", "schemas": LIST},
    "a deep extension": {"userName": "x", "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": LIST},
    "many unknown attributes": {"userName": "x", **{f"a{n}": n for n in range(200_000)}},
    "many values": {"userName": "x", "emails": [{"value": str(n)} for n in range(200_000)]},
    "a certificate of spaces": {"userName": "x", "x509Certificates": [{"value": " " * 4 * MEGABYTE + "!"}]},
    "a certificate of padding": {"userName": "x", "x509Certificates": [{"value": "=" * 4 * MEGABYTE + "!"}]},
}


def refused_soon(act: Callable[[], object]) -> None:
    began = time.process_time()
    with pytest.raises(ScimProblem) as refused:
        act()
    assert time.process_time() - began < ALLOWED
    assert len(refused.value.detail) < 1000


@pytest.mark.parametrize("text", FILTERS.values(), ids=FILTERS.keys())
@pytest.mark.parametrize("unquoted", [False, True])
def test_a_hostile_filter_is_refused_soon(text: str, unquoted: bool) -> None:
    refused_soon(lambda: bind(parse(text, unquoted=unquoted), USER))


@pytest.mark.parametrize("profile", [DEFAULT, ENTRA], ids=lambda profile: profile.name)
@pytest.mark.parametrize(("resource", "operations"), OPERATIONS.values(), ids=OPERATIONS.keys())
def test_hostile_operations_are_refused_soon(resource: Resource, operations: list[Any], profile: Any) -> None:
    refused_soon(lambda: apply(resource, messages.operations({"Operations": operations}), USER, profile))


@pytest.mark.parametrize("profile", [DEFAULT, ENTRA], ids=lambda profile: profile.name)
@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES.keys())
def test_a_hostile_body_is_refused_soon(body: Any, profile: Any) -> None:
    refused_soon(lambda: normalise(body, USER, profile))


def test_a_deep_value_that_nobody_knows_is_dropped_unopened() -> None:
    assert normalise({"userName": "x", "shoeSize": LIST}, USER).dropped == ("shoeSize",)


def test_many_names_of_attributes_are_refused_or_read_soon() -> None:
    refused_soon(lambda: project({"id": "1"}, USER, names("a," * MEGABYTE)))
    began = time.process_time()
    project({"id": "1"}, USER, names("a." * MEGABYTE))
    assert time.process_time() - began < ALLOWED
