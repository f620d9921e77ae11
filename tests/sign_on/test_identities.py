"""From claims to an identity, and the mock provider's own rules."""

from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from providers.contract import Departure, Identity, ProviderError, Refused, Unreachable, Untrusted
from providers.mock import Mock, MockSettings
from providers.profile import read_email, read_identity
from providers.words import Words
from tests.sign_on.browser import CALLBACK


def read(claims: dict[str, Any], userinfo: dict[str, Any] | None = None, key: str = "sub") -> Identity:
    honest = {"iss": "https://idp.example", "sub": "ada"}
    return read_identity("op", {**honest, **claims}, userinfo or {}, words=Words(identifier=(key,)))


@pytest.mark.parametrize(
    ("claims", "userinfo", "expected"),
    [
        ({"email": "a@b.c", "email_verified": True}, {}, ("a@b.c", True)),
        ({"email": "a@b.c", "email_verified": "true"}, {}, ("a@b.c", True)),
        ({"email": "a@b.c", "email_verified": "True"}, {}, ("a@b.c", False)),
        ({"email": "a@b.c", "email_verified": 1}, {}, ("a@b.c", False)),
        ({"email": "a@b.c", "email_verified": ["true"]}, {}, ("a@b.c", False)),
        ({"email": "a@b.c"}, {}, ("a@b.c", False)),
        ({"email_verified": True}, {}, (None, False)),
        ({"email": "a@b.c", "email_verified": True}, {"email": "x@y.z"}, ("x@y.z", False)),
        ({"email": "a@b.c", "email_verified": True}, {"email_verified": False}, ("a@b.c", True)),
        ({"email": "a@b.c"}, {"email_verified": True}, ("a@b.c", False)),
        ({"email": "a@b.c"}, {"email": "x@y.z", "email_verified": True}, ("x@y.z", True)),
        ({"email": "nobody", "email_verified": True}, {}, (None, False)),
    ],
)
def test_an_address_is_verified_only_by_who_said_it(
    claims: dict[str, Any], userinfo: dict[str, Any], expected: tuple[str | None, bool]
) -> None:
    identity = read(claims, userinfo)
    assert (identity.email, identity.email_verified) == expected


@pytest.mark.parametrize("text", ["a@b", "Ada.Lovelace+x@example.com", "ädä@exämple.org", '"a"@b.c'])
def test_an_address_keeps_its_form(text: str) -> None:
    assert read_email(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a",
        "@b",
        "a@",
        "a b@c",
        "a@b\n",
        "a@b\x00",
        "a\u202e@b",
        "\ud800@b.c",
        "a" * 250 + "@b.cd",
        1,
        None,
        ["a@b"],
    ],
)
def test_what_is_no_address_is_none(text: object) -> None:
    assert read_email(text) is None


@pytest.mark.parametrize(
    ("said", "key", "identifier"),
    [
        ({}, "sub", "ada"),
        ({"oid": "A-1"}, "oid", "A-1"),
        ({"number": 42}, "number", "42"),
        ({"a": {"b": {"c": "deep"}}}, "a.b.c", "deep"),
        ({"https://idp.example/id": "x"}, "https://idp.example/id", "x"),
        ({"a.b": "flat", "a": {"b": "deep"}}, "a.b", "flat"),
        ({"email": "A@b.c", "email_verified": True}, "email", "A@b.c"),
    ],
)
def test_the_identifier_is_the_claim_that_was_chosen(said: dict[str, Any], key: str, identifier: str) -> None:
    assert read(said, key=key).external_identifier == identifier


@pytest.mark.parametrize("value", [None, "", True, 1.5, [], {}, ["a"], "a\x00", "a\nb", "a" * 256, "\ud800"])
def test_nothing_stands_in_for_an_identifier_that_cannot_be_used(value: object) -> None:
    said = {"oid": value, "email": "a@b.c", "email_verified": True}
    with pytest.raises(ProviderError):
        read({name: given for name, given in said.items() if given is not None}, key="oid")


def test_an_unverified_address_is_nobodys_identifier() -> None:
    with pytest.raises(Refused):
        read({"email": "a@b.c"}, key="email")


@pytest.mark.parametrize(
    "claims", [{"given_name": 1}, {"given_name": ""}, {"given_name": None}, {"given_name": ["Ada"]}]
)
def test_a_name_that_is_no_text_is_no_name(claims: dict[str, Any]) -> None:
    assert read(claims).first_name is None


def nested(depth: int) -> object:
    value: object = 1
    for _ in range(depth):
        value = [value]
    return value


@pytest.mark.parametrize(
    "value",
    ["a\x00b", {"\x00": 1}, "\ud800", {"\udfff": 1}, "a" * 70_000, nested(40), nested(5000)],
    ids=["NUL", "NUL in a name", "surrogate", "surrogate in a name", "70 KB", "40 deep", "5,000 deep"],
)
def test_what_no_database_can_hold_is_refused(value: object) -> None:
    with pytest.raises(Unreachable):
        read({"given_name": value})
    with pytest.raises(Unreachable):
        read({}, {"other": [value]})


def test_what_a_database_can_hold_is_kept_as_it_was() -> None:
    said = {
        "groups": ["a", "b"],
        "address": {"locality": "Zürich"},
        "n": 2**53,
        "f": 1.5,
        "none": None,
        "emoji": "🦉",
    }
    assert read(said).profile == {**said, "iss": "https://idp.example", "sub": "ada"}


def made() -> Mock:
    return Mock("op", MockSettings())


def query_of(departure: Departure) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(departure.url).query))


async def test_the_mock_believes_the_hint_or_takes_the_developer() -> None:
    mock = made()
    for hint, expected in (("Ada@Example.com", "Ada@Example.com"), (None, "developer@example.com")):
        departure = await mock.depart(CALLBACK, login_hint=hint)
        assert (await mock.arrive(query_of(departure), departure.memory)).external_identifier == expected


@pytest.mark.parametrize("hint", ["ada", "a b@c.d", "a@b\r\nSet-Cookie: x=y"])
async def test_the_mock_refuses_a_hint_that_is_no_address(hint: str) -> None:
    with pytest.raises(Refused):
        await made().depart(CALLBACK, login_hint=hint)


async def test_the_mock_does_not_believe_another_process() -> None:
    mine, theirs = made(), made()
    departure = await theirs.depart(CALLBACK)
    with pytest.raises(Untrusted):
        await mine.arrive(query_of(departure), departure.memory)


async def test_an_answer_of_the_mock_grows_stale(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("providers.mock.LIFETIME", -1)
    mock = made()
    departure = await mock.depart(CALLBACK)
    with pytest.raises(Untrusted, match="stale"):
        await mock.arrive(query_of(departure), departure.memory)
