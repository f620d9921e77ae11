"""Who may: the rows that a caller reaches, as a condition for lists and a check for writes, and the fields.

Administrators reach all. A person reaches their own row, and changes the harmless fields of it. A connection
reaches the users that it owns; one that adopts also those that nobody owns, never administrators. The public
reaches nothing. What rules allow beside this minimum is the matter of `leave`.
"""

from collections.abc import Collection, Mapping
from typing import Any, Final, Literal

import msgspec
from sqlalchemy import ColumnElement, Table, and_, bindparam, func, or_, select, true

from service.database.tables import roles, users
from service.users.model import ACTIVE, ARCHIVED, Caller
from service.users.problems import Forbidden, RemovalDenied

ScopeKind = Literal["all", "own", "owned", "walked", "checked", "adoptable"]

# The columns of their own row that people change.
OWN: Final = frozenset(
    (
        *("first_name", "last_name", "email", "password_hash", "location", "title", "description", "tags"),
        *("avatar", "language", "locale_options", "timezone", "company", "email_notifications", "last_page"),
        *("appearance", "theme_light", "theme_dark", "theme_light_overrides", "theme_dark_overrides"),
    )
)


class Scope(msgspec.Struct, frozen=True):
    """The rows that a caller reaches: `kind` belongs to the shape of a statement, `values` fill its binds."""

    kind: ScopeKind
    values: Mapping[str, object]


def walked(connection: ColumnElement[Any]) -> ColumnElement[bool]:
    """What the caller's connection owns, as who passes over many asks PostgreSQL for it, in the order of
    connections and keys.

    Of an equality it would know that all rows have the same connection, and choose the index of the keys
    alone: which leads over everybody else's rows. The value comes by a subquery, so that no plan is made for
    this very one.
    """
    own = select(bindparam("caller_connection", type_=connection.type)).scalar_subquery()
    return connection.between(own, own)


_administrators = select(roles.c.id).where(
    roles.c.project == bindparam("caller_project"), roles.c.admin_access.is_(true())
)
# Not retired, rather than not archived: together with the project it is a prefix of the unique indexes.
_alive = and_(users.c.project == bindparam("caller_project"), users.c.retired == "")
_owned = users.c.connection == bindparam("caller_connection")
# The same of few rows that their keys lead to: SQLite would rather look through all that a connection owns,
# by an index that begins with it, if it saw a column of that here.
_checked = and_(
    users.c.project == bindparam("caller_project"),
    func.coalesce(users.c.retired, users.c.retired) == "",
    func.coalesce(users.c.connection, users.c.connection) == bindparam("caller_connection"),
)
_free = and_(
    users.c.connection.is_(None),
    or_(users.c.role.is_(None), users.c.role.not_in(_administrators)),
)

# On the users table; the names of binds begin with `caller_`.
CONDITIONS: Final[Mapping[ScopeKind, ColumnElement[bool]]] = {
    "all": users.c.project == bindparam("caller_project"),
    "own": and_(users.c.project == bindparam("caller_project"), users.c.id == bindparam("caller_user")),
    "owned": and_(_alive, _owned),
    "walked": and_(_alive, walked(users.c.connection)),
    "checked": _checked,
    "adoptable": and_(_alive, or_(_owned, _free)),
}


def scope(caller: Caller, *, adopting: bool = False) -> Scope:
    """What the caller may read; `adopting` asks for the look-up that comes before a connection's first write.

    Raises Forbidden for the public.
    """
    values: dict[str, object] = {"caller_project": caller.project}
    if caller.connection is not None:
        kind: ScopeKind = "adoptable" if adopting and caller.adopt else "owned"
        return Scope(kind, {**values, "caller_connection": caller.connection})
    if caller.admin:
        return Scope("all", values)
    if caller.user is not None:
        return Scope("own", {**values, "caller_user": caller.user})
    raise Forbidden


def check_administrator(caller: Caller) -> None:
    """Raises Forbidden for everybody else."""
    if not caller.admin or caller.connection is not None:
        raise Forbidden


def check_self(caller: Caller, user: str) -> None:
    """Raises Forbidden unless the caller is this person or an administrator."""
    if caller.user != user or caller.connection is not None:
        check_administrator(caller)


def check_local(caller: Caller) -> None:
    """Raises Forbidden for connections, which have users and groups and never a role."""
    if caller.connection is not None:
        raise Forbidden


def check_remove(caller: Caller, row: Mapping[str, Any]) -> None:
    """Raises Forbidden unless the caller may remove this user, as far as no rule is asked for it."""
    if caller.connection is not None:
        if not _owns(caller, row):
            raise Forbidden
    elif row["administers"] and not caller.admin:
        raise RemovalDenied


def may_change(caller: Caller, row: Mapping[str, Any], columns: Collection[str]) -> bool:
    """Whether the caller may change these columns of this user without any rule."""
    if not reaches(caller, row):
        return False
    return caller.connection is not None or caller.admin or OWN.issuperset(columns)


def reaches(caller: Caller, row: Mapping[str, Any]) -> bool:
    """Whether the caller's `scope`, adopting included, holds this row (as `rows` reads them)."""
    if caller.connection is not None:
        return _owns(caller, row) or adopts(caller, row)
    return caller.admin or (caller.user is not None and row["id"] == caller.user and row["status"] == ACTIVE)


def adopts(caller: Caller, row: Mapping[str, Any]) -> bool:
    """Whether the caller's write takes a user that nobody owns."""
    nobodys = row["connection"] is None and row["status"] != ARCHIVED and not row["administers"]
    return caller.connection is not None and caller.adopt and nobodys


def _owns(caller: Caller, row: Mapping[str, Any]) -> bool:
    return bool(row["connection"] == caller.connection) and row["status"] != ARCHIVED


def everything(table: Table) -> Mapping[ScopeKind, ColumnElement[bool]]:
    """The conditions on a table of which scopes know nothing finer than the project."""
    return {"all": table.c.project == bindparam("caller_project")}
