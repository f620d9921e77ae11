"""`idbridge scim-log`: what a connection asked, what came of it, and what to do about failures."""

import asyncio
import signal
from argparse import Namespace
from typing import Any

import msgspec

from service.commands import give, tell
from service.commands.connection import found
from service.commands.setting import configured, opened
from service.config import Config
from service.database import NIL_KEY
from service.users import sync_log
from service.users.model import house

_PAUSE = 1.0  # seconds between two looks
_MOST = 1000


def run(options: Namespace) -> None:
    """Run the command."""
    asyncio.run(_run(configured(), options))


async def _run(config: Config, options: Namespace) -> None:
    ended = asyncio.Event()
    for one in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(one, ended.set)
    async with opened(config) as database:
        connection = await found(database, options)
        caller = house(options.project)
        rows = await database.read(
            sync_log.newest, caller, connection.id, failed=options.failed or None, limit=options.limit
        )
        _show(rows[::-1], options)
        if not rows:
            tell(f"{'Nothing has failed' if options.failed else 'It has asked nothing'} of late.")
        shown = {row["id"] for row in rows}
        since = min(shown, default=NIL_KEY)
        while options.follow and not ended.is_set():
            # A row is complete some moments after its key was made, so that others may have overtaken it.
            rows = await database.read(sync_log.after, caller, connection.id, since, limit=_MOST)
            fresh = [row for row in rows if row["id"] not in shown and (row["failed"] or not options.failed)]
            _show(fresh, options)
            shown |= {row["id"] for row in fresh}
            if len(rows) > _MOST // 2:
                since = rows[len(rows) // 2]["id"]
            try:
                await asyncio.wait_for(ended.wait(), _PAUSE)
            except TimeoutError:
                continue


def _show(rows: list[dict[str, Any]], options: Namespace) -> None:
    for row in rows:
        give(msgspec.json.encode(row).decode() if options.json else _told(row))


def _told(row: dict[str, Any]) -> str:
    duration = "" if row["duration"] is None else f"{row['duration'] / 1000:8.1f} ms"
    changes = [f"{one['action']} {one['collection']} {one['id']}" for one in row["changed"] or ()]
    lines = [f"{row['at']}  {row['status'] or '---'}  {row['method']:6} {row['path']}  {duration.strip()}"]
    if row["dry_run"]:
        lines[0] += "  (dry run)"
    lines += [f"    {change}" for change in changes]
    if row["failed"]:
        lines.append(f"    answer: {row['answer'] or 'none'}")
    if row["advice"]:
        lines.append(f"    {row['advice']}")
    return "\n".join(lines)
