"""What a provider tells after somebody signed on (Shared Signals: CAEP, RISC): a table says what each does.

Nobody is made, deleted or made more of by a signal. A provider speaks of its own people only: those with an
identity of it. Whom it disables is suspended where the user is the provider's, and comes back when it says
so, unless somebody else has suspended them.
"""

from collections.abc import Mapping
from typing import Final, Literal

import msgspec
from sqlalchemy import bindparam, or_, select, update

from providers.security_event import SecurityEvents, Subject
from service.database import Transaction, now
from service.database.tables import identities, sessions, users
from service.users import edits, endings, event_tokens, history
from service.users.clock import EPOCH, later
from service.users.edits import Edit
from service.users.history import Entry
from service.users.identities import ONE, owner, where
from service.users.model import ACTIVE, SUSPENDED, Caller
from service.users.problems import Unprocessable
from service.users.rows import Row, fold, hold

Deed = Literal["end", "end_if_lower", "end_if_noncompliant", "disable", "enable", "note"]
_CAEP: Final = "https://schemas.openid.net/secevent/caep/event-type/"
_RISC: Final = "https://schemas.openid.net/secevent/risc/event-type/"
DEEDS: Final[Mapping[str, Deed]] = {
    f"{_CAEP}session-revoked": "end",
    f"{_CAEP}credential-change": "end",
    f"{_CAEP}token-claims-change": "end",  # the next sign-on brings the new ones
    f"{_CAEP}assurance-level-change": "end_if_lower",
    f"{_CAEP}device-compliance-change": "end_if_noncompliant",
    f"{_RISC}sessions-revoked": "end",
    f"{_RISC}credential-compromised": "end",
    f"{_RISC}account-credential-change-required": "end",
    f"{_RISC}account-disabled": "disable",
    f"{_RISC}account-purged": "disable",
    f"{_RISC}account-enabled": "enable",
    f"{_RISC}identifier-changed": "note",  # SCIM, or the next sign-on, brings the new one
    f"{_RISC}identifier-recycled": "disable",
}

_of_provider = (
    identities.c.project == bindparam("project"),
    identities.c.provider == bindparam("provider"),
)
_found = (identities.c.user, identities.c.external_identifier)
_BY_SUBJECT: Final = select(*_found).where(
    *_of_provider,
    or_(
        identities.c.subject == bindparam("value"),
        identities.c.subject.is_(None) & (identities.c.external_identifier == bindparam("value")),
    ),
)
_BY_IDENTIFIER: Final = select(*_found).where(
    *_of_provider, identities.c.external_identifier == bindparam("value")
)
_BY_EMAIL: Final = (
    select(*_found)
    .join_from(
        identities, users, (users.c.project == identities.c.project) & (users.c.id == identities.c.user)
    )
    .where(
        *_of_provider,
        users.c.email_key == bindparam("value"),
        users.c.retired == "",
        users.c.email_verified_at.is_not(None),
    )
)
_BY: Final = {"iss_sub": _BY_SUBJECT, "opaque": _BY_IDENTIFIER, "email": _BY_EMAIL}


_END_SESSION: Final = endings.of_identity(sessions).where(sessions.c.sid == bindparam("sid"))
_DISABLE: Final = update(identities).where(*ONE)
_ENABLE: Final = update(identities).where(*ONE, identities.c.disabled_at.is_not(None))


class Terms(msgspec.Struct, frozen=True):
    """Of whom a transmitter may speak: of `issuer`'s subjects, and by address where `emails` is said."""

    provider: str
    issuer: str
    emails: bool = False


async def hear(tx: Transaction, caller: Caller, terms: Terms, told: SecurityEvents) -> bool:
    """Do what the events ask for, once however often they come; gives whether it was the first time."""
    until = later(EPOCH, told.until)
    if not await event_tokens.take(tx, caller.project, terms.provider, told.token, until):
        return False
    if told.subject is None:
        return True
    for user, identifier in await _meant(tx, caller.project, terms, told.subject):
        for event, said in told.events.items():
            deed = _deed(event, said)
            if deed is not None:
                row = (await hold(tx, caller.project, [user])).get(user)
                if row is not None:
                    at = _At(terms.provider, identifier, event.rpartition("/")[2], told.subject.session)
                    await _do(tx, caller, deed, row, at)
    return True


class _At(msgspec.Struct, frozen=True):
    provider: str
    identifier: str
    event: str
    session: str | None


def _deed(event: str, said: Mapping[str, object]) -> Deed | None:
    deed = DEEDS.get(event)
    if deed == "end_if_lower":
        return "note" if said.get("change_direction") == "increase" else "end"
    if deed == "end_if_noncompliant":
        return "note" if said.get("current_status") == "compliant" else "end"
    return deed


async def _meant(tx: Transaction, project: str, terms: Terms, subject: Subject) -> list[tuple[str, str]]:
    """Whom a subject means: the users, and the identities of the provider by which it has them."""
    if subject.format == "iss_sub" and subject.issuer != terms.issuer:
        return []
    if subject.format == "email" and not terms.emails:
        return []
    value = fold(subject.value) if subject.format == "email" else subject.value
    rows = await tx.rows(_BY[subject.format], project=project, provider=terms.provider, value=value)
    return [(row[0], row[1]) for row in rows]


async def _do(tx: Transaction, caller: Caller, deed: Deed, row: Row, at: _At) -> None:
    if deed == "note":
        await _note(tx, caller, row, at, "noted")
    elif deed == "enable":
        await _enable(tx, caller, row, at)
    elif deed == "disable" and owner(row) == (at.provider, at.identifier) and row["status"] == ACTIVE:
        await _disable(tx, caller, row, at)
    else:
        await _end(tx, caller, row, at)


async def _end(tx: Transaction, caller: Caller, row: Row, at: _At) -> None:
    project, user = caller.project, row["id"]
    began = {"provider": at.provider, "identifier": at.identifier}
    if at.session is None:
        ended = await endings.end_of_identity(tx, project, user, **began)
    else:
        ended = await tx.run(_END_SESSION, project=project, user=user, **began, sid=at.session)
        tx.announce("user", user)
    await _note(tx, caller, row, at, f"sessions that ended: {ended}")


async def _disable(tx: Transaction, caller: Caller, row: Row, at: _At) -> None:
    moment = now()
    try:
        await edits.write(tx, caller, [Edit(row, {"status": SUSPENDED})], moment)
    except Unprocessable:  # the last administrator stays one, but has to sign on again
        await _end(tx, caller, row, at)
        return
    await tx.run(_DISABLE, **where(caller.project, (at.provider, at.identifier)), disabled_at=moment)
    await _note(tx, caller, row, at, "suspended")


async def _enable(tx: Transaction, caller: Caller, row: Row, at: _At) -> None:
    ours = await tx.run(_ENABLE, **where(caller.project, (at.provider, at.identifier)), disabled_at=None)
    if not ours or row["status"] != SUSPENDED:
        await _note(tx, caller, row, at, "noted: it had not suspended the user")
        return
    await edits.write(tx, caller, [Edit(row, {"status": ACTIVE})], now())
    await _note(tx, caller, row, at, "active again")


async def _note(tx: Transaction, caller: Caller, row: Row, at: _At, done: str) -> None:
    story = f"{at.provider}: {at.event} ({done})"
    await history.record(tx, caller, "refused", [Entry(row["id"])], comment=story)
