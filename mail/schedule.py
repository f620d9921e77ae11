"""When a letter is tried again, and what its row says after each attempt."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import assert_never

from mail.contract import Cancelled, GiveUp, Letter, Outcome, Pause, Retry, Sent, Untried

# Seconds before the second, third, ... attempt; the last one repeats until the letter's time is over.
DELAYS = (30, 120, 600, 1_800, 7_200, 21_600)
LIFETIME = 72 * 3_600
JITTER = 0.2  # so that letters refused together do not come back together
LONGEST_REASON = 500
SERVER_SAID = " (the server said: "  # behind a reason of ours


def now() -> str:
    """The present moment, as the rows write it."""
    return _write(datetime.now(UTC))


def later(moment: str, seconds: float) -> str:
    """`moment` moved by `seconds`."""
    return _write(datetime.fromisoformat(moment) + timedelta(seconds=seconds))


def deadline(letter: Letter) -> str:
    """The moment at which the letter is no longer worth sending: text order is time order."""
    return min(letter.expires_at, later(letter.created_at, LIFETIME))


def verdict(letter: Letter, outcome: Outcome, now: str, jitter: float) -> Mapping[str, object]:
    """The columns that `outcome` writes. `jitter` is between 1 - JITTER and 1 + JITTER."""
    match outcome:
        case Sent():
            return _over("sent", letter.attempts) | {"accepted_reply": outcome.reply, "sent_at": now}
        case Cancelled():
            return _over("cancelled", letter.attempts) | {"last_reason": outcome.reason}
        case GiveUp():
            return _over("dead", letter.attempts) | _said(outcome)
        case Retry(outage=False):
            delay = DELAYS[min(letter.attempts, len(DELAYS)) - 1] * jitter
            return _again(letter, later(now, max(delay, outcome.after)), letter.attempts, outcome)
        case Retry() | Pause():
            # The worker rests; the letter itself is due at once, for whoever gets through first.
            return _again(letter, now, letter.attempts - 1, outcome)
        case Untried():
            return {"status": "queued", "next_at": now, "attempts": letter.attempts - 1}
        case _:
            assert_never(outcome)


def postponed(letter: Letter, until: str, reason: str) -> Mapping[str, object]:
    """The columns of a letter that was claimed and may not go before `until`: no attempt was made."""
    return _again(letter, until, letter.attempts - 1, Retry(reason))


def _again(letter: Letter, next_at: str, attempts: int, outcome: Retry | Pause) -> Mapping[str, object]:
    if next_at >= deadline(letter):
        return _over("dead", attempts) | _said(outcome)
    return {"status": "queued", "next_at": next_at, "attempts": attempts} | _said(outcome)


def _over(status: str, attempts: int) -> dict[str, object]:
    return {"status": status, "next_at": None, "attempts": attempts}


def _said(outcome: Retry | GiveUp | Pause) -> dict[str, object]:
    reason = f"{outcome.reason}{SERVER_SAID}{outcome.reply})" if outcome.reply else outcome.reason
    return {"last_code": outcome.code, "last_reason": reason[:LONGEST_REASON]}


def _write(when: datetime) -> str:
    return when.astimezone(UTC).isoformat(timespec="milliseconds")[:23] + "Z"
