"""`idbridge connection`: makes, shows, changes and removes the connections of identity providers."""

import asyncio
from argparse import Namespace
from shlex import quote
from typing import Any

from service.commands import Failure, give, tell
from service.commands.connection_parser import TERMS
from service.commands.setting import configured, opened, secret_of
from service.config import Config
from service.database import Database, Transaction
from service.sealing import Sealer
from service.users import connection_changes, connections, projects
from service.users.connections import Connection
from service.users.model import house
from service.users.problems import NoSuch


def run(options: Namespace) -> None:
    """Run the command."""
    asyncio.run(_run(configured(), options))


async def found(database: Database, options: Namespace) -> Connection:
    """The connection that the options name."""
    connection = await database.read(connections.find, options.project, options.provider)
    if connection is None:
        raise Failure(
            f"The project {options.project} has no connection {options.provider}: "
            f"`idbridge connection create --provider {quote(options.provider)}` makes one."
        )
    return connection


async def _run(config: Config, options: Namespace) -> None:
    async with opened(config) as database:
        await _VERBS[options.verb](database, options, Sealer(config.secrets))


async def _create(database: Database, options: Namespace, sealer: Sealer) -> None:
    given = {**_terms(options), "provider": options.provider}
    give(await database.write(connection_changes.create, house(options.project), given, sealer))
    tell(f"`idbridge scim-token create --provider {quote(options.provider)}` makes a token for it.")


async def _change(database: Database, options: Namespace, sealer: Sealer) -> None:
    connection = await found(database, options)
    caller = house(options.project)
    await database.write(connection_changes.change, caller, connection.id, _terms(options), sealer)
    tell("In force from its next request on.")


async def _delete(database: Database, options: Namespace, _: Sealer) -> None:
    connection = await found(database, options)
    suspend = options.users == "suspend"
    await database.write(connection_changes.remove, house(options.project), connection.id, suspend=suspend)
    tell(f"{connection.name} is gone; its users are {'suspended' if suspend else 'as they were'}, nobody's.")


async def _list(database: Database, options: Namespace, _: Sealer) -> None:
    rows = await database.read(_listed, options.project)
    if not rows:
        tell("There are none: `idbridge connection create --provider okta` makes one.")
    for row in rows:
        flags = [name for name in ("adopt", "managed", "dry_run", "events", "events_full") if row[name]]
        terms = [f"{row['rate']}/s" if row["rate"] else "", *(row["networks"] or ()), *flags]
        give(
            "  ".join(
                (row["id"], f"{row['provider']:12}", f"{row['profile']:8}", row["name"], *filter(None, terms))
            )
        )


async def _listed(tx: Transaction, project: str) -> list[dict[str, Any]]:
    if await projects.title(tx, project) is None:
        raise NoSuch("project")
    return await connection_changes.listed(tx, house(project))


def _terms(options: Namespace) -> dict[str, object]:
    given = {name: value for name in TERMS if (value := getattr(options, name)) is not None}
    if "events_authorization" in given:
        given["events_authorization"] = secret_of(given["events_authorization"], "header")
    return given


_VERBS = {"create": _create, "change": _change, "delete": _delete, "list": _list}
