"""Every log line is one JSON object, and none holds a secret, however it was logged."""

import asyncio
import io
import json
import logging
import secrets
import timeit
import urllib.parse
import warnings
from collections.abc import Callable, Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from uvicorn.logging import TRACE_LOG_LEVEL

from service import journal, redaction
from service.redaction import clean, hide, redact


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    root = logging.getLogger()
    before = (root.handlers[:], root.level, logging.raiseExceptions)
    stream = io.StringIO()
    journal.start("debug", stream)
    yield stream
    root.handlers[:], root.level = before[0], before[1]
    logging.captureWarnings(capture=False)
    for name in journal.QUIET:
        logging.getLogger(name).setLevel(logging.NOTSET)


def lines(stream: io.StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def logger() -> logging.Logger:
    return logging.getLogger("service.somewhere")


NAMES = [
    "Authorization",
    "Cookie",
    "access_token",
    "refresh_token",
    "code",
    "state",
    "token",
    "otp",
    "password",
    "SAMLResponse",
    "client_secret",
    "EMAIL_SMTP_PASSWORD",
    "challenge",
    "clientDataJSON",
    "userHandle",
]
SEEDED = {name: f"{secrets.token_hex(8)} {secrets.token_hex(8)}".replace(" ", "~") for name in NAMES}


class Unprintable:
    def __init__(self, secret: str) -> None:
        self.secret = secret

    def __str__(self) -> str:
        raise RuntimeError(f"password={self.secret}")


def raised(text: str) -> bool:
    try:
        raise ValueError(text)
    except ValueError:
        logger().exception("it went wrong")
    return True


WAYS: dict[str, Callable[[str, str], object]] = {
    "in the message": lambda name, value: logger().info(f"{name}={value}"),
    "as an argument": lambda name, value: logger().info("%s: %s", name, value),
    "as an argument by name": lambda name, value: logger().info("sent %(" + name + ")s", {name: value}),
    "as extra": lambda name, value: logger().info("x", extra={name: value}),
    "deep in extra": lambda name, value: logger().info("x", extra={"body": [{"a": {name: [value]}}]}),
    "in bytes": lambda name, value: logger().info("x", extra={"raw": f'{{"{name}": "{value}"}}'.encode()}),
    "as a header pair": lambda name, value: logger().info(
        "x", extra={"h": [(name.encode(), value.encode())]}
    ),
    "as a printed header pair": lambda name, value: logger().info("%s", [(name.encode(), value.encode())]),
    "as a printed mapping": lambda name, value: logger().info("got %r", {name: value, "and": 1}),
    "in JSON": lambda name, value: logger().info(json.dumps({"a": 1, name: value})),
    "in JSON in JSON": lambda name, value: logger().info(json.dumps({"body": json.dumps({name: value})})),
    "with a quote and blanks in JSON": lambda name, value: logger().info(json.dumps({name: f'a" {value}'})),
    "in a query": lambda name, value: logger().info(f"GET /x?a=b&{name}={value}&c=d HTTP/1.1"),
    "in an address in a query": lambda name, value: logger().info(
        "/login?redirect=" + urllib.parse.quote(f"https://x/cb?{name}={value}", safe="")
    ),
    "in an exception": lambda name, value: raised(f"{name}: {value}"),
    "in a traceback over lines": lambda name, value: raised(f"\n\n  {name} = '{value}'\n"),
    "in arguments that do not fit": lambda name, value: logger().info("%d of %d", {name: value}),
    "in what cannot be printed": lambda _, value: logger().info("%s", Unprintable(value)),
    "in a warning": lambda name, value: warnings.warn(f"{name}={value}", stacklevel=1),
    "by a library": lambda name, value: logging.getLogger("uvicorn.error").error(f"{name}: {value}"),
    "as a task name would be": lambda name, value: logger().warning("x %s", (name, value)),
}


@pytest.mark.parametrize("way", WAYS)
def test_rule_33_seeded_secrets_are_in_no_line(log: io.StringIO, way: str) -> None:
    journal.start("debug", log)  # once more: the test runner's own handlers came in between
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        for name, value in SEEDED.items():
            for spelling in (name, name.lower(), name.upper()):
                WAYS[way](spelling, value)
    assert len(lines(log)) == 3 * len(NAMES)
    for value in SEEDED.values():
        assert value not in log.getvalue()
        assert value[:16] not in log.getvalue()


UNLABELLED = {
    "a JWT": "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ4In0.c2lnbmF0dXJlc2lnbmF0dXJl",
    "our own token": "idb_scim_" + secrets.token_urlsafe(32),
    "a bearer": "Bearer " + secrets.token_urlsafe(24),
    "basic credentials": "Basic dXNlcjpwYXNzd29yZA==",
    "a private key": "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBg\n-----END PRIVATE KEY-----",
}


@pytest.mark.parametrize("what", UNLABELLED)
def test_some_secrets_are_known_by_their_looks(log: io.StringIO, what: str) -> None:
    secret = UNLABELLED[what]
    logger().info("this came: %s.", secret)
    assert not any(part in log.getvalue() for part in secret.split()[1:] or [secret])


def test_the_password_of_a_database_address_is_left_out(log: io.StringIO) -> None:
    logger().error("cannot reach postgresql://idbridge:pa55-word@db.example:5432/users")
    assert lines(log)[0]["message"] == "cannot reach postgresql://idbridge:**********@db.example:5432/users"


def test_configured_secrets_are_hidden_without_any_label(
    log: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(redaction, "_known", set())
    monkeypatch.setattr(redaction, "_known_pattern", None)
    secret = 'p"4 ss/wörd' + secrets.token_hex(4)
    hide([secret, None, "", "short"])
    for form in (
        secret,
        repr(secret),
        json.dumps(secret),
        urllib.parse.quote(secret),
        urllib.parse.quote_plus(secret),
    ):
        logger().info("it is %s!", form)
    logger().info("it is short")
    assert secret[-8:] not in log.getvalue()
    assert lines(log)[-1]["message"] == "it is short"


@given(
    st.sampled_from(NAMES),
    st.text(st.characters(codec="utf-8", exclude_characters="\"'& \t\r\n\\"), min_size=8),
)
def test_whatever_the_value_is_made_of_its_name_gives_it_away(name: str, value: str) -> None:
    if value.split() == [value]:
        assert value not in redact(f"x {name}={value} y").replace(redaction.MASK, "")
    assert value not in redact(repr({name: value})).replace(redaction.MASK, "")


def test_what_is_not_secret_stays() -> None:
    for text in (
        "GET /users/018f?fields=id,email&limit=5 answered 200",
        "status_code=404 after 3 ms",
        "the connection to smtp.example:587 was refused",
        "refused with code: 550",
        '{"code": "4.7.1"}',
        '{"email":"ada@example.com","role":null,"encoded":"x"}',
        "https://idp.example/authorize?client_id=web",
    ):
        assert redact(text) == text
    assert clean(
        {"user": "018f", "code": "5.1.1", "count": 3, "ok": True, "password": None, "nothing": None}
    ) == {
        "user": "018f",
        "code": "5.1.1",
        "count": 3,
        "ok": True,
        "nothing": None,
        "password": None,
    }


def test_hostile_text_is_redacted_in_little_time() -> None:
    for text in (
        'password="' * 20_000,
        "a" * 1_000_000,
        "token" * 100_000,
        "\\" * 500_000 + '"',
        "eyJ" * 200_000,
    ):
        assert timeit.timeit(lambda text=text: redact(text), number=1) < 1  # type: ignore[misc]  # mypy sees no default


def test_a_line_says_when_how_bad_who_and_for_which_request(log: io.StringIO) -> None:
    token = journal.request_id.set("r-1")
    logging.getLogger("mail.worker").warning("gave up\non %s", "it", extra={"letter": "018f", "attempts": 3})
    journal.request_id.reset(token)
    (line,) = lines(log)
    assert str(line.pop("time")).endswith("Z")
    assert line == {
        "level": "warning",
        "logger": "mail.worker",
        "message": "gave up\non it",
        "request": "r-1",
        "letter": "018f",
        "attempts": 3,
    }


def test_nothing_that_is_logged_breaks_a_line(log: io.StringIO) -> None:
    loop: list[object] = []
    loop.append(loop)
    for value in (
        "\ud800",
        2**200,
        float("nan"),
        loop,
        {1: {2: object()}},
        b"\xff",
        range(3),
        Unprintable("x"),
    ):
        try:
            logger().info("odd", extra={"value": value})
        except RuntimeError:
            assert isinstance(value, Unprintable)
    logger().info("\ud800 %s", "\x00\r\n")
    logger().info("x" * 1_000_000)
    assert all(line["message"] for line in lines(log))
    assert max(map(len, log.getvalue().splitlines())) < 20_000


def test_the_chatter_of_libraries_is_kept_out(log: io.StringIO) -> None:
    for name in journal.QUIET:
        logging.getLogger(name).info("a PKCE verifier, perhaps")
    logging.getLogger("uvicorn.error").log(TRACE_LOG_LEVEL, "bytes")
    assert lines(log) == []


async def test_answered_requests_are_written_together_soon(log: io.StringIO) -> None:
    out = io.BytesIO()
    access = journal.AccessLog(out)
    for status in (200, 404):
        access.note(
            method="GET",
            path="/users/me",
            status=status,
            seconds=0.00123,
            client="127.0.0.1",
            request="r",
            user=None,
        )
    assert out.getvalue() == b""
    await asyncio.sleep(journal.FLUSH_SECONDS * 2)
    written = [json.loads(line) for line in out.getvalue().splitlines()]
    assert [line["status"] for line in written] == [200, 404]
    assert {line["logger"] for line in written} == {"access"}
    assert written[0]["ms"] == 1.2


async def test_probes_leave_a_line_only_where_something_is_wrong(log: io.StringIO) -> None:
    out = io.BytesIO()
    access = journal.AccessLog(out)
    for path, status in (("/-/live", 200), ("/-/ready", 200), ("/-/ready", 503), ("/-/metrics", 200)):
        access.note(method="GET", path=path, status=status, seconds=0, client="-", request="r", user=None)
    access.flush()
    written = [json.loads(line) for line in out.getvalue().splitlines()]
    assert [(line["path"], line["status"]) for line in written] == [("/-/ready", 503), ("/-/metrics", 200)]
    assert access.answered == {200: 3, 503: 1}


async def test_an_invitation_token_in_a_path_is_left_out(log: io.StringIO) -> None:
    out = io.BytesIO()
    access = journal.AccessLog(out)
    path = "/default/users/invite/" + UNLABELLED["a JWT"]
    access.note(method="GET", path=path, status=200, seconds=0, client="-", request="r", user=None)
    access.note(
        method="GET", path="/" + "x" * 9999, status=414, seconds=0, client="-", request="r", user=None
    )
    access.flush()
    assert b"c2lnbm" not in out.getvalue()
    assert len(out.getvalue()) < 1200


async def test_a_log_that_nobody_reads_stops_no_request(log: io.StringIO) -> None:
    out = io.BytesIO()
    access = journal.AccessLog(out)
    out.close()
    for _request in range(2):
        access.note(method="GET", path="/", status=200, seconds=0, client="-", request="r", user=None)
        access.flush()


async def test_a_higher_level_writes_no_requests() -> None:
    root = logging.getLogger()
    before = root.level
    root.setLevel(logging.WARNING)
    out = io.BytesIO()
    access = journal.AccessLog(out)
    access.note(method="GET", path="/", status=200, seconds=0, client="-", request="r", user=None)
    access.flush()
    root.setLevel(before)
    assert out.getvalue() == b""
