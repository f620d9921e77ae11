"""What a SCIM request changes: units of work, each one transaction in which all of it is done or nothing."""

from collections.abc import Callable, Mapping

from providers.scim.schema import Resource
from service.api.scim_conditions import Condition
from service.database import Transaction
from service.dialects import question, scim, scim_held
from service.dialects.dialect import USER_COLLECTION
from service.users import access, newcomers, records, rows
from service.users.model import Caller
from service.users.problems import Forbidden

USERS = USER_COLLECTION.name
Become = Callable[[Resource], Resource]  # a resource as it was, into what it is to be


async def find(tx: Transaction, caller: Caller, key: str, *, groups: bool = True) -> Resource:
    """The resource of a user. Raises Forbidden for one that is not there or not this connection's."""
    chosen, scope = ("groups",) if groups else (), access.scope(caller, adopting=True)
    asked = question.ask(caller, "scim", USERS, chosen, key=key, scope=scope)
    row = await question.row(tx, asked)
    if row is None:
        raise Forbidden
    return question.resource(asked, row)


async def create(tx: Transaction, caller: Caller, values: Mapping[str, object]) -> Resource:
    """Makes a user, who is in no group yet; gives the resource."""
    (row,) = await newcomers.make(tx, caller, [values])
    return scim.resource({**rows.EMPTY, **row})


async def change(
    tx: Transaction,
    caller: Caller,
    key: str,
    condition: Condition,
    become: Become,
    password: Mapping[str, object],
) -> Resource:
    """Makes of a user what `become` makes of the resource; `password` is kept as it is given. Gives the
    resource. Raises Forbidden and Stale."""
    row = _meant(await scim_held.look(tx, caller.project, key), caller, condition)
    before = scim.resource(row)
    values = scim.changes(before, become(before), row["status"])
    held = {key: row}
    await records.change(tx, caller, {key: {**values, **password}}, held=held)
    return scim.resource(held[key])


async def hold(tx: Transaction, caller: Caller, key: str, condition: Condition) -> rows.Row:
    """The user's row, kept from others until the commit. Raises Forbidden, and Stale for another version."""
    return _meant(await scim_held.hold(tx, caller.project, key), caller, condition)


def _meant(row: rows.Row | None, caller: Caller, condition: Condition) -> rows.Row:
    """The row, if it is the one that the request means."""
    if row is None or not access.reaches(caller, row):
        raise Forbidden
    condition.require(row["version"])
    return row


async def remove(tx: Transaction, caller: Caller, key: str, condition: Condition) -> None:
    """Removes a user for good; activity and revisions stay."""
    if condition != Condition():
        await hold(tx, caller, key, condition)
    await records.remove(tx, caller, [key])
