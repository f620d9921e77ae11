"""The rules of Shared Signals, against the whole house and a transmitter that signs: the attack comes first."""

import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from secrets import token_hex, token_urlsafe
from typing import Any

import httpx2
import msgspec
import pytest

from service.database.tables import activity, users
from service.polling import fetch
from tests.core.people import all_rows, set_row
from tests.core.people import user as row_of
from tests.served import Served
from tests.sign_on.issuer import KEYS, Issuer, json, sign
from tests.sign_on.liar import house_at, is_in, tokens_of

CAEP = "https://schemas.openid.net/secevent/caep/event-type/"
RISC = "https://schemas.openid.net/secevent/risc/event-type/"
REVOKED = f"{CAEP}session-revoked"
PUSH = token_urlsafe(24)
POLL = token_urlsafe(24)


@pytest.fixture
async def house(database_url: str, tmp_path: Path, issuer: Issuer) -> AsyncIterator[Served]:
    issuer.answers["/.well-known/ssf-configuration"] = lambda: json(
        {"issuer": issuer.url, "jwks_uri": f"{issuer.url}/keys", "spec_version": "1_0"}
    )
    more = {
        "AUTH_OP_SSF_ISSUER": issuer.url,
        "AUTH_OP_SSF_PUSH_TOKEN": PUSH,
        "AUTH_OP_SSF_EMAIL_SUBJECTS": "true",
    }
    async with house_at(database_url, tmp_path / "data", issuer, **more) as house:
        yield house


def claims(house: Served, issuer: Issuer, event: str = REVOKED, **changes: Any) -> dict[str, Any]:
    """What an honest transmitter says of Ada; a change to None takes a claim away."""
    honest = {
        "iss": issuer.url, "aud": f"{house.url}/ssf/op", "iat": int(time.time()), "jti": token_hex(8),
        "sub_id": {"format": "iss_sub", "iss": issuer.url, "sub": "ada"}, "events": {event: {}},
    }  # fmt: skip
    return {name: value for name, value in {**honest, **changes}.items() if value is not None}


def made(house: Served, issuer: Issuer, event: str = REVOKED, **changes: Any) -> str:
    return sign(claims(house, issuer, event, **changes), {"typ": "secevent+jwt"})


async def push(house: Served, token: str, **headers: str) -> httpx2.Response:
    said = {"content-type": "application/secevent+jwt", "authorization": f"Bearer {PUSH}", **headers}
    async with house.client() as client:
        return await client.post("/ssf/op", content=token, headers=said)


Forge = Callable[[Served, Issuer], str]
FORGERIES: dict[str, tuple[str, Forge]] = {
    "unsigned": ("invalid_request", lambda h, i: f"{sign(claims(h, i), {'alg': 'none', 'typ': 'secevent+jwt'}, b'').rpartition('.')[0]}."),
    "signed with the public key": ("invalid_request", lambda h, i: sign(
        claims(h, i), {"alg": "HS256", "typ": "secevent+jwt"}, KEYS["rsa"].as_pem(private=False))),
    "an unknown key": ("invalid_key", lambda h, i: sign(claims(h, i), {"typ": "secevent+jwt", "kid": "nope"})),
    "a logout token": ("invalid_request", lambda h, i: sign(claims(h, i), {"typ": "logout+jwt"})),
    "no type": ("invalid_request", lambda h, i: sign(claims(h, i))),
    "another transmitter": ("invalid_issuer", lambda h, i: made(h, i, iss="https://evil.example")),
    "another receiver": ("invalid_audience", lambda h, i: made(h, i, aud="https://elsewhere.example")),
    "no receiver": ("invalid_audience", lambda h, i: made(h, i, aud=None)),
    "long ago": ("invalid_request", lambda h, i: made(h, i, iat=int(time.time()) - 8 * 86_400)),
    "tomorrow": ("invalid_request", lambda h, i: made(h, i, iat=int(time.time()) + 86_400)),
    "no jti": ("invalid_request", lambda h, i: made(h, i, jti=None)),
    "what could be an ID token": ("invalid_request", lambda h, i: made(h, i, sub="ada")),
    "no event": ("invalid_request", lambda h, i: made(h, i, events={})),
    "events in a list": ("invalid_request", lambda h, i: made(h, i, events=[REVOKED])),
    "nonsense": ("invalid_request", lambda h, i: "\u00e9"),
}  # fmt: skip


