"""What the 8 generation shows of other rows: their numbers in the place of keys, and back."""

import re
from collections.abc import Callable
from typing import Any, Final

from sqlalchemy import ColumnElement, FromClause, Table, Text, case, cast, func, select

from service.database import tables
from service.database.types import Key
from service.users import model
from service.users.numbers import Number

Column = ColumnElement[Any]
_MOST: Final = 2**63
_DIGITS: Final = re.compile(r"[0-9]{1,19}")


def of(target: Table) -> Callable[[FromClause, Column], Column]:
    """What makes of the key of a row of `target` its number."""

    def number(table: FromClause, key: Column) -> Column:
        there = target.alias()
        found = select(there.c.number).where(there.c.project == table.c.project, there.c.id == key)
        return found.correlate(table).scalar_subquery()

    return number


_ITEMS: Final = {model.USERS: tables.users, model.ROLES: tables.roles, model.FILES: tables.files}


def of_item(table: FromClause, item: Column) -> Column:
    """The number, as text, of what history speaks of; of what is gone, the key."""
    numbered = [
        (table.c.collection == name, cast(of(target)(table, cast(item, Key())), Text()))
        for name, target in _ITEMS.items()
    ]
    return func.coalesce(case(*numbered, else_=None), item)


def bare(value: object) -> object:
    """An object that holds nothing but an id is a link (a client sends back what it read as an object)."""
    return value["id"] if isinstance(value, dict) and value.keys() == {"id"} else value


def linked(value: object) -> object:
    """A reference in a body: a number, its digits, a key, or an object that holds one of these alone."""
    value = bare(value)
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < _MOST:
        return Number(value)
    if isinstance(value, str) and _DIGITS.fullmatch(value) and int(value) < _MOST:
        return Number(value)
    return value
