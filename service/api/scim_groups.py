"""Groups over SCIM: the verbs of their row in `scim_resources`, each change one transaction."""

from collections.abc import Sequence
from typing import Final

from providers.scim import planning
from providers.scim.changes import Change
from providers.scim.group import GROUP
from providers.scim.problems import TooMany
from providers.scim.resource import normalise
from providers.scim.schema import Resource
from providers.scim.tolerance import Profile
from service.api import scim_lists
from service.api.scim_conditions import Condition
from service.api.scim_lists import Listed
from service.api.scim_requests import Request
from service.database import Transaction
from service.dialects import question, scim_groups, scim_members, scim_membership
from service.dialects.dialect import GROUP_COLLECTION
from service.dialects.scim_membership import Members
from service.users import groups
from service.users.membership import Wanted
from service.users.model import Caller
from service.users.problems import Forbidden
from service.users.rows import Row

ALL: Final = 2**62
SHOWN: Final = 1000  # members of a group that is the answer to a PATCH; with more it is 204 (RFC 7644, 3.5.2)
MOST_LISTED: Final = 200_000  # members in one page of groups


async def page(request: Request) -> Listed:
    """A page of groups, with their members where they are to be shown. Raises TooMany for too many."""
    listed = await scim_lists.page(request)
    keys = [str(made["id"]) for made in listed.resources]
    if keys and request.shown.shows("members"):
        database, project = request.call.house.database, request.caller.project
        of = await database.scan(scim_members.members, project, keys, MOST_LISTED + 1)
        if sum(map(len, of.values())) > MOST_LISTED:
            raise TooMany("The groups have too many members for one answer; use excludedAttributes=members.")
        for made, key in zip(listed.resources, keys, strict=True):
            scim_groups.with_members(made, of[key])
    return listed


async def read(request: Request, key: str) -> Resource:
    """One group. Raises Forbidden for one that is not there or not this connection's."""
    database = request.call.house.database
    if request.shown.shows("members"):  # of which there may be very many
        return await database.scan(_find, request.caller, key, ALL)
    return await database.read(_find, request.caller, key, 0)


async def create(request: Request, body: object, key: str) -> Resource:
    """A group that belongs to this connection from now on."""
    incoming, most = _incoming(request, body), ALL if request.shown.shows("members") else 0
    return await request.call.house.database.write(_create, request.caller, key, incoming, most)


async def replace(request: Request, key: str, body: object, condition: Condition) -> Resource:
    """The whole group anew; without `members` it is empty (RFC 7644, 3.5.1)."""
    incoming, most = _incoming(request, body), ALL if request.shown.shows("members") else 0
    caller = request.putting().caller
    return await request.call.house.database.write(_replace, caller, key, condition, incoming, most)


async def change(
    request: Request, key: str, operations: Sequence[object], condition: Condition
) -> Resource | None:
    """A group after operations, all of them or none; None where it has too many members to be the answer."""
    planned = planning.plan(operations, GROUP, request.profile)
    request.note(planned.dropped)
    chosen = bool(request.asked.attributes or request.asked.excluded)
    most = (ALL if chosen else SHOWN + 1) if request.shown.shows("members") else 0
    made = await request.call.house.database.write(
        alter, request.caller, key, condition, planned.changes, request.profile, most
    )
    members = made.get("members")
    return None if not chosen and isinstance(members, list) and len(members) > SHOWN else made


async def remove(request: Request, key: str, condition: Condition) -> None:
    """Removes a group; its members stay."""
    await request.call.house.database.write(_remove, request.caller, key, condition)


def _incoming(request: Request, body: object) -> Resource:
    incoming = normalise(body, GROUP, request.profile)
    request.note(incoming.dropped)
    return incoming.resource


async def _find(tx: Transaction, caller: Caller, key: str, most: int) -> Resource:
    """The resource of a group with at most so many members."""
    asked = question.ask(caller, "scim", GROUP_COLLECTION.name, (), key=key)
    row = await question.row(tx, asked)
    if row is None:
        raise Forbidden
    made = question.resource(asked, row)
    return scim_groups.with_members(made, await _members(tx, caller, key, most) if most else [])


async def _members(tx: Transaction, caller: Caller, key: str, most: int = ALL) -> Members:
    return (await scim_members.members(tx, caller.project, [key], most))[key]


async def _create(tx: Transaction, caller: Caller, key: str, incoming: Resource, most: int) -> Resource:
    wanted = Wanted()
    wanted.add(scim_membership.named(incoming.get("members")))
    await groups.create(tx, caller, key, scim_groups.values(incoming), wanted)
    return await _find(tx, caller, key, most)


async def _replace(
    tx: Transaction, caller: Caller, key: str, condition: Condition, incoming: Resource, most: int
) -> Resource:
    row = await _hold(tx, caller, key, condition)
    wanted = Wanted()
    wanted.replace(scim_membership.named(incoming.get("members")))
    await groups.change(tx, caller, row, scim_groups.values(incoming), wanted)
    return await _find(tx, caller, key, most)


async def alter(
    tx: Transaction,
    caller: Caller,
    key: str,
    condition: Condition,
    changes: Sequence[Change],
    profile: Profile,
    most: int,
) -> Resource:
    """Makes the changes of a PATCH; gives the resource with at most so many members."""
    row = await _hold(tx, caller, key, condition)
    members, others = scim_membership.split(changes)

    async def look() -> Members:
        return await _members(tx, caller, key)

    wanted = await scim_membership.wanted(members, look)
    before = scim_groups.resource(row)
    values = scim_groups.values(scim_membership.after(before, others, profile)) if others else {}
    await groups.change(tx, caller, row, values, wanted)
    return await _find(tx, caller, key, most)


async def _remove(tx: Transaction, caller: Caller, key: str, condition: Condition) -> None:
    await groups.remove(tx, caller, await _hold(tx, caller, key, condition))


async def _hold(tx: Transaction, caller: Caller, key: str, condition: Condition) -> Row:
    """The group's row, kept from others until the commit. Raises Forbidden, and Stale for another version."""
    row = await groups.hold(tx, caller, key)
    condition.require(row["version"])
    return row