async def test_rule_23_a_forged_signal_changes_nothing(house: Served, issuer: Issuer) -> None:
    tokens = await tokens_of(house, issuer)
    for name, (word, forge) in FORGERIES.items():
        answer = await push(house, forge(house, issuer))
        assert (answer.status_code, answer.json()["err"]) == (400, word), (name, answer.text)
        assert answer.headers["cache-control"] == "no-store"
    good = made(house, issuer)
    stranger = await push(house, good, authorization="Bearer guessed")
    assert (stranger.status_code, stranger.json()["err"]) == (400, "authentication_failed")
    assert (await push(house, good, **{"content-type": "application/json"})).status_code == 400
    assert (await push(house, "x" * 70_000)).status_code == 413
    assert (await house.ask("POST", "/ssf/nope", token=None)).status_code == 404
    assert await is_in(house, tokens)
    assert (await push(house, good)).status_code == 202
    assert not await is_in(house, tokens)


async def test_rule_23_a_signal_that_comes_again_is_taken_and_does_nothing(
    house: Served, issuer: Issuer
) -> None:
    token = made(house, issuer)
    first = await push(house, token)
    assert (first.status_code, first.content) == (202, b"")
    tokens = await tokens_of(house, issuer)
    assert (await push(house, token)).status_code == 202
    assert await is_in(house, tokens)


async def test_rule_9_a_transmitter_speaks_of_its_own_people_only(house: Served, issuer: Issuer) -> None:
    eve, token = await house.person("eve@example.com")
    await house.house.database.write(set_row, users, eve, email_verified_at="2026-01-01T00:00:00.000Z")
    tokens = await tokens_of(house, issuer)
    for subject in (
        {"format": "iss_sub", "iss": "https://evil.example", "sub": "ada"},
        {"format": "iss_sub", "iss": issuer.url, "sub": "ADA"},
        {"format": "email", "email": "eve@example.com"},
        {"format": "opaque", "id": eve},
        {"format": "phone_number", "phone_number": "+1"},
        {"format": "complex", "user": {"format": "opaque", "id": "ada"}, "session": {"format": "x"}},
        {}, "ada", None,
    ):  # fmt: skip
        told = made(house, issuer, f"{RISC}account-disabled", sub_id=subject)
        assert (await push(house, told)).status_code == 202, subject
    assert await is_in(house, tokens)
    assert (await house.ask("GET", "/users/me", token=token)).status_code == 200


@pytest.mark.parametrize(
    ("event", "said", "ends"),
    [
        (REVOKED, {}, True),
        (f"{CAEP}credential-change", {"change_type": "update"}, True),
        (f"{CAEP}token-claims-change", {}, True),
        (f"{CAEP}assurance-level-change", {"change_direction": "decrease"}, True),
        (f"{CAEP}assurance-level-change", {"change_direction": "increase"}, False),
        (f"{CAEP}device-compliance-change", {"current_status": "not-compliant"}, True),
        (f"{CAEP}device-compliance-change", {"current_status": "compliant"}, False),
        (f"{RISC}credential-compromised", {}, True),
        (f"{RISC}identifier-changed", {"new-value": "root@example.com"}, False),
        (f"{RISC}account-enabled", {}, False),
        ("https://elsewhere.example/event", {}, False),
    ],
)
async def test_what_each_signal_does(
    sqlite_url: str, tmp_path: Path, issuer: Issuer, event: str, said: dict[str, Any], ends: bool
) -> None:
    issuer.answers["/.well-known/ssf-configuration"] = lambda: json(
        {"issuer": issuer.url, "jwks_uri": f"{issuer.url}/keys"}
    )
    more = {"AUTH_OP_SSF_ISSUER": issuer.url}
    async with house_at(sqlite_url, tmp_path / "data", issuer, **more) as house:
        tokens = await tokens_of(house, issuer)
        other = await tokens_of(house, issuer, sub="grace", email="grace@example.com")
        assert (await push(house, made(house, issuer, event, events={event: said}))).status_code == 202
        assert [await is_in(house, tokens), await is_in(house, other)] == [not ends, True]


