"""The people who may do all: the first one of a project, and further ones from the command line."""

from collections.abc import Mapping

from service.database import Transaction
from service.users import last_administrator, records, roles
from service.users.model import house
from service.users.problems import NoSuch
from service.users.turns import hold_project


async def create(tx: Transaction, project: str, values: Mapping[str, object]) -> str:
    """Make an administrator of these values (after Secrets.take); give the id.

    Raises NoSuch("project"), Invalid, Taken.
    """
    if not await hold_project(tx, project):
        raise NoSuch("project")
    role = await roles.make_administrators(tx, project)
    (user,) = await records.create(tx, house(project), [{**values, "role": role}])
    return user


async def ensure(tx: Transaction, project: str, values: Mapping[str, object]) -> str | None:
    """Make the first administrator, unless there is one already (None). Two that start together make one."""
    if not await hold_project(tx, project):
        raise NoSuch("project")
    if await last_administrator.exists(tx, project):
        return None
    return await create(tx, project, values)
