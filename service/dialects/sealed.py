"""A static token on its way out of the database, for the one generation that shows it."""

from typing import Any

from sqlalchemy import ColumnElement, FromClause, Text, cast

Column = ColumnElement[Any]


class Sealed:
    """Whose token it is, and the token as it is kept. Nothing encodes it unasked."""

    __slots__ = ("text", "user")

    def __init__(self, user: str, text: str) -> None:
        self.user, self.text = user, text

    def __repr__(self) -> str:
        return "Sealed(hidden)"


def placed(table: FromClause, sealed: Column) -> Column:
    """The kept token behind its user's key, by whose place it is sealed."""
    return cast(table.c.id, Text()) + " " + sealed


def of(text: object) -> object:
    """What `placed` selects, apart."""
    return Sealed(*text.split(" ", 1)) if isinstance(text, str) else text
