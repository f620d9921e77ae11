"""Which problem an error of asyncpg is, and whether another attempt may pass."""

from typing import Final

import asyncpg

from service.database.door import MissingReference, NotUnique, TooDeep, TooSlow, Unavailable
from service.database.postgres.lane import Connection

# What asyncpg raises for a statement: the server's answer, a broken wire, or silence.
ERRORS = (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError)

# https://www.postgresql.org/docs/current/errcodes-appendix.html
AGAIN = {"40001", "40P01"}  # serialization failure, deadlock: another attempt may well pass
_LOST = {"57P01", "57P02", "57P03"}  # the server ends, and the connection with it
_BUSY = {"57014": "took too long", "55P03": "a lock was not to be had", "53100": "the disk is full"}


class Unheld(Exception):
    """A row that was only looked at has to be held: it is another by now, or more was asked for."""


_MEANT: Final = {
    asyncpg.ForeignKeyViolationError.sqlstate: MissingReference,
    asyncpg.RestrictViolationError.sqlstate: MissingReference,
    asyncpg.StatementTooComplexError.sqlstate: TooDeep,
    asyncpg.DivisionByZeroError.sqlstate: Unheld,  # `users.seen`
}


def sqlstate(error: BaseException | None) -> str:
    """The server's five letters for `error`; empty when it is not the server's."""
    return getattr(error, "sqlstate", None) or ""


def lost(error: BaseException | None, connection: Connection) -> bool:
    """Whether `error`, met on `connection`, was the end of it.

    A lost connection shows as one of many classes, so its state decides first. asyncpg may learn of the end
    between two statements, and then says only that it is confused. DataError (a ValueError) is our mistake.
    """
    confused = isinstance(error, asyncpg.InterfaceError | asyncpg.InternalClientError)
    return error is not None and (
        connection.is_closed() or sqlstate(error) in _LOST or (confused and not isinstance(error, ValueError))
    )


def problem(error: Exception) -> Exception:
    """What `error` means; the error itself when it is a mistake of ours.

    Its detail is taken away: it repeats values, or the whole row with its hashes, to whoever prints it.
    """
    if isinstance(error, asyncpg.PostgresError):
        error.detail = None
    code = sqlstate(error)
    if code == asyncpg.UniqueViolationError.sqlstate:
        return NotUnique(getattr(error, "constraint_name", None) or "")
    if code in _MEANT:
        return _MEANT[code]()
    if isinstance(error, TimeoutError):
        return Unavailable("postgresql: no answer")
    if code in _BUSY:
        kind = TooSlow if code == asyncpg.QueryCanceledError.sqlstate else Unavailable
        return kind(f"postgresql: {_BUSY[code]}")
    if code[:2] in {"08", "53", "57", "58"} or not isinstance(error, asyncpg.PostgresError | ValueError):
        return Unavailable("postgresql: the connection was lost")
    return error
