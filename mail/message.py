"""Writes a letter: two parts from the templates, headers by which it is known again and not answered."""

import unicodedata
from collections.abc import Mapping
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from functools import lru_cache
from pathlib import Path
from re import compile as pattern

from css_inline import CSSInliner
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from mail.addresses import mailbox
from mail.contract import Letter

LONGEST_NAME = 80
LONGEST_LINE = 998  # octets: RFC 5322 section 2.1.1

# Mail programs make a link of "evil.example" in the middle of a sentence.
_LIKE_A_LINK = pattern(r"://|@|\bwww\.|[^\W\d_]\.[^\W\d_]{2,}")


def write(
    letter: Letter,
    values: Mapping[str, object],
    *,
    sender: Address,
    reply_to: Address | None = None,
    lang: str = "en",
    direction: str = "ltr",
) -> EmailMessage:
    """Write the message that `letter` stands for; `values` are what the templates of its kind name.

    Raises jinja2.TemplateError for an unknown kind or a missing value, BadAddress for the recipient.
    """
    values = dict(values, lang=lang, dir=direction, support=reply_to.addr_spec if reply_to else None)
    values["subject"] = subject = _one_line(_subject(letter.kind, values))
    text = _environment().get_template(f"{letter.kind}.txt").render(values)
    html = _inliner().inline(_environment().get_template(f"{letter.kind}.html").render(values))
    message = EmailMessage(policy=SMTP)
    message["From"] = sender
    message["To"] = _recipient(letter.recipient)
    if reply_to is not None:
        message["Reply-To"] = reply_to
    message["Subject"] = subject
    message["Date"] = datetime.fromisoformat(letter.created_at)
    message["Message-ID"] = letter.message_id
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834 section 5
    message["X-Auto-Response-Suppress"] = "All"  # what Exchange asks instead
    # Eight bits leave the link in one piece for whoever reads the source; the sender recodes where it must.
    whole = all(len(line.encode()) <= LONGEST_LINE for line in text.splitlines())
    message.set_content(text, cte="8bit" if whole else "quoted-printable")
    message.add_alternative(html, subtype="html", cte="quoted-printable")
    message["Content-Language"] = lang
    return message


def calm(name: str | None) -> str | None:
    """Give a person's or project's name as a letter may show it, None when there is nothing fit to show.

    Whoever may choose a name would else write the letter: links, addresses, line breaks, reversed text.
    """
    seen = "".join(" " if sign.isspace() else sign for sign in unicodedata.normalize("NFC", name or ""))
    seen = " ".join("".join(sign for sign in seen if unicodedata.category(sign)[0] != "C").split())
    if not seen or _LIKE_A_LINK.search(seen):
        return None
    return seen if len(seen) <= LONGEST_NAME else seen[: LONGEST_NAME - 1].rstrip() + "…"


def in_words(moment: str) -> str:
    """Write a moment for people.

    >>> in_words("2021-02-05T15:18:13.000Z")
    '5 February 2021, 15:18 UTC'
    """
    when = datetime.fromisoformat(moment).astimezone(UTC)
    return f"{when.day} {_MONTHS[when.month - 1]} {when.year}, {when:%H:%M} UTC"


_MONTHS = (
    "January February March April May June July August September October November December".split()  # noqa: SIM905
)


@lru_cache(maxsize=1)
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).with_name("templates")),
        autoescape=select_autoescape(["html"]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        auto_reload=False,
    )
    environment.filters["in_words"] = in_words
    return environment


@lru_cache(maxsize=1)
def _inliner() -> CSSInliner:
    # Mail programs drop <style>, yet the rules for dark and for narrow screens can stand nowhere else.
    return CSSInliner(keep_at_rules=True, load_remote_stylesheets=False)


def _subject(kind: str, values: Mapping[str, object]) -> str:
    template = _environment().get_template(f"{kind}.txt")
    return "".join(template.blocks["subject"](template.new_context(dict(values))))


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _recipient(address: str) -> Address:
    local, _, domain = mailbox(address).rpartition("@")
    return Address("", local, domain)
