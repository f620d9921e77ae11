"""Groups and members as SQL: what of them stands in resources, and what filters ask of them.

A user is in the groups that name them (direct), and in those that the groups are inside of (indirect).
"""

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any, Final

import msgspec
from sqlalchemy import (
    CTE,
    BigInteger,
    ColumnElement,
    CompoundSelect,
    Select,
    Text,
    and_,
    bindparam,
    case,
    cast,
    exists,
    func,
    literal_column,
    null,
    select,
    union_all,
)
from sqlalchemy.types import TypeEngine

from service.database import Transaction, one_of
from service.database.documents import text_at
from service.database.shapes import Kind
from service.database.tables import group_groups, group_users, groups, user_emails, users
from service.database.types import Key, Words
from service.users.group_nesting import below

Parts = Callable[[tuple[str, ...]], ColumnElement[Any]]  # what stands at a path within one of several values


def _text(word: str) -> ColumnElement[str]:
    return literal_column(f"'{word}'", Text())


def _direct() -> Select[Any]:
    found = select(group_users.c.group.label("id"), _text("direct").label("type"))
    tied = (group_users.c.project == users.c.project, group_users.c.user == users.c.id)
    return found.where(*tied).correlate(users)


def _held() -> CTE:
    """The groups of the user in the statement around, and whether it is in them itself."""
    held = _direct().cte("held", recursive=True, nesting=True)
    outer = select(group_groups.c.group, _text("indirect")).join_from(
        held, group_groups, group_groups.c.member == held.c.id
    )
    return held.union(outer.where(group_groups.c.project == users.c.project).correlate(users))


def _of_user() -> Select[Any]:
    held = _held()
    tied = and_(groups.c.id == held.c.id, groups.c.project == users.c.project)
    found = select(groups.c.id, groups.c.display_name, held.c.type).join_from(held, groups, tied)
    return found.where(groups.c.connection == users.c.connection).correlate(users)


@cache
def groups_of_user(kind: Kind) -> ColumnElement[str]:
    """The groups of each user as JSON text, in the same statement: [[id, displayName, type], ...] or NULL."""
    found = _of_user().subquery("its_groups")
    listed: ColumnElement[str] = func.json_group_array(func.json_array(*found.c), type_=Text())
    if kind == "postgresql":
        listed = cast(func.json_agg(func.json_build_array(*found.c)), Text())
    of_some = select(listed).select_from(found).correlate(users).scalar_subquery()
    # Most users of most tables are in none, for whom the recursion need not even be set up.
    return case((exists(_direct()), of_some)).label("groups")


def _name(kind: Kind) -> ColumnElement[str]:
    """How a member is shown: as the provider called it here, by displayName, the two names, userName, or
    the address."""
    both = func.trim(func.coalesce(users.c.first_name, "") + " " + func.coalesce(users.c.last_name, ""))
    shown = text_at(users.c.auth_data, ("displayName",), kind)
    return func.coalesce(
        group_users.c.display, shown, func.nullif(both, ""), users.c.user_name, users.c.email
    )


def _people(kind: Kind, *columns: ColumnElement[Any]) -> Select[Any]:
    tied = and_(users.c.project == group_users.c.project, users.c.id == group_users.c.user)
    name = _name(kind).label("display")
    return select(*columns, users.c.id.label("id"), _text("User").label("type"), name).join_from(
        group_users, users, tied
    )


_inner = groups.alias("inner_groups")


def _groups(*columns: ColumnElement[Any]) -> Select[Any]:
    tied = and_(_inner.c.project == group_groups.c.project, _inner.c.id == group_groups.c.member)
    found = select(
        *columns,
        _inner.c.id.label("id"),
        _text("Group").label("type"),
        func.coalesce(group_groups.c.display, _inner.c.display_name).label("display"),
    )
    return found.join_from(group_groups, _inner, tied)


@cache
def _members(kind: Kind) -> Select[Any]:
    """The members of some groups: group, id, type, display; at most :limit."""
    people = _people(kind, group_users.c.group.label("of")).where(
        group_users.c.project == bindparam("project"), one_of(group_users.c.group, "groups", kind)
    )
    inner = _groups(group_groups.c.group.label("of")).where(
        group_groups.c.project == bindparam("project"), one_of(group_groups.c.group, "groups", kind)
    )
    every = union_all(people, inner).subquery("every")
    ordered = select(every).order_by(every.c.of, every.c.type.desc(), every.c.id)
    return ordered.limit(bindparam("limit", type_=BigInteger()))


async def members(
    tx: Transaction, project: str, keys: Sequence[str], limit: int
) -> dict[str, list[tuple[str, str, str | None]]]:
    """The members of groups, by the group: id, type and name; of all of them together at most `limit`."""
    found: dict[str, list[tuple[str, str, str | None]]] = {key: [] for key in keys}
    rows = await tx.rows(_members(tx.kind), project=project, groups=list(keys), limit=limit)
    for group, id_, type_, display in rows:
        found[group].append((id_, type_, display))
    return found


def sources(collection: str, path: tuple[str, ...], kind: Kind) -> list[tuple[Select[Any], Parts]] | None:
    """The rows that are the values of an attribute, and what a filter sees of them; None: a document's."""
    if collection == "groups" and path == ("members",):
        joined = (group_users.c.project == groups.c.project, group_users.c.group == groups.c.id)
        people = _people(kind).where(*joined).correlate(groups)
        tied = (group_groups.c.project == groups.c.project, group_groups.c.group == groups.c.id)
        return [_parted(people), _parted(_groups().where(*tied).correlate(groups))]
    if collection == "directus_users" and path == ("groups",):
        return [_parted(_of_user())]
    return None


def _parted(found: Select[Any]) -> tuple[Select[Any], Parts]:
    columns = {column.name: column for column in found.selected_columns}
    display = "display" if "display" in columns else "display_name"
    named: dict[str, ColumnElement[Any]] = {
        "value": cast(columns["id"], Text()),
        "type": columns["type"],
        "display": columns[display],
    }

    def part(path: tuple[str, ...]) -> ColumnElement[Any]:
        return named.get(path[0], null())

    return found, part


def _with_email(value: ColumnElement[Any], project: ColumnElement[Any]) -> CompoundSelect[Any]:
    one = users.alias("addressed")
    own = select(one.c.id).where(one.c.project == project, one.c.email_key == value)
    further = select(user_emails.c.user).where(
        user_emails.c.project == project, user_emails.c.email_key == value
    )
    return union_all(own, further)


def _with_member(value: ColumnElement[Any], project: ColumnElement[Any]) -> CompoundSelect[Any]:
    return union_all(
        select(group_users.c.group).where(group_users.c.project == project, group_users.c.user == value),
        select(group_groups.c.group).where(group_groups.c.project == project, group_groups.c.member == value),
    )


def _in_group(value: ColumnElement[Any], project: ColumnElement[Any]) -> Select[Any]:
    held = below(select(value.label("id")), project, nesting=True)
    people = select(group_users.c.user).join_from(held, group_users, group_users.c.group == held.c.id)
    return people.where(group_users.c.project == project)


class Lookup(msgspec.Struct, frozen=True):
    """What leads to the ids of the rows with a value, and the type of the value."""

    ids: Callable[[ColumnElement[Any], ColumnElement[Any]], Any]
    type: TypeEngine[Any]


KEYED: Final[Mapping[str, Lookup]] = {
    "emails": Lookup(_with_email, Words()),
    "members": Lookup(_with_member, Key()),
    "groups": Lookup(_in_group, Key()),
}
