"""Passkeys: each attack is refused, beside the honest ceremony that differs from it in one thing."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from service.database.tables import activity, letters, passkeys, sessions, users
from tests.core.people import all_rows, set_row
from tests.languages.factors import login, protect, refusal
from tests.served import PASSWORD, Served
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
    access,
    add,
    added,
    an_authenticator,
    ask,
    enter,
    house_at_a_name,
    named,
    options,
    proven,
    signed_in,
)

LONG_AGO = "2021-02-05T15:18:13.000Z"
WRONG = (401, "INVALID_CREDENTIALS")


@pytest.fixture
async def house(database_url: str, tmp_path: Path) -> AsyncIterator[Served]:
    async with house_at_a_name(database_url, tmp_path / "data") as house:
        yield house


async def rows(house: Served, table: Any, **equal: Any) -> list[dict[str, Any]]:
    return await house.house.database.read(all_rows, table, **equal)


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


async def test_it_takes_a_fresh_proof_and_a_session(house: Served) -> None:
    """security.md, 11: a stolen token alone adds no way in, and takes no factor away."""
    user, token = await signed_in(house)
    static = (await house.person("mallory@example.com"))[1]
    path = "/users/me/passkeys"
    assert refusal(await house.ask("POST", f"{path}/options", {}, token=token))[0] == 400
    wrong = await house.ask("POST", f"{path}/options", {"password": "wrong"}, token=token)
    assert refusal(wrong) == WRONG
    assert refusal(await house.ask("POST", f"{path}/options", {"password": PASSWORD}, token=static))[0] == 400
    assert (await house.ask("POST", f"{path}/options", {}, token=None)).status_code in (401, 403)
    other = await house.ask("POST", f"/users/{user}/passkeys/options", {"password": PASSWORD}, token=static)
    assert refusal(other) == (403, "FORBIDDEN")
    by_admin = await house.ask("POST", f"/users/{user}/passkeys/options", {"password": PASSWORD})
    assert refusal(by_admin) == (403, "FORBIDDEN")
    key = an_authenticator(house)
    first = await added(house, token, key)
    assert refusal(await house.ask("DELETE", f"{path}/{first}", token=token))[0] == 400
    # Who has just shown a passkey need not tell a password again; ten minutes later they have to.
    opened = (await enter(house, key)).json()["data"]["access_token"]
    assert (await house.ask("POST", f"{path}/options", {}, token=opened)).status_code == 200
    for row in await rows(house, sessions, provider="passkey"):
        await house.house.database.write(set_row, sessions, row["id"], created_at=LONG_AGO)
    assert refusal(await house.ask("POST", f"{path}/options", {}, token=opened))[0] == 400
    assert (
        await house.ask("DELETE", f"{path}/{first}", {"password": PASSWORD}, token=token)
    ).status_code == 204


async def test_a_passkey_belongs_to_one_person_who_is_told_of_it(house: Served) -> None:
    user, token = await signed_in(house)
    _, other = await signed_in(house, "mallory@example.com")
    key = an_authenticator(house)
    first = await added(house, token, key, "My  laptop")
    again = an_authenticator(house, credential=key.credential)
    assert refusal(await add(house, other, again))[0] == 400
    for method, body in (("PATCH", {"name": "Mine"}), ("DELETE", {"password": PASSWORD})):
        for who in ("me", user):
            stolen = await house.ask(method, f"/users/{who}/passkeys/{first}", body, token=other)
            assert refusal(stolen) == (403, "FORBIDDEN")
    assert refusal(await house.ask("GET", f"/users/{user}/passkeys", token=other)) == (403, "FORBIDDEN")
    assert (
        await house.ask("PATCH", f"/users/me/passkeys/{first}", {"name": "Desk"}, token=token)
    ).status_code == 204
    for bad in ("", " ", "x" * 101, "a\u0000b", "\ud800"):
        body = {"name": bad}
        refused = await house.ask("PATCH", f"/users/me/passkeys/{first}", body, token=token)
        assert refused.status_code == 400, bad
    (listed,) = (await house.ask("GET", f"/users/{user}/passkeys")).json()["data"]
    assert listed["name"] == "Desk"
    assert refusal(await house.ask("PATCH", f"/users/{user}/passkeys/{first}", {"name": "x"})) == (
        403,
        "FORBIDDEN",
    )
    assert (await house.ask("DELETE", f"/users/{user}/passkeys/{first}")).status_code == 204
    told = {row["kind"]: row for row in await rows(house, letters)}
    assert told.keys() == {"passkey_added", "passkey_removed"}
    assert told["passkey_added"]["recipient"] == "eve@example.com"
    noted = [row["comment"] for row in await rows(house, activity, item=user, action="update")]
    assert noted == ["passkey added: My laptop", "passkey named: Desk", "passkey removed: Desk"]


async def test_what_goes_takes_its_sessions_along(house: Served) -> None:
    _, token = await signed_in(house)
    desk, phone = an_authenticator(house), an_authenticator(house)
    first = await added(house, token, desk)
    await added(house, token, phone, "Phone")
    opened = [(await enter(house, key)).json()["data"]["access_token"] for key in (desk, phone)]
    gone = await house.ask("DELETE", f"/users/me/passkeys/{first}", {"password": PASSWORD}, token=token)
    assert gone.status_code == 204
    alive = [(await house.ask("GET", "/users/me", token=one)).status_code for one in opened]
    assert alive == [401, 200]
    assert refusal(await enter(house, desk)) == WRONG


async def test_there_are_so_many_and_no_more(house: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("service.users.passkeys.MOST", 2)
    _, token = await signed_in(house)
    answers = [(await add(house, token, an_authenticator(house))).status_code for _ in range(3)]
    assert answers == [200, 200, 400]
    assert len((await options(house, token))["excludeCredentials"]) == 2


async def test_the_last_way_in_stays(house: Served) -> None:
    user, token = await signed_in(house)
    key = an_authenticator(house)
    first = await added(house, token, key)
    await house.house.database.write(set_row, users, user, password_hash=None)
    opened = (await enter(house, key)).json()["data"]["access_token"]
    for bearer in (opened, house.token):
        stays = await house.ask("DELETE", f"/users/{user}/passkeys/{first}", token=bearer)
        assert stays.status_code == 422, stays.text
        assert "last way to sign in" in stays.text
    assert (await enter(house, key)).status_code == 200


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


async def test_whom_a_connection_owns_signs_in_with_its_provider(house: Served) -> None:
    """And the passkey is a second factor there, no way around the provider."""
    user, token = await signed_in(house)
    key = an_authenticator(house)
    await added(house, token, key)
    await house.scim_token("okta")
    (connection,) = (await house.ask("GET", "/connections")).json()["data"]
    await house.house.database.write(set_row, users, user, connection=connection["id"])
    assert refusal(await enter(house, key)) == (403, "INVALID_PROVIDER")
    assert await rows(house, sessions, provider="passkey") == []


async def test_where_only_providers_sign_people_on_no_passkey_does(sqlite_url: str, tmp_path: Path) -> None:
    variables = {"AUTH_DISABLE_DEFAULT": "true", "AUTH_PROVIDERS": "dev", "AUTH_DEV_DRIVER": "mock"}
    async with house_at_a_name(sqlite_url, tmp_path / "data", **variables) as house:
        for path in ("/auth/passkey/options", "/auth/passkey"):
            body = {"credential": {}} if path == "/auth/passkey" else {}
            assert (await house.ask("POST", path, body, token=None)).status_code in (400, 404)


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


async def test_rule_26_a_password_alone_no_longer_opens_what_a_passkey_protects(house: Served) -> None:
    _, token = await signed_in(house)
    key = an_authenticator(house)
    assert (await login(house)).status_code == 200
    first = await added(house, token, key)
    assert refusal(await login(house)) == (401, "INVALID_OTP")
    assert refusal(await login(house, "123456")) == (401, "INVALID_OTP")
    assert refusal(await login(house, password="wrong")) == WRONG
    asked = {"password": PASSWORD}
    codes = (await house.ask("POST", "/users/me/tfa/recovery-codes", asked, token=token)).json()["data"][
        "codes"
    ]
    assert (await login(house, codes[0])).status_code == 200
    assert refusal(await login(house, codes[0])) == (401, "INVALID_OTP")
    gone = await house.ask("DELETE", f"/users/me/passkeys/{first}", asked, token=token)
    assert gone.status_code == 204
    assert (await login(house)).status_code == 200
    await added(house, token, an_authenticator(house))
    assert refusal(await login(house, codes[1])) == (401, "INVALID_OTP")  # of the factor that is gone


async def test_an_app_and_a_passkey_stand_beside_each_other(house: Served) -> None:
    _, token = await signed_in(house)
    key = an_authenticator(house)
    first = await added(house, token, key)
    secret = await protect(house, token)
    asked = {"password": PASSWORD}
    codes = (await house.ask("POST", "/users/me/tfa/recovery-codes", asked, token=token)).json()["data"][
        "codes"
    ]
    disabled = await house.ask("POST", "/users/me/tfa/disable", {"otp": codes[0]}, token=token)
    assert disabled.status_code == 204
    assert secret
    assert (await login(house, codes[1])).status_code == 200  # they stand in for the passkey still
    await house.ask("DELETE", f"/users/me/passkeys/{first}", asked, token=token)
    assert (await login(house)).status_code == 200


async def test_a_role_that_asks_for_a_factor_is_content_with_a_passkey(house: Served) -> None:
    role = await house.ask("POST", "/roles", {"name": "Careful", "enforce_tfa": True, "app_access": True})
    _, token = await signed_in(house, role=role.json()["data"]["id"])
    assert refusal(await house.ask("GET", "/users/me", token=token)) == (403, "FORBIDDEN")
    key = an_authenticator(house)
    first = await added(house, token, key)
    assert (await house.ask("GET", "/users/me", token=token)).status_code == 200
    opened = (await enter(house, key)).json()["data"]
    assert (await house.ask("GET", "/users/me", token=opened["access_token"])).status_code == 200
    renewed = await house.ask("POST", "/auth/refresh", {"refresh_token": opened["refresh_token"]}, token=None)
    assert (
        await house.ask("GET", "/users/me", token=renewed.json()["data"]["access_token"])
    ).status_code == 200
    assert (
        await house.ask("DELETE", f"/users/me/passkeys/{first}", {"password": PASSWORD}, token=token)
    ).status_code == 204
    assert refusal(await house.ask("GET", "/users/me", token=token)) == (403, "FORBIDDEN")
    assert refusal(await house.ask("GET", "/users/me", token=await access(house))) == (403, "FORBIDDEN")


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
