"""Passkeys: each attack is refused, beside the honest ceremony that differs from it in one thing."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from service.database.tables import activity, passkeys, sessions
from tests.served import PASSWORD, Served, refusal
from tests.sign_on.authenticator import (
    BACKED_UP,
    ELIGIBLE,
    PRESENT,
    VERIFIED,
    Authenticator,
    Kind,
    Lies,
    decoded,
    encoded,
)
from tests.sign_on.passkeys import (
    add,
    added,
    an_authenticator,
    ask,
    enter,
    house_at_a_name,
    named,
    options,
    proven,
    rows,
    signed_in,
)

LONG_AGO = "2021-02-05T15:18:13.000Z"
WRONG = (401, "INVALID_CREDENTIALS")


@pytest.fixture
async def house(database_url: str, tmp_path: Path) -> AsyncIterator[Served]:
    async with house_at_a_name(database_url, tmp_path / "data") as house:
        yield house


async def test_a_passkey_is_made_shown_and_signs_in(house: Served) -> None:
    user, token = await signed_in(house)
    key = an_authenticator(house)
    asked = await options(house, token)
    assert asked["rp"] == {"id": "localhost", "name": "localhost"}
    assert asked["user"]["name"] == "eve@example.com"
    assert decoded(asked["user"]["id"]) == bytes.fromhex(user.replace("-", ""))
    assert asked["authenticatorSelection"]["userVerification"] == "required"
    made = await house.ask("POST", "/users/me/passkeys", {"credential": key.create(asked)}, token=token)
    assert made.status_code == 200, made.text
    opened = await enter(house, key)
    assert opened.status_code == 200, opened.text
    me = await house.ask("GET", "/users/me", token=opened.json()["data"]["access_token"])
    assert me.json()["data"]["id"] == user
    (listed,) = (await house.ask("GET", "/users/me/passkeys", token=token)).json()["data"]
    assert made.json()["data"] == {**listed, "last_used_at": None}
    assert listed["name"] == "Passkey"
    assert listed["last_used_at"] is not None
    assert listed["transports"] == ["hybrid", "internal"]
    (session,) = await rows(house, sessions, provider="passkey")
    assert (session["user"], session["identifier"]) == (user, listed["id"])


async def test_every_algorithm_that_was_asked_for_is_good(house: Served) -> None:
    _, token = await signed_in(house)
    for kind in KINDS:
        key = an_authenticator(house, kind=kind)
        await added(house, token, key)
        assert [(await enter(house, key)).status_code for _ in range(2)] == [200, 200], kind


async def test_the_session_comes_as_tokens_or_as_cookies(house: Served) -> None:
    _, token = await signed_in(house)
    key = an_authenticator(house)
    await added(house, token, key)
    assert (await enter(house, key)).json()["data"].keys() == {"access_token", "refresh_token", "expires"}
    for mode, name in (("cookie", "directus_refresh_token"), ("session", "directus_session_token")):
        answer = await enter(house, key, mode=mode)
        assert "refresh_token" not in answer.json()["data"]
        assert name in answer.cookies
        # The question's own cookie is done with.
        assert any("idbridge_passkey=;" in one for one in answer.headers.get_list("set-cookie"))


KINDS: tuple[Kind, ...] = ("ES256", "EdDSA", "RS256")
NO_KEYS = (
    *(b"\xa0", b"\x80", b"", b"\xff" * 40, b"\x04" + b"1" * 64),
    b"\xa5\x01\x02\x03\x26\x20\x01\x21\x40\x22\x40",
)
LIES = {
    "a foreign origin": Lies(origin="https://evil.example"),
    "our name at another port": Lies(origin="http://localhost:1"),
    "a frame of another site": Lies(cross_origin=True),
    "another site's passkey": Lies(rp_id="evil.example"),
    "nobody was there": Lies(flags=VERIFIED),
    "nobody was verified": Lies(flags=PRESENT),
    "backed up though it cannot be": Lies(flags=PRESENT | VERIFIED | BACKED_UP),
    "a challenge of nobody": Lies(challenge=encoded(b"0" * 32)),
    "the other ceremony": Lies(type="payment.get"),
    "bytes behind the end": Lies(tail=b"\0"),
}


async def test_a_lie_makes_no_passkey(house: Served) -> None:
    _, token = await signed_in(house)
    token = await proven(house, token, an_authenticator(house))
    for name, lies in LIES.items():
        refused = await add(house, token, an_authenticator(house), lies=lies, password=None)
        assert (refused.status_code, name) == (400, name)
    assert len(await rows(house, passkeys)) == 1


async def test_a_lie_signs_nobody_in(house: Served) -> None:
    _, token = await signed_in(house)
    key = an_authenticator(house)
    await added(house, token, key)
    for name, lies in LIES.items():
        assert (refusal(await enter(house, key, lies)), name) == (WRONG, name)
    assert await rows(house, sessions, provider="passkey") == []
    assert (await enter(house, key)).status_code == 200


async def test_a_key_that_verifies_nothing_makes_no_passkey(house: Served) -> None:
    """Also one whose algorithm was not asked for: ES384, or RS1 (RFC 8725 3.1)."""
    _, token = await signed_in(house)
    token = await proven(house, token, an_authenticator(house))
    good = an_authenticator(house)
    twisted = [
        good.public_key().replace(b"\x03\x26", b"\x03" + other) for other in (b"\x38\x22", b"\x39\xff\xfe")
    ]
    off_the_curve = good.public_key()[:-1] + bytes([good.public_key()[-1] ^ 1])
    for key in (*NO_KEYS, *twisted, off_the_curve):
        refused = await add(house, token, good, lies=Lies(key=key), password=None)
        assert refusal(refused) == (400, "INVALID_PAYLOAD"), key[:9]
    assert (await add(house, token, good, password=None)).status_code == 200


async def test_an_answer_counts_once_and_for_its_own_browser(house: Served) -> None:
    """security.md, 2."""
    _, token = await signed_in(house)
    key = an_authenticator(house)
    asked = await options(house, token)
    body = {"credential": key.create(asked)}
    assert (await house.ask("POST", "/users/me/passkeys", body, token=token)).status_code == 200
    again = {"credential": an_authenticator(house).create(asked)}
    assert refusal(await house.ask("POST", "/users/me/passkeys", again, token=token))[0] == 400
    async with house.client() as client, house.client() as thief:
        shown = {"credential": key.get(await ask(client))}
        assert (await thief.post("/auth/passkey", json=shown)).status_code == 401
        await ask(thief)
        assert (await thief.post("/auth/passkey", json=shown)).status_code == 401
        answers = await asyncio.gather(*(client.post("/auth/passkey", json=shown) for _ in range(3)))
        assert sorted(answer.status_code for answer in answers) == [200, 401, 401]
        # Two tabs of one browser ask, and the first is answered last.
        first, second = await ask(client), await ask(client)
        for asked in (second, first):
            good = await client.post("/auth/passkey", json={"credential": key.get(asked)})
            assert good.status_code == (200 if asked is second else 401)


async def test_a_question_is_answered_in_time(house: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    _, token = await signed_in(house)
    key = an_authenticator(house)
    await added(house, token, key)
    async with house.client() as client:
        monkeypatch.setattr("service.users.challenges.LIFETIME", -1)
        late = key.get(await ask(client))
        assert refusal(await client.post("/auth/passkey", json={"credential": late})) == WRONG
        monkeypatch.undo()
        good = key.get(await ask(client))
        assert (await client.post("/auth/passkey", json={"credential": good})).status_code == 200


async def test_an_answer_to_one_question_answers_no_other(house: Served) -> None:
    """RFC 8725 3.11: an access token, or the challenge of a session, is no challenge of a browser."""
    _, token = await signed_in(house)
    key = an_authenticator(house)
    await added(house, token, key)
    made = await options(house, token)
    for challenge in (encoded(token.encode()), made["challenge"]):
        assert refusal(await enter(house, key, Lies(challenge=challenge))) == WRONG
    _, other = await signed_in(house, "mallory@example.com")
    body = {"credential": an_authenticator(house).create(made)}
    assert refusal(await house.ask("POST", "/users/me/passkeys", body, token=other))[0] == 400


async def test_strangers_learn_nothing_and_a_signature_has_to_be_right(house: Served) -> None:
    """security.md, 28: an unknown passkey is answered as a wrong one."""
    _, token = await signed_in(house)
    key, unknown = an_authenticator(house), an_authenticator(house)
    await added(house, token, key)
    unknown.handle = key.handle
    forger = an_authenticator(house, credential=key.credential, handle=key.handle)
    answers = [await enter(house, one) for one in (unknown, forger)]
    answers.append(await enter(house, key, Lies(handle=None)))
    answers.append(await enter(house, key, Lies(handle=encoded(bytes(16)))))
    async with house.client() as client:
        shown = key.get(await ask(client))
        shown["response"]["signature"] = encoded(bytes(70))
        answers.append(await client.post("/auth/passkey", json={"credential": shown}))
        told = {(answer.status_code, answer.text) for answer in answers}
    assert len(told) == 1
    assert refusal(answers[0]) == WRONG


async def test_a_copy_is_refused_and_the_administrator_hears_of_it(house: Served) -> None:
    user, token = await signed_in(house)
    key = an_authenticator(house, count=4)
    await added(house, token, key)
    assert (await enter(house, key)).status_code == 200  # 5
    for count in (5, 4, 0):
        assert refusal(await enter(house, key, Lies(count=count))) == WRONG
    noted = [row["comment"] for row in await rows(house, activity, item=user, action="refused")]
    assert noted == ["passkey: its counter went back, so there may be a copy of it"] * 3
    assert (await enter(house, key, Lies(count=99))).status_code == 200


async def test_one_that_counts_nothing_is_good_as_often(house: Served) -> None:
    _, token = await signed_in(house)
    key = an_authenticator(house, counts=False)
    await added(house, token, key)
    assert [(await enter(house, key)).status_code for _ in range(2)] == [200, 200]


async def test_whether_it_may_be_backed_up_never_changes(house: Served) -> None:
    user, token = await signed_in(house)
    key, synced = an_authenticator(house), an_authenticator(house)
    await added(house, token, key)
    assert (
        await add(house, token, synced, lies=Lies(flags=PRESENT | VERIFIED | ELIGIBLE))
    ).status_code == 200
    assert refusal(await enter(house, key, Lies(flags=PRESENT | VERIFIED | ELIGIBLE))) == WRONG
    assert refusal(await enter(house, synced)) == WRONG
    backed = Lies(flags=PRESENT | VERIFIED | ELIGIBLE | BACKED_UP)
    assert (await enter(house, synced, backed)).status_code == 200
    listed = (await house.ask("GET", f"/users/{user}/passkeys")).json()["data"]
    assert [one["backed_up"] for one in listed] == [False, True]


NO_ANSWERS: tuple[object, ...] = (
        None, 5, "x", [], {}, {"id": 1}, {"id": "x", "response": {}},
        {"id": "x" * 2000, "response": {"clientDataJSON": "x", "authenticatorData": "x", "signature": "x"}},
        {"id": "eA", "response": {"clientDataJSON": "=", "authenticatorData": "x", "signature": "x"}},
        {"id": "eA", "response": {"clientDataJSON": "A" * 9000, "authenticatorData": "x", "signature": "x"}},
        {"id": "eA", "response": {"clientDataJSON": "A", "authenticatorData": "A", "signature": "A"}},
        {"id": "eA", "response": {"clientDataJSON": "A", "attestationObject": "A"}},
        {"id": "eA", "response": {"clientDataJSON": encoded(b"[" * 6000), "attestationObject": "gggg"}},
    )  # fmt: skip


async def test_what_is_no_answer_is_told_so(house: Served) -> None:
    _, token = await signed_in(house)
    for credential in NO_ANSWERS:
        for path, bearer in (("/auth/passkey", None), ("/users/me/passkeys", token)):
            answer = await house.ask("POST", path, {"credential": credential}, token=bearer)
            assert answer.status_code in (400, 401), (path, credential)


async def test_garbage_that_answers_a_real_question_is_refused_in_time(house: Served) -> None:
    _, token = await signed_in(house)
    key = an_authenticator(house)
    token = await proven(house, token, key)
    deep, wide = b"\x81" * 5000, b"\x9b" + b"\xff" * 8
    bomb = b"\xa1\x63fmt" + b"\x5b\x7f" + b"\xff" * 7
    async with house.client() as client:
        for garbage in (b"", b"\0", deep, wide, bomb, bytes(37), b"\xff" * 200):
            made = an_authenticator(house).create(await options(house, token, None))
            made["response"]["attestationObject"] = encoded(garbage) or "A"
            body = {"credential": made}
            refused = await house.ask("POST", "/users/me/passkeys", body, token=token)
            assert refusal(refused) == (400, "INVALID_PAYLOAD"), garbage[:9]
            shown = key.get(await ask(client))
            shown["response"]["authenticatorData"] = encoded(garbage) or "A"
            assert refusal(await client.post("/auth/passkey", json={"credential": shown})) == WRONG
        large = {"credential": {"id": "eA", "response": {}, "more": "x" * 70_000}}
        assert (await client.post("/auth/passkey", json=large)).status_code == 413


async def test_failures_run_into_a_wait(house: Served) -> None:
    """security.md, 27."""
    _, token = await signed_in(house)
    key = an_authenticator(house)
    await added(house, token, key)
    forger = an_authenticator(house, credential=key.credential, handle=key.handle)
    statuses = [(await enter(house, forger)).status_code for _ in range(21)]
    assert statuses == [401] * 20 + [429]


async def test_who_is_suspended_does_not_get_in(house: Served) -> None:
    """security.md, 22: nor does whoever had a question open."""
    user, token = await signed_in(house)
    key = an_authenticator(house)
    await added(house, token, key)
    opened = (await enter(house, key)).json()["data"]["access_token"]
    asked = await options(house, token)
    async with house.client() as client:
        for status in ("suspended", "draft", "archived"):
            shown = {"credential": key.get(await ask(client))}
            assert (await house.ask("PATCH", f"/users/{user}", {"status": status})).status_code == 200
            assert refusal(await client.post("/auth/passkey", json=shown)) == WRONG, status
    assert (await house.ask("GET", "/users/me", token=opened)).status_code == 401
    await house.ask("PATCH", f"/users/{user}", {"status": "active", "email": "eve@example.com"})
    body = {"credential": an_authenticator(house).create(asked)}
    assert (await house.ask("POST", "/users/me/passkeys", body, token=token)).status_code == 401
    assert (await enter(house, key)).status_code == 200


async def test_at_an_address_of_numbers_it_is_said_what_to_do(sqlite_url: str, tmp_path: Path) -> None:
    async with house_at_a_name(sqlite_url, tmp_path / "data", PUBLIC_URL="http://127.0.0.1:8055") as house:
        told = await house.ask("POST", "/auth/passkey/options", {}, token=None)
        assert told.status_code == 422
        assert "localhost or a domain" in told.text


async def test_the_host_that_a_request_names_decides_nothing(house: Served) -> None:
    """security.md, 37."""
    _, token = await signed_in(house)
    headers = {"host": "evil.example", "x-forwarded-host": "evil.example"}
    body = {"password": PASSWORD}
    asked = await house.ask("POST", "/users/me/passkeys/options", body, token=token, headers=headers)
    assert asked.json()["data"]["rp"]["id"] == "localhost"


async def test_another_sites_page_answers_nothing(house: Served) -> None:
    """security.md, 20."""
    _, token = await signed_in(house)
    key = an_authenticator(house)
    await added(house, token, key)
    for headers in ({"origin": "https://evil.example"}, {"sec-fetch-site": "cross-site"}):
        async with house.client() as client:
            assert (await client.post("/auth/passkey/options", json={}, headers=headers)).status_code == 403
            shown = {"credential": key.get(await ask(client))}
            assert (await client.post("/auth/passkey", json=shown, headers=headers)).status_code == 403
            assert (await client.post("/auth/passkey", json=shown)).status_code == 200


async def test_no_secret_of_a_ceremony_is_logged(house: Served, caplog: pytest.LogCaptureFixture) -> None:
    """security.md, 33."""
    _, token = await signed_in(house)
    key = an_authenticator(house, count=4)
    await added(house, token, key)
    with caplog.at_level("DEBUG"):
        await enter(house, key, Lies(count=1))
    told = " ".join(str(vars(record)) for record in caplog.records)
    assert "its counter went back" in told
    assert encoded(key.credential) not in told
    assert key.handle not in told


def test_an_authenticator_knows_its_own_site() -> None:
    assert Authenticator(named("http://127.0.0.1:8055")).origin == "http://localhost:8055"
