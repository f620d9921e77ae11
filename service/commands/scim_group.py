"""`idbridge scim-group map`: which roles the groups of an identity provider give, the first that applies."""

import asyncio
from argparse import Namespace

from service.commands import Failure, give, tell
from service.commands.connection import found
from service.commands.setting import configured, opened
from service.config import Config
from service.database import Transaction
from service.users import group_roles, roles
from service.users.checks import is_uuid
from service.users.group_roles import GroupRole
from service.users.model import house


def run(options: Namespace) -> None:
    """Run the command."""
    given = [_entry(text) for text in options.entries]
    entries = asyncio.run(_map(configured(), options, given))
    for entry in entries:
        give(f"{entry.group}={entry.role}{'  (makes administrators)' if entry.administers else ''}")
    if not entries:
        tell(f"No group of {options.provider} gives a role.")


async def _map(config: Config, options: Namespace, given: list[tuple[str, str]]) -> list[GroupRole]:
    async with opened(config) as database:
        await found(database, options)
        return await database.write(_settle, options, given)


async def _settle(tx: Transaction, options: Namespace, given: list[tuple[str, str]]) -> list[GroupRole]:
    caller = house(options.project)
    connection = await group_roles.connection_of(tx, caller, options.provider)
    if given or options.clear:
        meant = await roles.administer(tx, options.project, {role for _, role in given})
        entries = [
            GroupRole(group, role, administers=options.administrators and meant[role])
            for group, role in given
        ]
        await group_roles.replace(tx, caller, connection, entries)
    return await group_roles.read(tx, caller, connection)


def _entry(text: str) -> tuple[str, str]:
    group, sign, role = text.rpartition("=")
    if not sign or not group or not is_uuid(role):
        raise Failure(f'"{text}" is not written GROUP=ROLE: a group\'s name and the id of a role.', status=2)
    return group, role.lower()
