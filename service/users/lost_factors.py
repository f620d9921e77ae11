"""An administrator's help for who has lost a phone or a key: all that is asked for beside a password goes."""

from typing import Final

from sqlalchemy import bindparam, delete

from service.database import Transaction, now
from service.database.tables import passkeys as table
from service.users import access, endings, last_way, notices, passkeys, second_factor
from service.users.last_way import Open
from service.users.model import PASSKEY, Caller
from service.users.problems import Forbidden
from service.users.rows import Row, hold

_ALL: Final = (
    delete(table)
    .where(table.c.project == bindparam("project"), table.c.user == bindparam("user"))
    .returning(table.c.name)
)


async def clear(tx: Transaction, caller: Caller, user: str, open_: Open) -> None:
    """Take away the app's secret, the recovery codes and the passkeys of somebody. Raises Forbidden.

    Passkeys that are all that they sign in with stay: nobody asks for those beside anything. An
    administrator's own stay, too; who has stolen their session must not be rid of them.
    """
    access.check_administrator(caller)
    row = (await hold(tx, caller.project, [user])).get(user)
    if row is None:
        raise Forbidden
    providers = await passkeys.providers(tx, caller.project, user)
    if caller.user != user and last_way.is_open(row, open_, providers=providers, passkeys=0):
        await _clear_passkeys(tx, caller, row)
    await second_factor.forget(tx, caller, row)


async def _clear_passkeys(tx: Transaction, caller: Caller, row: Row) -> None:
    gone = await tx.rows(_ALL, project=row["project"], user=row["id"])
    if gone:
        await endings.end_of_provider(tx, row["project"], row["id"], PASSKEY)
    for (name,) in gone:
        await passkeys.tell(tx, caller, row["id"], notices.PASSKEY_REMOVED, name, now())
