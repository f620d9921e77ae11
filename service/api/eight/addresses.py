"""Paths of the 8 generation: a project comes first, and numbers, or `me`, stand where our keys do.

They are put into our own words before the router sees them, so the handlers that all generations share know
of no numbers. What names nothing becomes the key of nobody, and is answered as what is not there.
"""

import re
from collections.abc import Sequence
from typing import Final

from service.api.calls import Call
from service.api.eight.generation import GENERATION_8, PREFIX
from service.api.keys import NOBODY, key_of
from service.database import Transaction
from service.users import model, numbers
from service.users.problems import Forbidden, Problem
from service.users.projects import RESERVED

_NUMBERED: Final = {"users/": model.USERS, "roles/": model.ROLES, "auth/logout/": model.USERS}
NUMBER: Final = re.compile(r"[0-9]{1,18}")
MOST: Final = 1000  # ids in one path


async def arrive(call: Call) -> None:
    """Gives the call its project and generation, where the path says so."""
    path: str = call.scope["path"]
    first, _, rest = path[1:].partition("/")
    if first in RESERVED:
        if path.startswith(PREFIX):  # an address of ours, which nobody comes in by
            call.scope["path"] = "/-"
        return
    if not first or call.prefix or await call.house.projects.zone(first) is None:
        return
    call.project, call.prefix, call.generation = first, f"/{first}", GENERATION_8
    call.scope["path"] = f"{PREFIX}/{rest}".rstrip("/")
    call.scope["path"] = f"{PREFIX}/{await _in_keys(call, rest)}".rstrip("/")


async def _in_keys(call: Call, path: str) -> str:
    room = next((room for room in _NUMBERED if path.startswith(room)), None)
    if room is None:
        return path
    first, slash, more = path.removeprefix(room).partition("/")
    if first == "me" and _NUMBERED[room] == model.USERS:
        return room + await _me(call) + slash + more
    ids = first.split(",")
    given = {one for one in ids if NUMBER.fullmatch(one)}
    if not given or len(ids) > MOST:
        return path
    found = await call.house.database.read(_keys, call.project, _NUMBERED[room], sorted(map(int, given)))
    named = ",".join(found.get(int(one), NOBODY) if one in given else one for one in ids)
    return room + named + slash + more


async def _keys(tx: Transaction, project: str, collection: str, wanted: Sequence[int]) -> dict[int, str]:
    return dict(await numbers.keys(tx, project, collection, wanted))


def named(key: str) -> str:
    """The key of somebody whom a path names. Raises Forbidden for a number that nobody has."""
    known = key_of(key)
    if known == NOBODY:
        raise Forbidden
    return known


async def _me(call: Call) -> str:
    """The caller's key; who is asking is asked again by the handler, which says what is wrong."""
    try:
        return (await call.caller()).user or "me"
    except Problem:
        return "me"