async def test_rule_22_whom_the_provider_disables_is_out_and_comes_back_only_by_it(
    house: Served, issuer: Issuer
) -> None:
    tokens = await tokens_of(house, issuer)
    key = (await house.ask("GET", "/users/me", token=tokens["access_token"])).json()["data"]["id"]
    static = token_urlsafe(24)
    assert (await house.ask("PATCH", f"/users/{key}", {"token": static})).status_code == 200
    by_mail = {"format": "email", "email": "ADA@example.com"}
    out, back = f"{RISC}account-disabled", f"{RISC}account-enabled"
    assert (await push(house, made(house, issuer, out, sub_id=by_mail))).status_code == 202
    assert not await is_in(house, tokens)
    assert (await house.ask("GET", "/users/me", token=static)).status_code == 401
    assert (await row_of(house.house.database, key))["status"] == "suspended"
    assert (await push(house, made(house, issuer, back))).status_code == 202
    assert (await row_of(house.house.database, key))["status"] == "active"
    assert (await house.ask("PATCH", f"/users/{key}", {"status": "suspended"})).status_code == 200
    assert (await push(house, made(house, issuer, back))).status_code == 202
    assert (await row_of(house.house.database, key))["status"] == "suspended"
    noted = [row["comment"] for row in await house.house.database.read(all_rows, activity, action="refused")]
    assert noted == [
        "op: account-disabled (suspended)",
        "op: account-enabled (active again)",
        "op: account-enabled (noted: it had not suspended the user)",
    ]


async def test_one_session_of_a_complex_subject_ends(house: Served, issuer: Issuer) -> None:
    first, second = await tokens_of(house, issuer), await tokens_of(house, issuer, sid="s-2")
    subject = {
        "format": "complex", "user": {"format": "iss_sub", "iss": issuer.url, "sub": "ada"},
        "session": {"format": "opaque", "id": "s-2"},
    }  # fmt: skip
    assert (await push(house, made(house, issuer, sub_id=subject))).status_code == 202
    assert [await is_in(house, first), await is_in(house, second)] == [True, False]


async def test_a_transmitter_that_keeps_its_events_is_asked(
    sqlite_url: str, tmp_path: Path, issuer: Issuer
) -> None:
    """RFC 8936: what was done is acknowledged, what is forged is refused, and what was not said comes again."""
    waiting: dict[str, str] = {}

    def poll() -> Any:
        assert issuer.authorizations[-1] == f"Bearer {POLL}"
        asked = msgspec.json.decode(issuer.forms[-1])
        for key in (*asked["ack"], *asked["setErrs"]):
            waiting.pop(key, None)
        return json({"sets": waiting})

    issuer.answers["/poll"] = poll
    issuer.answers["/.well-known/ssf-configuration"] = lambda: json(
        {"issuer": issuer.url, "jwks_uri": f"{issuer.url}/keys"}
    )
    more = {
        "AUTH_OP_SSF_ISSUER": issuer.url, "AUTH_OP_SSF_POLL_URL": f"{issuer.url}/poll",
        "AUTH_OP_SSF_POLL_TOKEN": POLL, "AUTH_OP_SSF_AUDIENCE": "us",
    }  # fmt: skip
    async with house_at(sqlite_url, tmp_path / "data", issuer, **more) as house:
        tokens = await tokens_of(house, issuer)
        waiting["forged"] = made(house, issuer, aud="them")
        door = house.house.doors["op"]
        assert await fetch(house.house, door) == 1
        assert await is_in(house, tokens)
        waiting["honest"] = made(house, issuer, aud="us")
        assert await fetch(house.house, door) == 1
        assert not await is_in(house, tokens)
        assert waiting == {}
        said = [msgspec.json.decode(form) for form in issuer.forms if form.startswith("{")]
        assert [one["setErrs"] for one in said if one["setErrs"]] == [
            {
                "forged": {
                    "err": "invalid_audience",
                    "description": "The event token is meant for another receiver",
                }
            }
        ]
