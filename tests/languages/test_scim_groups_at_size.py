"""A change of one member costs the same in a group of 50,000 as in any other."""

from sqlalchemy import bindparam, insert, select

from providers.scim import planning
from providers.scim.group import GROUP
from providers.scim.tolerance import DEFAULT
from service.api import scim_groups
from service.api.scim_conditions import Condition
from service.database import Database, Transaction, new_key, now
from service.database.tables import group_users, users
from service.users import group_roles, groups
from service.users.group_roles import GroupRole
from service.users.membership import Wanted
from service.users.model import Caller
from tests.connecting import connect
from tests.core.counting import counted
from tests.core.people import HOUSE, a_role, history_of
from tests.stopwatch import within

SIZE = 50_000


async def _fill(tx: Transaction, caller: Caller, group: str) -> list[str]:
    """Everybody but the first is in the group."""
    at, ids = now(), [new_key() for _ in range(SIZE)]
    row = {
        "project": "default", "status": "active", "provider": "okta", "email_notifications": True, "retired": "",
        "search_text": "", "version": 1, "created_at": at, "changed_at": at, "connection": caller.connection,
    }  # fmt: skip
    await tx.run_many(
        insert(users), [{**row, "id": id_, "user_name": id_, "user_name_key": id_} for id_ in ids]
    )
    await tx.run_many(
        insert(group_users), [{"project": "default", "group": group, "user": id_} for id_ in ids[1:]]
    )
    return ids


async def _role(tx: Transaction, id_: str) -> str | None:
    (role,) = await tx.row(select(users.c.role).where(users.c.id == bindparam("id")), id=id_) or (None,)
    return role


async def test_one_member_of_50_000_comes_and_goes_by_a_handful_of_rows(database: Database) -> None:
    staff = await a_role(database, name="Staff")
    await database.write(connect, HOUSE, "okta")
    connection = await database.read(group_roles.connection_of, HOUSE, "okta")
    okta = Caller("default", connection=connection, provider="okta")
    key = new_key()
    await database.write(groups.create, okta, key, {"display_name": "Everybody"}, Wanted())
    await database.write(group_roles.replace, HOUSE, connection, [GroupRole("Everybody", staff)])
    newcomer = (await database.write(_fill, okta, key))[0]
    body = {"path": "members", "value": [{"value": newcomer}]}
    chosen = {"op": "remove", "path": f'members[value eq "{newcomer}"]'}
    for operation, belongs, shown in (
        ({"op": "add", **body}, True, 0),
        ({"op": "remove", **body}, False, 0),
        ({"op": "add", **body}, True, scim_groups.SHOWN + 1),
        (chosen, False, 0),
        (chosen, False, 0),
    ):
        changes = planning.plan([operation], GROUP).changes
        with within(2):
            _, count = await counted(
                database, scim_groups.alter, okta, key, Condition(), changes, DEFAULT, shown
            )
        assert len(count.statements) <= 20, count.statements
        assert count.read <= 20 + shown
        assert await database.read(_role, newcomer) == (staff if belongs else None)
    (_, data, delta) = (await history_of(database, key))[-1]
    assert delta == {"members": {"added": [], "removed": [newcomer]}}
    assert data.keys() == {"id", "display_name", "external_identifier"}
