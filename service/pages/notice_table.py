"""What is told where there is no form to show: a table, a row for each thing that a person may run into."""

from collections.abc import Mapping
from typing import Final, Literal

import msgspec

Name = Literal[
    "done", "used", "sent_again", "replaced", "voided", "expired", "unknown",
    "reset", "reset_sent", "reset_void", "reset_expired", "verified", "verify_expired", "verify_void",
    "signed_in", "held_up", "protected",
    "elsewhere", "crossed", "garbled", "busy", "down", "broken",
]  # fmt: skip
SIGN_IN: Final = ("/admin/login", "Sign in")
ACCOUNT: Final = ("/admin/account", "Your account")
_FORGOTTEN: Final = ("/admin/forgotten-password", "Have you forgotten your password?")
_FACTOR: Final = ("/admin/tfa-setup", "Set it up now")


class Notice(msgspec.Struct, frozen=True):
    """What a page tells: `sentences` name the facts they are given, `action` is a path and its label."""

    status: int
    tone: Literal["good", "calm"]
    picture: Literal["done", "clock", "letter", "closed", "question", "pause"]
    heading: str
    sentences: tuple[str, ...]
    action: tuple[str, str] | None = None
    again: str | None = None  # where a button asks for a new letter


# Of an invitation, 410: it was good once and is no more (RFC 9110 section 15.5.11).
NOTICES: Final[Mapping[Name, Notice]] = {
    "done": Notice(
        200, "good", "done", "Your account is open",
        (
            "From now on you sign in with {email} and the password that you have just chosen.",
            "Open the application that you were invited to and sign in there. You can close this page.",
        ),
    ),
    "used": Notice(
        410, "calm", "done", "This invitation has been used",
        (
            "It works only once, and the account for {email} was opened with it on {when}.",
            "Was that you? Then simply sign in. If it was not, tell {host} now.",
        ),
        SIGN_IN,
    ),
    "replaced": Notice(
        410, "calm", "letter", "There is a newer invitation",
        (
            "Another letter was sent to {email} after this one, and only the newest one works.",
            "Look for it in your mailbox and use the button in it.",
        ),
    ),
    "voided": Notice(
        410, "calm", "closed", "This invitation is no longer valid",
        (
            "It was withdrawn, or the account that it was meant for has changed since.",
            "If you still need an account, ask {host} to invite you again.",
        ),
    ),
    "expired": Notice(
        410, "calm", "clock", "This invitation has expired",
        (
            "It could be used until {when}.",
            "A new letter can come to the same address, with a button that works.",
        ),
        again="/admin/accept-invite/again",
    ),
    "sent_again": Notice(
        200, "calm", "letter", "Look into your mailbox",
        (
            "If the account still waits for you, a new letter is on its way to the address of the old one.",
            "It may take a few minutes. Nothing came? Then ask the people who run this place.",
        ),
    ),
    "unknown": Notice(
        400, "calm", "question", "This link does not work",
        (
            "A piece of it is missing, or it is not one of ours. Some mail programs cut long links in two.",
            "Open the letter again and use its button, or copy the whole address into the browser.",
        ),
    ),
    "reset": Notice(
        200, "good", "done", "Your password is changed",
        (
            "From now on you sign in with {email} and the password that you have just chosen.",
            "You were signed out everywhere. Open your application and sign in there.",
        ),
    ),
    "reset_sent": Notice(
        200, "calm", "letter", "Look into your mailbox",
        (
            "If somebody signs in here with {email} and a password, a letter is on its way to that address.",
            "It may take a few minutes. Nothing came? Then ask the people who run this place.",
        ),
        SIGN_IN,
    ),
    "reset_void": Notice(
        410, "calm", "closed", "This link is no longer valid",
        (
            "It works only once, and the password for {email} has been changed since it was sent.",
            "If you still cannot sign in, ask for a new letter.",
        ),
        _FORGOTTEN,
    ),
    "reset_expired": Notice(
        410, "calm", "clock", "This link has expired",
        (
            "It could be used until {when}.",
            "A new letter can come to the same address, with a button that works.",
        ),
        again="/admin/reset-password/again",
    ),
    "verified": Notice(
        200, "good", "done", "Your account is open",
        ("Your address is confirmed. Open your application and sign in with the password that you chose.",),
    ),
    "verify_expired": Notice(
        410, "calm", "clock", "This link has expired",
        (
            "It could be used until {when}.",
            "A new letter can come to the same address, with a button that works.",
        ),
        again="/admin/verify/again",
    ),
    "verify_void": Notice(
        410, "calm", "closed", "This link is no longer valid",
        (
            "It works only once and for a week: the account may be open already, so try to sign in.",
            "If you cannot, register once more: a new letter comes to you.",
        ),
        SIGN_IN,
    ),
    "signed_in": Notice(
        200, "good", "done", "You are signed in",
        ("You can go back to your application, or close this page.",),
        ACCOUNT,
    ),
    "held_up": Notice(
        200, "calm", "pause", "One step is missing",
        (
            "Your role asks for two-factor authentication, and your account has none yet.",
            "Until it is set up, you can do nothing else here. It takes a minute and an app on your phone.",
        ),
        _FACTOR,
    ),
    "protected": Notice(
        200, "calm", "done", "Your account has its second factor",
        (
            "Two-factor authentication is on, so there is nothing to set up.",
            "Have you lost your phone? Sign in with a recovery code in place of the six digits, or ask the "
            "people who run this place.",
        ),
        SIGN_IN,
    ),
    "elsewhere": Notice(
        404, "calm", "question", "There is no such page",
        ("The address may be mistyped, or the page is gone.",), ("/admin", "Go to the first page"),
    ),
    "crossed": Notice(
        403, "calm", "closed", "Nothing was changed",
        (
            "The form came from another site, or from a page that is out of date, so it was not accepted.",
            "Go back, load the page anew, and use its button.",
        ),
    ),
    "garbled": Notice(
        400, "calm", "question", "This could not be understood",
        ("Nothing was changed. Go back, load the page anew, and use its button.",),
    ),
    "busy": Notice(
        429, "calm", "pause", "Many people are here right now",
        ("Nothing was changed, and your link still works. Go back and try again in a moment.",),
    ),
    # Whether the last change was made may be unknown: the link itself says how things stand.
    "down": Notice(
        503, "calm", "pause", "This cannot be done right now",
        (
            "Something that is needed for it does not answer. It is not because of you.",
            "Try again in a few minutes, with the link in your letter: it tells how things stand.",
        ),
    ),
    "broken": Notice(
        500, "calm", "closed", "Something went wrong here",
        (
            "It is not because of you. Try again in a few minutes.",
            "Those who run this place find it in their log under {request}.",
        ),
    ),
}  # fmt: skip
