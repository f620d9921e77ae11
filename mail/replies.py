"""What an SMTP server's reply means for a letter: not now, never, or: somebody must look at our settings."""

import re

from mail.contract import GiveUp, Pause, Retry

MALFORMED = -1  # the code, aiosmtplib's too, of an answer that is no SMTP reply
GREYLISTED = 300  # seconds: greylists let a stranger in after five minutes
LONGEST_REPLY = 300

_ENHANCED = re.compile(r"\s*([245]\.\d{1,3}\.\d{1,3})\b")
_LINK = re.compile(r"\b[a-z][a-z0-9+.-]{0,20}://\S+", re.IGNORECASE)
_TOKEN = re.compile(r"\beyJ[\w-]+\.[\w.-]+")

_SIGN_IN = {530, 535}  # RFC 4954 section 6: it wants a sign-in, or TLS, before it hears of any letter
_SENDER_REFUSED = {550, 553, 554}  # at MAIL, where every letter would be refused alike ...
_ABOUT_LETTER = re.compile(r"5\.[2356]\.")  # ... but for its mailbox, size, syntax or content: RFC 3463
_PASSING = {"2.2", "4.5", "7.28"}  # full, congested, a quota: said for good, they pass all the same
_MISSING_LEAVE = re.compile(
    r"relay\w* (?:access )?(?:is )?(?:denied|not (?:permitted|allowed))|(?:unable|not permitted) to relay"
    r"|sender address rejected|not owned by user|authentication (?:is )?required",
    re.IGNORECASE,
)

# RFC 3463 and the IANA registry of enhanced status codes, in words for whoever looks after the letters.
_PLAIN = {
    "1.1": "there is no such mailbox",
    "1.2": "the domain takes no mail",
    "1.3": "the address is not a valid one",
    "1.6": "the mailbox has moved and left no new address",
    "1.10": "the domain says that it takes no mail at all",
    "2.1": "the mailbox is switched off",
    "2.2": "the mailbox is full",
    "2.3": "the letter is longer than the mailbox allows",
    "3.4": "the letter is too big for the server",
    "4.1": "the recipient's server does not answer",
    "4.2": "the connection to the recipient's server broke",
    "4.4": "no route to the recipient's server was found",
    "4.5": "the server is overloaded",
    "4.7": "the server tried for too long and gave up",
    "6.7": "the server cannot carry addresses outside ASCII",
    "7.0": "the server refuses it for reasons of its own",
    "7.1": "the server's policy refuses the letter",
    "7.20": "the letter has no valid DKIM signature",
    "7.23": "the sender's SPF record does not allow our server",
    "7.26": "the letter failed the checks of its sender (SPF, DKIM, DMARC)",
    "7.28": "the server has had too many letters from us",
}


def judge(stage: str, code: int, text: str) -> Retry | GiveUp | Pause:
    """Class the reply that refused a letter; `stage` is the command: MAIL, RCPT or DATA, or END of the text.

    Raises nothing: whatever a server says means something.
    """
    found = _ENHANCED.match(text)
    enhanced = found[1] if found else None
    shown, reply = enhanced or str(code), scrub(text)
    reason = explain(stage, code, enhanced)
    if stage == "MAIL" and code in _SIGN_IN:
        return Pause("the mail server wants us to sign in first", shown, reply)
    if stage == "MAIL" and code in _SENDER_REFUSED and not _ABOUT_LETTER.match(shown):
        return Pause("the mail server refuses our sender address", shown, reply)
    if 500 <= code < 600 and (code in _SIGN_IN or _MISSING_LEAVE.search(text[:1000])):
        # Perhaps our settings, perhaps what the recipient's own server said: no reason to hold up the others.
        unclear = "the mail server does not let us send there: it may want a sign-in, or another sender"
        return Retry(unclear, shown, reply, alert=True)
    passing = (enhanced or "")[2:] in _PASSING or (stage == "RCPT" and code == 552 and enhanced is None)
    if 500 <= code < 600 and not passing:
        return GiveUp(reason, shown, reply)
    wait = GREYLISTED if stage == "RCPT" and code in {450, 451} else 0
    return Retry(reason, None if code == MALFORMED else shown, reply, after=wait, alert=code == MALFORMED)


def explain(stage: str, code: int, enhanced: str | None) -> str:
    """Say a reply in plain words, without repeating any of it."""
    known = _PLAIN.get(enhanced[2:]) if enhanced else None
    if known:
        return known
    if code == MALFORMED:
        return "the mail server answers in a language that is not SMTP"
    whom = {"MAIL": "our sender address", "RCPT": "the recipient"}.get(stage, "the letter")
    return f"the mail server refused {whom}" + (" for now" if code < 500 else "")


def scrub(text: str) -> str:
    """Give a server's words in one short line: filters like to quote the link that they dislike."""
    text = text[: 4 * LONGEST_REPLY]  # the patterns below take their time with what has no end
    line = " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())
    return _TOKEN.sub("[token]", _LINK.sub("[link]", line))[:LONGEST_REPLY]
