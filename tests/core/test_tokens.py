"""JWTs are accepted for their one purpose only, and every forgery is refused."""

import base64
import json
import secrets
import time
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jwt
from joserfc.jwk import OctKey

from service import tokens
from service.tokens import (
    PURPOSES,
    PurposeName,
    TokenExpired,
    TokenForeign,
    TokenInvalid,
    Tokens,
    fingerprint,
    new_secret,
)

OLD, NEW = secrets.token_hex(32), secrets.token_hex(32)
NOW = 1_800_000_000
ACCESS = {"id": "u", "role": None, "app_access": True, "admin_access": False, "session": "s"}
CLAIMS: dict[PurposeName, dict[str, object]] = {
    "access": ACCESS,
    "invite": {"jti": "i"},
    "passkey": {"jti": "p", "bound": "b"},
    "reset": {"jti": "r"},
    "verify": {"jti": "v"},
    "request": {"jti": "q"},
}


def at(moment: float) -> Callable[[], float]:
    return lambda: moment


OURS = Tokens([OLD], at(NOW))


def segments(token: str) -> list[dict[str, object]]:
    return [json.loads(base64.urlsafe_b64decode(part + "==")) for part in token.split(".")[:2]]


def encode(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def forged(header: dict[str, object], claims: dict[str, object]) -> str:
    """Signs anything at all with the very key of access tokens: what is left is what the claims say."""
    key = OURS._keys["at+jwt", OURS._kid]
    return jwt.encode({"alg": "HS256", "typ": "at+jwt", "kid": OURS._kid, **header}, claims, key, ["HS256"])


def good() -> dict[str, object]:
    return {**ACCESS, "iat": NOW, "exp": NOW + 60, "iss": "directus", "aud": "access"}


@pytest.mark.parametrize("purpose", PURPOSES)
def test_what_was_signed_is_verified_with_the_documented_claims(purpose: PurposeName) -> None:
    token = OURS.sign(purpose, CLAIMS[purpose], expires_at=NOW + 900)
    for _look in range(2):
        assert OURS.verify(purpose, token) == {
            **CLAIMS[purpose],
            "iat": NOW,
            "exp": NOW + 900,
            "iss": "directus",
            "aud": purpose,
        }
    assert segments(token)[0]["typ"] == PURPOSES[purpose].typ
    assert len(token) < 420


def test_the_same_letter_carries_the_same_token_at_each_attempt() -> None:
    later = Tokens([OLD], at(NOW + 100))
    one = OURS.sign("invite", {"jti": "i"}, issued_at=NOW, expires_at=NOW + 900)
    assert one == later.sign("invite", {"jti": "i"}, issued_at=NOW, expires_at=NOW + 900)


@pytest.mark.parametrize("wanted", PURPOSES)
@pytest.mark.parametrize("signed", PURPOSES)
def test_rule_31_a_token_of_one_purpose_is_foreign_to_every_other(
    signed: PurposeName, wanted: PurposeName
) -> None:
    token = OURS.sign(signed, {**ACCESS, "jti": "x", "bound": "b"}, expires_at=NOW + 900)
    OURS.verify(signed, token)
    if signed != wanted:
        with pytest.raises(TokenForeign):
            OURS.verify(wanted, token)


def test_a_new_first_secret_signs_while_the_old_one_still_verifies() -> None:
    token = OURS.sign("access", ACCESS, expires_at=NOW + 900)
    rotated = Tokens([NEW, OLD], at(NOW))
    assert rotated.verify("access", token)["id"] == "u"
    fresh = rotated.sign("access", ACCESS, expires_at=NOW + 900)
    assert segments(fresh)[0]["kid"] != segments(token)[0]["kid"]
    assert Tokens([NEW], at(NOW)).verify("access", fresh)["id"] == "u"
    with pytest.raises(TokenInvalid):
        Tokens([NEW], at(NOW)).verify("access", token)


def test_it_expires_at_its_second_also_when_its_signature_is_remembered() -> None:
    moment = NOW
    clocked = Tokens([OLD], lambda: moment)
    token = clocked.sign("access", ACCESS, expires_at=NOW + 60)
    moment = NOW + 59
    clocked.verify("access", token)
    moment = NOW + 60
    for _look in range(2):  # the first finds the remembered verdict, the second looks again
        with pytest.raises(TokenExpired):
            clocked.verify("access", token)


def test_another_replica_may_be_a_little_ahead_but_not_far() -> None:
    ahead = OURS.sign("access", ACCESS, issued_at=NOW + 60, expires_at=NOW + 900)
    assert OURS.verify("access", ahead)["iat"] == NOW + 60
    with pytest.raises(TokenInvalid):
        OURS.verify("access", OURS.sign("access", ACCESS, issued_at=NOW + 61, expires_at=NOW + 900))


@pytest.mark.parametrize("claim", ["exp", "iat", "iss", "aud", "id", "session"])
def test_a_claim_that_is_missing_or_null_is_refused(claim: str) -> None:
    without = {name: value for name, value in good().items() if name != claim}
    for claims in (without, {**good(), claim: None}):
        with pytest.raises(TokenInvalid):
            OURS.verify("access", forged({}, claims))


@pytest.mark.parametrize(
    "claim",
    [
        {"exp": "never"},
        {"exp": True},
        {"exp": float("nan")},
        {"exp": [NOW + 60]},
        {"iat": "now"},
        {"iss": "someone"},
        {"aud": "invite"},
        {"aud": ["access", "invite"]},
        {"aud": ""},
    ],
    ids=str,
)
def test_a_claim_of_a_wrong_kind_or_value_is_refused(claim: dict[str, object]) -> None:
    assert OURS.verify("access", forged({}, good()))["id"] == "u"
    with pytest.raises(TokenInvalid):
        OURS.verify("access", forged({}, {**good(), **claim}))


@pytest.mark.parametrize(
    "header",
    [
        {"typ": "invite+jwt"},
        {"typ": "JWT"},
        {"typ": ["at+jwt"]},
        {"kid": "another"},
        {"kid": None},
        {"alg": "none"},
        {"alg": "NONE"},
        {"alg": "HS512"},
        {"alg": "RS256"},
        {"alg": 7},
        {"crit": ["exp"]},
        {"jku": "https://attacker.example/keys"},
        {"b64": False, "crit": ["b64"]},
        [],
        7,
        "alg",
        None,
    ],
    ids=str,
)
def test_a_header_that_we_do_not_write_is_refused(header: object) -> None:
    token = OURS.sign("access", ACCESS, expires_at=NOW + 900)
    _, body, signature = token.split(".")
    if isinstance(header, dict):
        header = {**segments(token)[0], **header}
    for seal in (signature, ""):
        with pytest.raises(TokenInvalid):
            OURS.verify("access", f"{encode(header)}.{body}.{seal}")


def test_a_signature_under_the_bare_secret_is_refused() -> None:
    header = {"alg": "HS256", "typ": "at+jwt", "kid": OURS._kid}
    token = jwt.encode(header, good(), OctKey.import_key(OLD), ["HS256"])
    with pytest.raises(TokenInvalid):
        OURS.verify("access", token)


def test_a_changed_letter_anywhere_is_refused() -> None:
    token = OURS.sign("access", ACCESS, expires_at=NOW + 900)
    for place in range(0, len(token), 7):
        other = "A" if token[place] != "A" else "B"
        with pytest.raises(TokenInvalid):
            OURS.verify("access", token[:place] + other + token[place + 1 :])


def test_what_is_longer_than_any_of_ours_is_refused_unread() -> None:
    token = OURS.sign("access", {**ACCESS, "role": "r" * tokens.LONGEST}, expires_at=NOW + 900)
    with pytest.raises(TokenInvalid):
        OURS.verify("access", token)
    start = time.process_time()
    with pytest.raises(TokenInvalid):
        OURS.verify("access", "e30." * 5_000_000)
    assert time.process_time() - start < 0.1


def test_deep_json_is_refused() -> None:
    deep = base64.urlsafe_b64encode(b"[" * 370).decode()
    with pytest.raises(TokenInvalid):
        OURS.verify("access", f"{deep}.{deep}.{deep}")


@given(
    st.one_of(
        st.text(),
        st.lists(st.binary(), min_size=3, max_size=3).map(
            lambda parts: ".".join(base64.urlsafe_b64encode(part).decode() for part in parts)
        ),
    )
)
def test_any_text_is_refused_and_nothing_worse_happens(text: str) -> None:
    with pytest.raises(TokenInvalid):
        OURS.verify("access", text)


def test_verdicts_are_remembered_within_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tokens, "REMEMBERED", 3)
    few = Tokens([OLD], at(NOW))
    kept = [few.sign("access", {**ACCESS, "session": str(n)}, expires_at=NOW + 9) for n in range(5)]
    for token in kept * 2:
        few.verify("access", token)
    assert len(few._verdicts) == 3


def test_claims_cannot_be_changed_by_who_reads_them() -> None:
    claims = OURS.verify("access", OURS.sign("access", ACCESS, expires_at=NOW + 900))
    with pytest.raises(TypeError):
        claims["admin_access"] = True  # type: ignore[index]  # that is the point


def test_a_token_that_nobody_would_accept_is_not_signed() -> None:
    with pytest.raises(ValueError, match="session"):
        OURS.sign("access", {"id": "u"}, expires_at=NOW + 900)


def test_no_key_shows_in_what_is_printed() -> None:
    assert OLD not in repr(vars(OURS)) + repr(OURS)


def test_opaque_tokens_are_unlike_and_kept_as_sha256() -> None:
    made = {new_secret("idb_scim_") for _ in range(100)}
    assert len(made) == 100
    assert all(token.startswith("idb_scim_") and len(token) == 52 for token in made)
    assert fingerprint("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert len(fingerprint("\ud800")) == 64
