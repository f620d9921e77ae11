"""What a value must be, and what is kept of a secret."""

import asyncio
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from service.sealing import Sealer
from service.tokens import fingerprint
from service.users.checks import DEPTH, check, is_email, is_uuid
from service.users.model import ATTRIBUTES, CONCEALED, Caller, house
from service.users.passwords import LONGEST, Hasher, check_password
from service.users.problems import Forbidden, Invalid, TooMany
from service.users.rows import fold
from service.users.secrets import Secrets


def nested(levels: int) -> object:
    value: object = 1
    for level in range(levels - 1):
        value = [value] if level % 2 else {"a": value}
    return value


REFUSED: list[tuple[str, object, str]] = [
    ("first_name", 5, "type"),
    ("first_name", {}, "type"),
    ("first_name", "a\0b", "type"),
    ("first_name", "\ud800", "type"),
    ("first_name", "x" * 51, "max_length"),
    ("email", "x" * 120 + "@example.com", "max_length"),
    ("email", 5, "type"),
    ("status", "bogus", "choice"),
    ("status", "deleted", "choice"),
    ("status", None, "nnull"),
    ("provider", None, "nnull"),
    ("email_notifications", None, "nnull"),
    ("email_notifications", 1, "type"),
    ("email_notifications", "true", "type"),
    ("appearance", "blue", "choice"),
    ("role", "1", "type"),
    ("role", "{6f1ae2d0-3c6e-4d3c-9b1e-6c8d7a5b4c3d}", "type"),
    ("role", "6f1ae2d03c6e4d3c9b1e6c8d7a5b4c3d", "type"),
    ("role", ["6f1ae2d0-3c6e-4d3c-9b1e-6c8d7a5b4c3d"], "type"),
    ("tags", "a", "type"),
    ("tags", [1], "type"),
    ("tags", ["a\0"], "type"),
    ("tags", {"a": 1}, "type"),
    ("last_access", "yesterday", "type"),
    ("last_access", 5, "type"),
    ("last_access", "2021-02-31T00:00:00Z", "type"),
    ("last_access", "0001-01-01T00:00:00+14:00", "type"),
    ("number", True, "type"),
    ("number", 2**63, "type"),
    ("auth_data", {"a": 2**63}, "type"),
    ("auth_data", {"a": -(2**63) - 1}, "type"),
    ("auth_data", {"a": float("nan")}, "type"),
    ("auth_data", {"a": float("inf")}, "type"),
    ("auth_data", {"a": ["\0"]}, "type"),
    ("auth_data", {"\0": 1}, "type"),
    ("auth_data", {1: 1}, "type"),
    ("auth_data", {"a": b"x"}, "type"),
    ("auth_data", ["\udc00"], "type"),
    ("auth_data", nested(DEPTH + 1), "type"),
    ("auth_data", nested(100_000), "type"),
]


@pytest.mark.parametrize(("name", "value", "rule"), REFUSED)
def test_refused(name: str, value: object, rule: str) -> None:
    with pytest.raises(Invalid) as invalid:
        check(name, value)
    assert (invalid.value.field, invalid.value.rule) == (name, rule)


@pytest.mark.parametrize(
    ("name", "value", "kept"),
    [
        ("first_name", "", ""),
        ("first_name", "𐀀" * 50, "𐀀" * 50),
        ("role", "6F1AE2D0-3C6E-1D3C-9B1E-6C8D7A5B4C3D", "6f1ae2d0-3c6e-1d3c-9b1e-6c8d7a5b4c3d"),
        ("last_access", "2021-02-05T10:18:13-05:00", "2021-02-05T15:18:13.000Z"),
        ("last_access", "2021-02-05", "2021-02-05T00:00:00.000Z"),
        ("tags", [], []),
        ("auth_data", nested(DEPTH), nested(DEPTH)),
        ("auth_data", [2**63 - 1, -(2**63), 1.5, True, None], [2**63 - 1, -(2**63), 1.5, True, None]),
        ("auth_data", "text", "text"),
        ("title", None, None),
    ],
)
def test_kept(name: str, value: object, kept: object) -> None:
    assert check(name, value) == kept


