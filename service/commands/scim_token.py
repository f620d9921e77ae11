"""`idbridge scim-token`: makes, shows and revokes what an identity provider proves itself with."""

import asyncio
from argparse import Namespace

from service.commands import give, tell
from service.commands.connection import found
from service.commands.setting import configured, opened
from service.config import Config
from service.database import Database, Transaction
from service.users import connection_changes, connection_tokens
from service.users.connection_tokens import RECEIVER, SECRET, TOKEN, Issued
from service.users.model import house

_DAY = 86_400


def run(options: Namespace) -> None:
    """Run the command."""
    asyncio.run(_run(configured(), options))


async def _run(config: Config, options: Namespace) -> None:
    async with opened(config) as database:
        if options.verb == "create":
            await _create(config, database, options)
        elif options.verb == "list":
            await _list(database, options)
        else:
            connection = await found(database, options)
            caller = house(options.project)
            await database.write(connection_tokens.revoke, caller, connection.id, options.id)
            tell("Revoked: it opens nothing from now on.")


async def _create(config: Config, database: Database, options: Namespace) -> None:
    """The token goes out before anything that could fail: it is kept by then, and shown only now."""
    connection, made = await database.write(_made, options)
    give(made.token)
    if options.client_secret:
        tell(f"The client {connection} gets tokens at {config.public_url}/oauth/token with this secret.")
    elif options.receiver:
        tell(f"An application fetches events at {config.public_url}/ssf/feeds/{connection} with this token.")
    else:
        tell(f"The provider calls {config.public_url}/scim/v2 with this token, shown only now.")


async def _made(tx: Transaction, options: Namespace) -> tuple[str, Issued]:
    names = ("profile", "adopt", "default_role", "domains")
    given = {name: value for name in names if (value := getattr(options, name)) is not None}
    caller = house(options.project)
    connection = await connection_changes.ensure(tx, caller, options.provider, given)
    made = await connection_tokens.issue(
        tx,
        caller,
        connection,
        kind=SECRET if options.client_secret else RECEIVER if options.receiver else TOKEN,
        name=options.name,
        lifetime=None if options.days is None else options.days * _DAY,
    )
    return connection, made


async def _list(database: Database, options: Namespace) -> None:
    connection = await found(database, options)
    rows = await database.read(connection_tokens.listed, house(options.project), connection.id)
    for row in rows:
        used = f"last used {row['last_used_at']}" if row["last_used_at"] else "never used"
        ends = f"until {row['expires_at']}" if row["expires_at"] else "without end"
        give("  ".join((row["id"], f"{row['kind']:6}", row["hint"], ends, used, row["name"] or "")).rstrip())
    if not rows:
        tell("There are none.")
