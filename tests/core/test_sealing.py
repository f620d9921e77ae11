"""A sealed text opens at its own place only, and under every secret that is still kept."""

import base64
import secrets

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.sealing import Place, SealBroken, Sealer

OLD, NEW = secrets.token_hex(32), secrets.token_hex(32)
HERE = Place("users", "default|018f", "token")
ours = Sealer([OLD])


@given(st.text())
def test_what_was_sealed_opens_again(text: str) -> None:
    assert ours.open(ours.seal(text, HERE), HERE) == text


def test_the_same_text_never_looks_the_same_and_never_shows() -> None:
    sealed = [ours.seal("a well known text", HERE) for _ in range(50)]
    assert len(set(sealed)) == 50
    assert not any(b"known" in base64.urlsafe_b64decode(text) for text in sealed)


@pytest.mark.parametrize(
    "there",
    [
        HERE._replace(table="identities"),
        HERE._replace(row="default|018e"),
        HERE._replace(column="tfa_secret"),
        Place("users", "default", "018f|token"),
        Place("users|default", "018f", "token"),
    ],
)
def test_rule_32_a_moved_text_is_refused(there: Place) -> None:
    with pytest.raises(SealBroken):
        ours.open(ours.seal("x", HERE), there)


def test_the_old_secret_opens_until_it_is_dropped() -> None:
    sealed = ours.seal("x", HERE)
    rotated = Sealer([NEW, OLD])
    assert rotated.open(sealed, HERE) == "x"
    assert Sealer([NEW]).open(rotated.seal("y", HERE), HERE) == "y"
    with pytest.raises(SealBroken):
        Sealer([NEW]).open(sealed, HERE)


def test_every_changed_bit_is_refused() -> None:
    raw = base64.urlsafe_b64decode(ours.seal("xyz", HERE))
    for place in range(len(raw)):
        for bit in (1, 128):
            changed = raw[:place] + bytes([raw[place] ^ bit]) + raw[place + 1 :]
            with pytest.raises(SealBroken):
                ours.open(base64.urlsafe_b64encode(changed).decode(), HERE)
    for length in range(len(raw)):
        with pytest.raises(SealBroken):
            ours.open(base64.urlsafe_b64encode(raw[:length]).decode(), HERE)


@given(st.text())
def test_any_other_text_is_refused_and_nothing_worse_happens(text: str) -> None:
    with pytest.raises(SealBroken):
        ours.open(text, HERE)


def test_no_key_shows_in_what_is_printed() -> None:
    assert OLD not in repr(vars(ours)) + repr(ours)
