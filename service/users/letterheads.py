"""How a project's letters and pages look and speak: checked, then kept."""

import re
from base64 import b64encode
from collections.abc import Mapping
from functools import lru_cache
from typing import Final

from sqlalchemy import Insert, bindparam, update
from sqlalchemy.dialects.postgresql import insert as upsert

from mail.addresses import BadAddress, mailbox
from mail.letterhead import COLOUR
from mail.tongues import LANGUAGES
from service.database import Transaction
from service.database.tables import letterheads, projects
from service.users import access
from service.users.model import Caller
from service.users.problems import Invalid, NoSuch
from service.users.turns import hold_project

MOST: Final = 65_536  # bytes of a logo: it goes out with every letter
KINDS: Final = (
    "invitation",
    "password_reset",
    "registration",
    "email_changed",
    "password_changed",
    "app_added",
    "app_removed",
    "sign_in_linked",
    "passkey_added",
    "passkey_removed",
    "sign_in_unlinked",
    "suspended",
)
_PNG, _JPEG = b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff"
_TITLE: Final = update(projects).where(projects.c.name == bindparam("of_name"))
_columns = ("colour", "logo", "logo_type", "support", "language", "wording")
_ADDED: Final = upsert(letterheads)

Changes = Mapping[str, object]


async def change(tx: Transaction, caller: Caller, changes: Changes) -> None:
    """Change the title and the letterhead of the caller's project; values are as `taken` gives them.

    Raises NoSuch("project").
    """
    access.check_administrator(caller)
    if not await hold_project(tx, caller.project):
        raise NoSuch("project")
    title = changes.get("title")
    if title:
        await tx.run(_TITLE, of_name=caller.project, title=title)
    kept = {name: value for name, value in changes.items() if name in _columns}
    if kept:
        await tx.run(_merge(tuple(sorted(kept))), project=caller.project, **kept)


@lru_cache(64)
def _merge(names: tuple[str, ...]) -> Insert:
    return _ADDED.on_conflict_do_update(
        index_elements=["project"], set_={name: _ADDED.excluded[name] for name in names}
    )


def taken(given: Changes) -> dict[str, object]:
    """The values as they are kept: an empty one takes away. Raises Invalid with the name of what is wrong."""
    changes: dict[str, object] = {}
    for name, value in given.items():
        if value in ("", b"", {}):
            changes |= {"logo": None, "logo_type": None} if name == "logo" else {name: None}
        elif name == "logo" and isinstance(value, bytes):
            changes |= {"logo": b64encode(value).decode(), "logo_type": _picture(value)}
        else:
            _check(name, value)
            changes[name] = value
    return changes


def _check(name: str, value: object) -> None:
    text = str(value)
    if name == "colour" and not COLOUR.fullmatch(text):
        raise Invalid(name, "type", detail="must be written like #3a47c4")
    if name == "language" and text not in LANGUAGES:
        raise Invalid(name, "choice", limit=", ".join(LANGUAGES))
    if name == "title" and (len(text) > 80 or re.search(r"[\x00-\x1f]", text)):
        raise Invalid(name, "max_length", limit=80)
    if name == "support":
        try:
            mailbox(text)
        except BadAddress:
            raise Invalid(name, "email") from None
    if name == "wording":
        _check_wording(value)


def _check_wording(value: object) -> None:
    if not isinstance(value, Mapping) or not all(kind in KINDS and _is_words(value[kind]) for kind in value):
        raise Invalid("wording", "type", detail=f"must have subject and text under {', '.join(KINDS)}")


def _is_words(words: object) -> bool:
    if not isinstance(words, Mapping) or not words.keys() <= {"subject", "text"}:
        return False
    return all(isinstance(text, str) and len(text) <= 2000 for text in words.values())


def _picture(content: bytes) -> str:
    if len(content) > MOST or not content.startswith((_PNG, _JPEG)):
        raise Invalid("logo", "type", detail=f"must be a PNG or JPEG of at most {MOST // 1024} KiB")
    return "image/png" if content.startswith(_PNG) else "image/jpeg"
