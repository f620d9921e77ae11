"""Another project with something of everything, whose every text holds a mark; and all that the tables hold."""

from typing import Any

import msgspec
from sqlalchemy import Table, select

from service.database import Transaction
from service.database.tables import metadata
from service.dialects import grants
from service.users import files, group_roles, permissions
from service.users.files import Upload
from service.users.group_roles import GroupRole
from service.users.model import house as ourselves
from tests.connecting import connect
from tests.languages.eights import another, ben
from tests.languages.pictures import picture
from tests.served import Served

NAME = "thumper"
MARK = "only-in-thumper"
# What moves on by itself when somebody is recognised.
_RESTLESS = frozenset({"last_access", "used_at", "last_used_at"})
_USER = "urn:ietf:params:scim:schemas:core:2.0:User"
_GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
Rows = dict[str, list[dict[str, Any]]]


class Credentials(msgspec.Struct):
    """What opens the other project: its administrator's token, a session of theirs, its connection's token."""

    admin: str
    session: str
    scim: str


async def project(house: Served) -> Credentials:
    """The project, with a row in every table that a route of ours reads."""
    database = house.house.database
    admin = await another(house, NAME)
    us = ourselves(NAME)

    async def ask(path: str, body: object, token: str = admin, **more: Any) -> Any:
        answer = await house.ask("POST", path, body, token=token, **more)
        assert answer.status_code in (200, 201), answer.text
        return answer.json()

    role = (await ask("/thumper/roles", {"name": MARK, "description": MARK}))["data"]["id"]
    person = ben(first_name=MARK, email=f"{MARK}@example.com", role=role, company=MARK)
    number = (await ask("/thumper/users", person))["data"]["id"]
    await ask("/thumper/users/invite", {"email": f"invited-{MARK}@example.com"})
    said = {"collection": "directus_users", "item": number, "comment": MARK}
    await ask("/thumper/activity/comment", said)
    login = {"email": person["email"], "password": person["password"]}
    told = await ask("/thumper/auth/authenticate", login, headers={"user-agent": MARK})
    scim = await database.write(connect, us, MARK)
    made = {"schemas": [_USER], "userName": f"scim-{MARK}@example.com", "title": MARK}
    member = (await ask("/scim/v2/Users", made, scim))["id"]
    await ask(
        "/scim/v2/Groups", {"schemas": [_GROUP], "displayName": MARK, "members": [{"value": member}]}, scim
    )
    taken = Upload(await house.house.pictures.take(picture(), "image/png"), {"title": MARK})
    await database.write(files.create, us, [taken])
    rows = await tables(house)
    key = next(row["id"] for row in rows["roles"] if row["name"] == MARK)
    (connection,) = rows["connections"]
    await database.write(group_roles.replace, us, connection["id"], [GroupRole(MARK, key)])
    rule = {"role": key, "collection": "users", "action": "read", "fields": ["*"],
            "permissions": {"first_name": {"_eq": MARK}}}  # fmt: skip
    await database.write(permissions.create, us, [rule], grants.check)
    return Credentials(admin, told["data"]["token"], scim)


async def tables(house: Served) -> Rows:
    """Every row of the project, by table; but for the sync log, which is written behind the answers' backs."""
    held = [t for t in metadata.sorted_tables if "project" in t.c and t.name != "sync_log"]
    return {table.name: await house.house.database.read(_rows, table) for table in held}


async def _rows(tx: Transaction, table: Table) -> list[dict[str, Any]]:
    names = [column.name for column in table.c if column.name not in _RESTLESS]
    found = await tx.rows(select(*(table.c[name] for name in names)).where(table.c.project == NAME))
    return sorted((dict(zip(names, row, strict=True)) for row in found), key=repr)
