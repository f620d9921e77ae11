"""The whole numbers by which the 8 generation knows users, roles and files, and the keys behind them."""

from collections.abc import Collection, Mapping
from functools import partial
from typing import Any, Final

from sqlalchemy import Select, Table, bindparam, select

from service.database import Transaction, by_kind, one_of
from service.database.shapes import Kind
from service.database.tables import files, roles, users
from service.users import model
from service.users.problems import NoSuch

_TABLES: Final = {model.USERS: users, model.ROLES: roles, model.FILES: files}


def _keyed(table: Table, kind: Kind) -> Select[Any]:
    named = one_of(table.c.number, "numbers", kind)
    return select(table.c.number, table.c.id).where(table.c.project == bindparam("project"), named)


def _numbered(table: Table, kind: Kind) -> Select[Any]:
    named = one_of(table.c.id, "ids", kind)
    return select(table.c.id, table.c.number).where(table.c.project == bindparam("project"), named)


_KEYS: Final = {name: by_kind(partial(_keyed, table)) for name, table in _TABLES.items()}
_NUMBERS: Final = {name: by_kind(partial(_numbered, table)) for name, table in _TABLES.items()}
# What a user holds that leads to another row.
_LEADS: Final = {"role": model.ROLES, "avatar": model.FILES}


class Number(int):
    """The number of a row, where its key is wanted: `settled` puts that into its place."""


async def keys(tx: Transaction, project: str, collection: str, wanted: Collection[int]) -> Mapping[int, str]:
    """The keys of the rows with these numbers; those that are not there are missing."""
    if not wanted:
        return {}
    return dict(await tx.rows(_KEYS[collection][tx.kind], project=project, numbers=sorted(wanted)))


async def of(tx: Transaction, project: str, collection: str, ids: Collection[str]) -> Mapping[str, int]:
    """The numbers of the rows with these keys; those that are not there are missing."""
    if not ids:
        return {}
    return dict(await tx.rows(_NUMBERS[collection][tx.kind], project=project, ids=sorted(ids)))


async def settled(tx: Transaction, project: str, values: Mapping[str, object]) -> dict[str, Any]:
    """A user's values with keys in the place of numbers. Raises NoSuch("role")."""
    found = dict(values)
    for name, collection in _LEADS.items():
        value = found.get(name)
        if isinstance(value, Number):
            key = (await keys(tx, project, collection, {int(value)})).get(int(value))
            if key is None:
                raise NoSuch(name)
            found[name] = key
    return found
