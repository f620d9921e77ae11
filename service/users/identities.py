"""Who a provider says that somebody is: one row for each key (provider, external_identifier), case kept.

The identity that owns a user is shown in the user's own provider and external_identifier; `follow` keeps its
row in step with them. Archived users hold no identity of their own, as they hold no e-mail.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from sqlalchemy import bindparam, delete, insert, or_, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from service.database import Transaction
from service.database.tables import identities
from service.users import notices
from service.users.model import ARCHIVED
from service.users.problems import Taken
from service.users.uniqueness import taken

Key = tuple[str, str]

_INSERT: Final = insert(identities)
_merge = upsert(identities)
# A further identity of the same user becomes the one that owns it; anybody else's stays whose it is.
_OWN: Final = _merge.on_conflict_do_update(
    index_elements=["project", "provider", "external_identifier"],
    set_={"auth_data": None},
    where=identities.c.user == _merge.excluded.user,
)
ONE: Final = (  # of the values that `where` gives
    identities.c.project == bindparam("of_project"),
    identities.c.provider == bindparam("of_provider"),
    identities.c.external_identifier == bindparam("of_external_identifier"),
)
DELETE: Final = delete(identities).where(*ONE)
_USED: Final = update(identities).where(*ONE)
_CALLED: Final = update(identities).where(
    *ONE, or_(identities.c.subject.is_(None), identities.c.subject != bindparam("of_subject"))
)
_SIGNED_ON: Final = (
    select(identities.c.user)
    .where(
        identities.c.project == bindparam("project"),
        identities.c.user == bindparam("user"),
        identities.c.provider == bindparam("provider"),
        identities.c.last_used_at.is_not(None),
    )
    .limit(1)
)


def where(project: str, key: Key) -> dict[str, str]:
    """The identity with this key, as the conditions `ONE` ask for it."""
    return {"of_project": project, "of_provider": key[0], "of_external_identifier": key[1]}


def owner(row: Mapping[str, Any]) -> Key | None:
    """The key of the identity that owns a user, if one does."""
    if row["external_identifier"] is None or row["status"] == ARCHIVED:
        return None
    return row["provider"], row["external_identifier"]


def begin(tx: Transaction, project: str, rows: Sequence[Mapping[str, Any]], at: str) -> None:
    """Owe the identities that own new users. Raises Taken where another has the identity."""
    tx.owe(_INSERT, [_owning(project, row, key, at) for row in rows if (key := owner(row))], taken)


async def follow(
    tx: Transaction, project: str, moves: Sequence[tuple[Mapping[str, Any], Mapping[str, Any]]], at: str
) -> None:
    """Follow users from what they were to what they are. Raises Taken where another has the identity."""
    moved = [(owner(old), owner(new), new) for old, new in moves if owner(old) != owner(new)]
    for old, _, _ in moved:
        if old:
            await tx.run(DELETE, **where(project, old))
    for _, new, row in moved:
        if new and not await tx.run(_OWN, **_owning(project, row, new, at)):
            raise Taken("external_identifier")


async def link(tx: Transaction, project: str, user: str, key: Key, profile: object, at: str) -> None:
    """Give a user a further identity, which has just been used, and tell them. NotUnique: somebody has it."""
    row = {"project": project, "provider": key[0], "external_identifier": key[1], "user": user}
    await tx.run(_INSERT, **row, auth_data=profile, linked_at=at, last_used_at=at)
    await notices.tell_linked(tx, project, user, key[0], at)


async def use(tx: Transaction, project: str, key: Key, at: str, **changes: object) -> None:
    """Remember that somebody signed on with this identity; `auth_data` may be changed with it."""
    await tx.run(_USED, **where(project, key), last_used_at=at, **changes)


async def call(tx: Transaction, project: str, key: Key, subject: str | None) -> None:
    """Remember what the provider's tokens call the person of an identity."""
    if subject is not None:
        await tx.run(_CALLED, **where(project, key), of_subject=subject, subject=subject)


async def has_signed_on(tx: Transaction, project: str, user: str, provider: str) -> bool:
    """Whether the user has ever signed on with the provider, under whatever identifier."""
    return await tx.row(_SIGNED_ON, project=project, user=user, provider=provider) is not None


def _owning(project: str, row: Mapping[str, Any], key: Key, at: str) -> dict[str, Any]:
    provider, identifier = key
    return {
        "project": project,
        "provider": provider,
        "external_identifier": identifier,
        "user": row["id"],
        "linked_at": at,
    }
