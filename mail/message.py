"""Writes a letter: two parts from the templates, headers by which it is known again and not answered."""

from collections.abc import Mapping
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime

from mail.addresses import mailbox
from mail.contract import Letter
from mail.envelope import POLICY, envelop
from mail.letterhead import PLAIN, Letterhead, paint
from mail.sheets import render
from mail.tongues import ENGLISH

_LOGO = "logo@letterhead"  # what the picture is called within the letter: RFC 2392


def write(
    letter: Letter,
    values: Mapping[str, object],
    *,
    sender: Address,
    lang: str = ENGLISH,
    head: Letterhead = PLAIN,
) -> EmailMessage:
    """Write the message that `letter` stands for; `values` are what the templates of its kind name.

    Raises jinja2.TemplateError for an unknown kind or a missing value, BadAddress for the recipient.
    """
    wording = head.wording.get(letter.kind, {})
    own = {f"own_{name}": _filled(wording.get(name, ""), values) for name in ("subject", "text")}
    optional: dict[str, object] = dict.fromkeys(("until", "message", "name"))
    shown = {**optional, **values, **own, "support": head.support}
    shown |= {"paint": paint(head.colour), "logo": f"cid:{_LOGO}" if head.logo else None}
    subject, text, html = render(letter.kind, shown, lang)
    message = EmailMessage(policy=POLICY)
    _address(message, letter, sender, head.support)
    message["Subject"] = " ".join(subject.split())
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834 section 5
    message["X-Auto-Response-Suppress"] = "All"  # what Exchange asks instead
    message["Content-Language"] = lang
    envelop(message, text, html)
    if head.logo and head.logo_type:
        _draw(message, head.logo, head.logo_type)
    return message


def _address(message: EmailMessage, letter: Letter, sender: Address, support: str | None) -> None:
    message["From"] = str(sender)
    message["To"] = _bare(letter.recipient)
    if support is not None:
        message["Reply-To"] = _bare(support)
    message["Date"] = format_datetime(datetime.fromisoformat(letter.created_at))
    message["Message-ID"] = letter.message_id


def _bare(address: str) -> str:
    local, _, domain = mailbox(address).rpartition("@")
    return str(Address("", local, domain))


def _draw(message: EmailMessage, logo: bytes, media: str) -> None:
    """Put the logo beside the HTML part: nothing is fetched from anywhere when the letter is read."""
    html = message.get_body(("html",))
    if isinstance(html, EmailMessage):
        main, _, kind = media.partition("/")
        html.add_related(logo, main, kind, cid=f"<{_LOGO}>", disposition="inline", filename=f"logo.{kind}")


def _filled(text: str, values: Mapping[str, object]) -> str:
    """A project's own words with {project}, {email}, {name} and {inviter} in them; anything else stays."""
    for name in ("project", "email", "name", "inviter"):
        text = text.replace("{" + name + "}", str(values.get(name) or ""))
    return " ".join(text.split())
