"""Values that others claim: what is a text that can be kept, and what is a number."""

from typing import TypeGuard


def is_word(value: object) -> TypeGuard[str]:
    """Whether it is a text of 1 to 255 characters that all can be seen: an identifier, a session, a jti."""
    return isinstance(value, str) and 1 <= len(value) <= 255 and value.isprintable()


def word(value: object) -> str | None:
    """The value, where it is such a text."""
    return value if is_word(value) else None


def is_number(value: object) -> TypeGuard[float]:
    """Whether it is a number, as moments are; JSON's truths are none, though Python takes them for some."""
    return isinstance(value, int | float) and not isinstance(value, bool)
