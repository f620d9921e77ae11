"""Keys as callers write them: each has one spelling, and what is no key names nothing that is there."""

from typing import Final

from service.database import NIL_KEY
from service.dialects import dialect
from service.users.checks import is_uuid
from service.users.problems import Forbidden

NOBODY: Final = NIL_KEY


def key_of(text: str) -> str:
    """A uuid in lower case, with dashes. Raises Forbidden."""
    if not is_uuid(text):
        raise Forbidden
    return text.lower()


def item_of(collection: str, text: str) -> str | int:
    """The key of a row of a collection: a uuid, or a number where they have such. Raises Forbidden."""
    try:
        return dialect.item(collection, text)
    except ValueError:
        raise Forbidden from None