@given(some.sampled_from(sorted(ATTRIBUTES)), some.recursive(
    some.none() | some.booleans() | some.integers() | some.floats() | some.text(alphabet=some.characters()),
    lambda inner: some.lists(inner) | some.dictionaries(some.text(), inner),
))  # fmt: skip
def test_whatever_is_kept_once_is_kept_again_and_all_else_is_invalid(name: str, value: Any) -> None:
    try:
        kept = check(name, value)
    except Invalid as invalid:
        assert invalid.field == name
    else:
        assert check(name, kept) == kept


@pytest.mark.parametrize(
    "address",
    [
        "a@example.com",
        "A.B+c@sub.example.co",
        "用户@例子.公司",
        "o'neil@example.com",
        "_x-1@a-b.example",
        "ß@bücher.example",
    ],
)
def test_addresses(address: str) -> None:
    assert is_email(address)


@pytest.mark.parametrize(
    "address",
    [
        "", "a", "@", "a@", "@b.c", "a@b", "a@localhost", "a@.example.com", "a@example..com",
        "a@example.com.",
        "a b@example.com", "a@exam ple.com", "a@b@example.com", "a@example.com\nbcc:x@y.z",
        "a\u2028@example.com",
        "a\u00a0b@example.com", "<a@example.com>", "a@[127.0.0.1]", '"a b"@example.com', "a@-x.example",
        "a@x-.example", "a,b@example.com", "a;b@example.com", "a\\b@example.com", f"{'x' * 65}@example.com",
        f"a@{'x' * 64}.com", "a\x7f@example.com", "a\x85@example.com", "a@exa_.com", "a\u202e@example.com",
        "a\u200b@example.com",
    ],
)  # fmt: skip
def test_no_addresses(address: str) -> None:
    assert not is_email(address)


def test_uuids() -> None:
    assert is_uuid("00000000-0000-0000-0000-000000000000")
    assert not is_uuid("00000000-0000-0000-0000-000000000000\n")
    assert not is_uuid("\u06600000000-0000-0000-0000-000000000000")


@given(some.text())
def test_a_folded_text_stays_folded_and_ignores_case(text: str) -> None:
    assert fold(fold(text)) == fold(text)
    assert fold(text.upper()) == fold(text.upper().lower())


@pytest.mark.parametrize(
    ("password", "chosen", "rule"),
    [
        ("1234567", False, "min_length"),
        ("", False, "min_length"),
        (12345678, False, "type"),
        ("x" * (LONGEST + 1), False, "max_length"),
        ("long\0enough", False, "type"),
        ("\ud800\ud800\ud800\ud800\ud800\ud800\ud800\ud800", False, "type"),
        ("password", True, "common"),
        ("PassWord1", True, "common"),
        ("1234567890", True, "common"),
        ("iloveyou", True, "common"),
    ],
)
def test_rule_29_passwords_that_are_refused(password: object, chosen: bool, rule: str) -> None:
    with pytest.raises(Invalid) as invalid:
        check_password(password, chosen=chosen)
    assert (invalid.value.field, invalid.value.rule) == ("password", rule)


@pytest.mark.parametrize("password", ["password", "😀" * 8, "x" * LONGEST, "        "])
def test_an_administrators_choice_has_only_its_length_to_keep(password: str) -> None:
    assert check_password(password, chosen=False) == password


def test_a_choice_that_nobody_else_makes_is_good() -> None:
    assert check_password("wooden-otter-climbs", chosen=True)


@pytest.fixture
def hasher() -> Any:
    hasher = Hasher()
    yield hasher
    hasher.close()


async def test_a_hash_is_argon2id_with_owasps_parameters(hasher: Hasher) -> None:
    kept = await hasher.hash("wooden-otter-climbs")
    assert kept.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert not hasher.is_outdated(kept)
    assert await hasher.verify(kept, "wooden-otter-climbs")
    assert not await hasher.verify(kept, "wooden-otter-climbS")
    assert not await hasher.verify(None, "wooden-otter-climbs")
    assert not await hasher.verify("no hash at all", "wooden-otter-climbs")
    assert not await hasher.verify(kept, "\ud800")
    assert hasher.is_outdated(kept.replace("t=2", "t=1"))


async def test_the_same_letters_composed_otherwise_are_the_same_password(hasher: Hasher) -> None:
    assert await hasher.verify(await hasher.hash("schön-wetter"), "scho\u0308n-wetter")


async def test_what_is_too_long_is_wrong_and_costs_no_more(hasher: Hasher) -> None:
    kept = await hasher.hash("x" * LONGEST)
    assert await hasher.verify(kept, "x" * LONGEST)
    assert not await hasher.verify(kept, "x" * 1_000_000)


