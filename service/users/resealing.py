"""Seals anew, under the first secret, what older ones sealed: then nothing at rest needs those any longer.

What is over in minutes (departures, requests that are being performed) is left to run out.
"""

from collections.abc import Callable
from functools import partial
from typing import Any, Final, NamedTuple

from sqlalchemy import Column, bindparam, select, tuple_, update

from service.database import Transaction
from service.database.tables import connections, event_keys, identities, second_factors, users
from service.sealing import Place, SealBroken, Sealer
from service.users import connection_changes, grants, second_factor, secrets
from service.users.event_keys import place as key_place

PAGE: Final = 500  # rows of one transaction
Key = tuple[Any, ...]


class Kind:
    """A column that holds sealed texts, and the place that each is bound to, by the row's key."""

    def __init__(self, column: Column[Any], place: Callable[..., Place], *key: Column[Any]) -> None:
        self.place = place
        self.names = [one.name for one in key]
        after = tuple_(*(bindparam(f"after_{one.name}", type_=one.type) for one in key))
        self.first = select(*key, column).where(column.is_not(None)).order_by(*key).limit(PAGE)
        self.next = self.first.where(tuple_(*key) > after)
        same = [one == bindparam(f"of_{one.name}", type_=one.type) for one in key]
        same.append(column == bindparam("of_sealed", type_=column.type))  # who changed it meanwhile is right
        self.store = (
            update(column.table).where(*same).values({column: bindparam("sealed", type_=column.type)})
        )


def _grant(project: str, provider: str, identifier: str) -> Place:
    return grants.place(project, (provider, identifier))


def _header(project: str, id_: str) -> Place:
    return connection_changes.place(project, id_, "events_authorization")


_of_user = (users.c.project, users.c.id)
_of_factor = (second_factors.c.project, second_factors.c.user)
_of_identity = (identities.c.project, identities.c.provider, identities.c.external_identifier)
_of_connection = (connections.c.project, connections.c.id)
KINDS: Final = (
    Kind(users.c.token_sealed, secrets.place, *_of_user),
    Kind(users.c.tfa_secret, partial(second_factor.place, "users"), *_of_user),
    Kind(second_factors.c.pending, partial(second_factor.place, "second_factors"), *_of_factor),
    Kind(identities.c.tokens, _grant, *_of_identity),
    Kind(connections.c.events_authorization, _header, *_of_connection),
    Kind(event_keys.c.private, key_place, event_keys.c.project, event_keys.c.number),
)


class Page(NamedTuple):
    """What became of some rows: how many were sealed anew, were so before, cannot be opened; the last key."""

    renewed: int
    kept: int
    lost: int
    last: Key | None  # None when it was the last page


async def page(tx: Transaction, sealer: Sealer, kind: Kind, after: Key) -> Page:
    """Seal anew what some rows after a key hold; () begins at the first."""
    past = {f"after_{name}": value for name, value in zip(kind.names, after, strict=bool(after))}
    rows = await tx.rows(kind.next if after else kind.first, **past)
    renewed, lost = [], 0
    for *key, sealed in rows:
        try:
            anew = sealer.renew(sealed, kind.place(*key))
        except SealBroken:
            lost += 1
            continue
        if anew != sealed:
            where = {f"of_{name}": value for name, value in zip(kind.names, key, strict=True)}
            renewed.append({**where, "of_sealed": sealed, "sealed": anew})
    if renewed:
        await tx.run_many(kind.store, renewed)
    last = tuple(rows[-1][:-1]) if len(rows) == PAGE else None
    return Page(len(renewed), len(rows) - len(renewed) - lost, lost, last)
