"""What the log says of a letter: enough to follow it, nothing that would let somebody read or use it."""

import logging
import traceback

from mail.addresses import mask
from mail.contract import Cancelled, GiveUp, Letter, Outcome, Pause, Retry, Sent, Untried

_log = logging.getLogger(__name__)


def tell(letter: Letter, outcome: Outcome) -> None:
    """Write down what happened, without the address, the link or the words of the server."""
    known = about(letter)
    match outcome:
        case Sent():
            _log.info("letter sent", extra=known)
        case Cancelled(reason=reason):
            _log.info("letter no longer needed", extra={**known, "reason": reason})
        case Retry(reason=reason, code=code):
            level = logging.ERROR if outcome.alert else logging.WARNING
            details: dict[str, object] = {"reason": reason, "code": code, "uncertain": outcome.uncertain}
            _log.log(level, "letter not sent yet", extra=known | details)
        case GiveUp(reason=reason, code=code):
            _log.error("letter given up", extra={**known, "reason": reason, "code": code})
        case Pause(reason=reason, code=code, seconds=seconds):
            details = {"reason": reason, "code": code, "seconds": seconds}
            _log.error("no letter can be sent until the settings are right", extra=known | details)
        case Untried():  # nothing happened to it
            pass


def about(letter: Letter) -> dict[str, object]:
    return {
        "letter": letter.id,
        "project": letter.project,
        "kind": letter.kind,
        "recipient": mask(letter.recipient),
        "attempt": letter.attempts,
    }


def place(problem: Exception) -> str:
    """Say what broke and where; the text of an exception may hold an address or a link."""
    frame = traceback.extract_tb(problem.__traceback__)[-1]
    return f"{type(problem).__name__} in {frame.name}, line {frame.lineno}"
