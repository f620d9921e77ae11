"""What the rules of a role allow beside the minimum: asked by the core, answered by who can read rules.

A rule lets its role do one thing to the rows of a collection that meet a filter, and names the fields.
Filters are the dialects' matter, so `Leave` is theirs to make (dialects/rules.py); what follows from its
answers for a write is decided here, the same for every language.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, Final, Literal, Protocol, TypeVar

import msgspec

from service.database import Transaction
from service.users import access
from service.users.model import CONCEALED, FILES, ROLES, SECRETS, USERS, Caller
from service.users.problems import ChangeDenied, Forbidden, RemovalDenied, UnwrittenField

Item = TypeVar("Item", str, int)  # a key: activity, revisions and permissions have whole numbers
Action = Literal["create", "read", "update", "delete", "share"]

# Whoever wrote these would be somebody else to us: they are for administrators and connections, whatever a
# rule says. So is admin_access: nobody rises by a rule.
RESERVED: Final[Mapping[str, frozenset[str]]] = {
    USERS: frozenset(
        {"id", "number", "provider", "external_identifier", "auth_data", "user_name", "tfa_secret"}
    ),
    ROLES: frozenset({"id", "number", "admin_access"}),
    FILES: frozenset({"id", "number", "uploaded_by"}),
}
_KEPT_AS: Final = {column: name for name, columns in SECRETS.items() for column in columns}


class Grant(Protocol):
    """One rule; `names` are the attributes that it is about, `many` the lists that lead to other rows."""

    @property
    def names(self) -> frozenset[str]: ...


class Leave(Protocol):
    """The rules of one role, the minimum for reading among them."""

    def grants(self, action: Action, collection: str) -> Sequence[Grant]:
        """The rules about this action, oldest first."""

    async def holding(
        self, tx: Transaction, caller: Caller, action: Action, collection: str, ids: Collection[Item]
    ) -> Mapping[Item, Sequence[Grant]]:
        """Which of them let the caller do it to these rows as they stand; rows without any are missing."""

    async def presets(self, tx: Transaction, caller: Caller, grant: Grant) -> Mapping[str, object]:
        """What the rule fills in where the caller says nothing."""

    async def check(
        self,
        tx: Transaction,
        caller: Caller,
        collection: str,
        written: Mapping[str, Grant],
        named: Mapping[str, Collection[str]] | None = None,
    ) -> None:
        """That rows are now what the rules they were written by ask for; of changed ones, only as far as it
        concerns the attributes `named`. Raises Invalid, and Forbidden for a new row outside of its rule."""

    def cut(self, collection: str, state: Mapping[str, Any]) -> dict[str, Any]:
        """What of a former state the caller may know: attributes that they may read of every row."""


class Permit(msgspec.Struct, frozen=True):
    """What a caller may do to one row: change it by these rules, and know these attributes (None: not it)."""

    grants: Sequence[Grant] = ()
    readable: frozenset[str] | None = None

    def choose(
        self, mentioned: Collection[str], changed: Collection[str], own: Collection[str] = ()
    ) -> Grant | None:
        """The rule that allows the whole of a change; None where nothing changes. `own`: what the caller may
        change of the row without a rule, alone. Raises Forbidden; of a row that they know, which kind.

        Attributes that the caller could not know are not compared with what is stored: whether they are
        equal would tell.
        """
        if self.readable is None and not self.grants:
            raise Forbidden
        granted = frozenset[str]().union(*(grant.names for grant in self.grants))
        if unknown := set(mentioned) - granted - (self.readable or frozenset()):
            raise UnwrittenField(min(unknown))
        if not changed:
            return None
        for grant in self.grants:
            if grant.names.issuperset(changed):
                return grant
        if not granted and not own:
            raise ChangeDenied
        raise UnwrittenField(min(set(changed) - granted - set(own), default=min(changed)))


async def permits(
    tx: Transaction, caller: Caller, collection: str, ids: Collection[str]
) -> Mapping[str, Permit]:
    """What the caller's rules say of these rows; none of one that they say nothing of."""
    if caller.leave is None or not ids:
        return {}
    changing = await caller.leave.holding(tx, caller, "update", collection, ids)
    reading = await caller.leave.holding(tx, caller, "read", collection, ids)
    found: dict[str, Permit] = {}
    for id_ in changing.keys() | reading.keys():
        seen = reading.get(id_)
        readable = None if seen is None else frozenset().union(*(grant.names for grant in seen))
        found[id_] = Permit(changing.get(id_, ()), readable)
    return found


async def permits_beyond(
    tx: Transaction, caller: Caller, held: Sequence[Mapping[str, Any]]
) -> Mapping[str, Permit]:
    """`permits` of the users whom the caller does not reach without any rule. Raises Forbidden where there
    are none, before a word is said of what is wrong with a change: it would tell that somebody is there."""
    others = [row["id"] for row in held if not access.reaches(caller, row)]
    found = await permits(tx, caller, USERS, others)
    if is_ruled(caller) and not found.keys() >= set(others):
        raise Forbidden
    return found


def is_ruled(caller: Caller) -> bool:
    """Whether rules count: administrators do all, connections what belongs to them."""
    return not caller.admin and caller.connection is None


def check_possible(caller: Caller, action: Action, collection: str, names: Collection[str] = ()) -> Grant:
    """A rule that might allow it to some row, and by which a new one is made. Forbidden before any work."""
    grants = caller.leave.grants(action, collection) if caller.leave else ()
    return _covering(grants, names)


async def check_removal(tx: Transaction, caller: Caller, collection: str, ids: Sequence[str]) -> None:
    """Raises Forbidden unless rules let the caller remove every one of these rows; RemovalDenied of those
    that they may read."""
    if caller.leave is None:
        raise Forbidden
    held = await caller.leave.holding(tx, caller, "delete", collection, ids)
    if held.keys() >= set(ids):
        return
    seen = await caller.leave.holding(tx, caller, "read", collection, ids)
    raise RemovalDenied if seen.keys() >= set(ids) else Forbidden


async def filled(
    tx: Transaction, caller: Caller, grants: Iterable[Grant | None]
) -> Mapping[Grant | None, Mapping[str, object]]:
    """What rules fill in, by each of them; nothing where there is none."""
    return {
        grant: await caller.leave.presets(tx, caller, grant) if caller.leave and grant else {}
        for grant in dict.fromkeys(grants)
    }


async def check_written(
    tx: Transaction,
    caller: Caller,
    collection: str,
    written: Mapping[str, Grant],
    named: Mapping[str, Collection[str]] | None = None,
) -> None:
    """`Leave.check` of the caller's."""
    if caller.leave is not None and written:
        await caller.leave.check(tx, caller, collection, written, named)


def attributes(values: Mapping[str, object]) -> frozenset[str]:
    """The attributes that values speak of: those of a secret under its own name, what says unchanged not."""
    return frozenset(_KEPT_AS.get(name, name) for name, value in values.items() if value != CONCEALED)


OWN: Final = attributes(dict.fromkeys(access.OWN))  # what people change of themselves without any rule


def _covering(grants: Sequence[Grant], names: Collection[str]) -> Grant:
    for grant in grants:
        if grant.names.issuperset(names):
            return grant
    raise Forbidden
