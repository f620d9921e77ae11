"""What administrators are told to do about a failure: one table, a sentence for every cause."""

import json

import pytest

from providers.scim.problems import InvalidPath, Missing, TooLarge
from service.api import sync_rows
from service.dialects import scim_advice
from service.users.problems import BadQuery, Expired, Invalid, Taken, TooMany, WrongAddress


def test_every_sentence_says_something_to_people() -> None:
    for sentence in scim_advice.sentences():
        assert sentence.endswith(".") and sentence[0].isupper() and "{" not in sentence


@pytest.mark.parametrize(
    ("problem", "words"),
    [
        (Expired(), "Make a new one"), (WrongAddress("192.0.2.1"), "networks"), (TooMany(1), "rate"),
        (Taken("email"), "adopt"), (Taken("external_identifier"), "externalId"), (Invalid("email", "email"), "address"),
        (BadQuery("x"), "userName"), (InvalidPath("x"), "attribute mapping"),
        (Missing("x"), "Map it"), (TooLarge("x"), "fewer"), (Invalid("password", "min_length"), "password"), (None, "request id"),
    ],
    ids=lambda value: type(value).__name__ if not isinstance(value, str) else "",
)  # fmt: skip
def test_the_cause_decides(problem: Exception | None, words: str) -> None:
    assert words in scim_advice.advice(problem, 418)


def test_without_a_problem_the_answer_tells() -> None:
    answer = json.dumps({"scimType": "uniqueness"}).encode()
    assert "duplicate" in scim_advice.advice(None, 409, answer)
    assert "hung up" in scim_advice.advice(None, 0, b"")


SECRETS = [
    {"password": "pa55word"},
    {"Operations": [{"op": "replace", "path": "password", "value": "pa55word"}]},
    {
        "Operations": [
            {"op": "add", "Path": "urn:ietf:params:scim:schemas:core:2.0:User:password", "Value": "pa55word"}
        ]
    },
    {"Operations": [{"op": "replace", "value": {"Password": "pa55word"}}]},
    {"Operations": [{"method": "POST", "path": "/Users", "data": {"password": "pa55word"}}]},
    {"nickName": "Bearer pa55word-pa55word"},
    {"x": {"client_secret": "pa55word"}},
]


@pytest.mark.parametrize("body", SECRETS, ids=range(len(SECRETS)))
def test_no_secret_of_a_body_is_kept(body: object) -> None:
    told = sync_rows.told(json.dumps(body).encode())
    assert (
        told is not None
        and "pa55word" not in told
        and json.loads(told).keys() == json.loads(json.dumps(body)).keys()
    )


def test_what_is_no_json_and_may_hold_a_secret_is_told_by_its_size() -> None:
    assert sync_rows.told(b'{"password": "pa55word') == "(22 bytes that are no JSON)"
    assert sync_rows.told(b"nonsense") == "nonsense"
    assert len(str(sync_rows.told(b"x" * 60_000))) == sync_rows.LONGEST + 3
