"""Refreshing a session: its refresh token is turned over each time, and who brings an old one is a thief."""

from typing import Final

from service.database import Database, Transaction, now
from service.tokens import fingerprint
from service.users import refresh_tokens, session_rows, sessions
from service.users.clock import later
from service.users.problems import WrongCredentials
from service.users.sessions import Opened

GRACE: Final = 10  # seconds in which the token before the newest gives the newest again


async def refresh(database: Database, project: str, token: object) -> Opened:
    """The next refresh token, and the facts for an access token. Raises WrongCredentials, whatever is wrong.

    A token that was used before ends its session for everybody: one of the two holders is a thief. Only the
    one before the newest, within GRACE seconds, gives the newest again, since its answer may have been lost.
    """
    session = refresh_tokens.session_of(token)
    if session is None or not isinstance(token, str):
        raise WrongCredentials
    opened = await database.write(rotate, project, session, token)
    if opened is None:
        raise WrongCredentials
    return opened


async def rotate(tx: Transaction, project: str, session: str, token: str) -> Opened | None:
    """`refresh` as a unit. None is a refusal, not raised: the end of a stolen session has to be committed."""
    at, presented = now(), fingerprint(token)
    successor = refresh_tokens.make(session)
    rotated = await tx.run(
        session_rows.ROTATE,
        of_project=project,
        of_id=session,
        of_refresh=presented,
        of_now=at,
        refresh=fingerprint(successor),
        previous=presented,
        successor=refresh_tokens.seal(successor, token),
        rotated_at=at,
        used_at=at,
    )
    if not rotated:
        again = await _again(tx, project, session, token, at)
        if again is None:
            return None
        successor = again
    opened = await sessions.hand_out(tx, project, session, successor)
    if opened is not None:
        await sessions.touch(tx, project, opened.user, at)
    return opened


async def renew(tx: Transaction, project: str, session: str) -> Opened | None:
    """The facts for another access token of a session that has no refresh token; None: it is over."""
    opened = await sessions.hand_out(tx, project, session, "")
    if opened is not None:
        await sessions.touch(tx, project, opened.user, now(), session)
    return opened


async def _again(tx: Transaction, project: str, session: str, token: str, at: str) -> str | None:
    """The newest token for who holds the one before it, in time; any other old one ends the session."""
    found = await tx.row(session_rows.PREVIOUS, project=project, session=session)
    if found is None:
        return None
    previous, successor, rotated_at = found
    if previous == fingerprint(token) and rotated_at >= later(at, -GRACE):
        return refresh_tokens.open_successor(successor, token)
    await sessions.end(tx, project, session)
    return None