async def test_rule_28_nobody_costs_what_somebody_costs(hasher: Hasher) -> None:
    kept = await hasher.hash("wooden-otter-climbs")

    async def cost(kept: str | None) -> float:
        begun = time.perf_counter()
        await hasher.verify(kept, "wrong-wrong")
        return time.perf_counter() - begun

    # The fastest of several, by turns: what else runs on the machine only ever makes things slower.
    times = [(await cost(kept), await cost(None)) for _ in range(15)]
    known, unknown = (min(column) for column in zip(*times, strict=True))
    assert 0.5 < known / unknown < 2


async def test_too_much_hashing_at_once_is_refused_and_what_waits_is_done(hasher: Hasher) -> None:
    small = Hasher(threads=1, waiting=2)
    told = await asyncio.gather(*(small.hash(f"password {n}") for n in range(6)), return_exceptions=True)
    assert [isinstance(answer, str) for answer in told] == [True] * 3 + [False] * 3
    assert all(isinstance(answer, TooMany) and answer.retry_after >= 1 for answer in told[3:])
    waiting = asyncio.create_task(small.hash("somebody who goes away"))
    await asyncio.sleep(0)
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    assert await small.hash("password again"), "who went away gives the place back in turn"
    assert all(await asyncio.gather(*(small.hash(f"word {n}") for n in range(3))))
    small.close()


async def test_hashing_leaves_the_loop_free(hasher: Hasher) -> None:
    ticks = 0
    work = asyncio.gather(*(hasher.hash(f"password {n}") for n in range(5)))
    while not work.done():
        await asyncio.sleep(0.001)
        ticks += 1
    assert ticks > 10


async def test_secrets_become_what_is_kept_of_them(hasher: Hasher) -> None:
    secrets = Secrets(hasher, Sealer(["one"]))
    taken = await secrets.take(house("default"), {"password": "12345678", "token": "admin", "title": "Dr"})
    assert taken.keys() == {"id", "title", "password_hash", "token_fingerprint", "token_sealed"}
    assert await hasher.verify(taken["password_hash"], "12345678")  # type: ignore[arg-type]  # a str among objects
    assert taken["token_fingerprint"] == fingerprint("admin")
    assert secrets.reveal("default", str(taken["id"]), str(taken["token_sealed"])) == "admin"
    assert "admin" not in str(taken["token_sealed"])


async def test_asterisks_are_unchanged_and_null_clears(hasher: Hasher) -> None:
    secrets = Secrets(hasher, Sealer(["one"]))
    id_ = "6f1ae2d0-3c6e-4d3c-9b1e-6c8d7a5b4c3d"
    assert await secrets.take(house("default"), {"password": CONCEALED, "token": CONCEALED}, id_) == {}
    cleared = await secrets.take(house("default"), {"password": None, "token": None}, id_)
    assert cleared == {"password_hash": None, "token_fingerprint": None, "token_sealed": None}


async def test_a_chosen_id_is_what_the_token_is_sealed_to(hasher: Hasher) -> None:
    secrets = Secrets(hasher, Sealer(["one"]))
    taken = await secrets.take(house("default"), {"id": "6F1AE2D0-3C6E-4D3C-9B1E-6C8D7A5B4C3D", "token": "x"})
    assert taken["id"] == "6f1ae2d0-3c6e-4d3c-9b1e-6c8d7a5b4c3d"
    assert secrets.reveal("default", str(taken["id"]), str(taken["token_sealed"])) == "x"
    with pytest.raises(Invalid):
        await secrets.take(house("default"), {"id": "x", "token": "x"})


async def test_people_may_not_choose_common_passwords_and_strangers_cost_nothing(hasher: Hasher) -> None:
    secrets = Secrets(hasher, Sealer(["one"]))
    me = Caller("default", "6f1ae2d0-3c6e-4d3c-9b1e-6c8d7a5b4c3d")
    with pytest.raises(Invalid):
        await secrets.take(me, {"password": "password1"}, me.user)
    assert await secrets.take(me, {"password": "wooden-otter-climbs"}, me.user)
    for caller, id_ in ((Caller("default"), None), (me, None), (me, "6f1ae2d0-3c6e-4d3c-9b1e-000000000000")):
        with pytest.raises(Forbidden):
            await secrets.take(caller, {"password": "wooden-otter-climbs"}, id_)
