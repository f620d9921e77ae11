"""Users over SCIM: the verbs of their row in `scim_resources`."""

from collections.abc import Container, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial

import msgspec

from providers.scim import patch as patches
from providers.scim import planning
from providers.scim.changes import Change
from providers.scim.resource import normalise
from providers.scim.schema import Resource, Value
from providers.scim.tolerance import Profile
from providers.scim.user import USER
from service.api import scim_changes
from service.api.scim_changes import Become
from service.api.scim_conditions import Condition
from service.api.scim_requests import Request
from service.dialects import scim
from service.users import records
from service.users.problems import Taken


class Wanted(msgspec.Struct, frozen=True):
    """What a user is to become, and the passwords that a request names: of several the last one stays."""

    become: Become
    passwords: Sequence[Value]


async def read(request: Request, key: str) -> Resource:
    """One user. Raises Forbidden for one that is not there or not this connection's."""
    groups = request.shown.shows("groups")
    return await request.call.house.database.read(scim_changes.find, request.caller, key, groups=groups)


async def create(request: Request, body: object, key: str) -> Resource:
    """A user that belongs to this connection from now on."""
    values = await prepare(request, body, key)
    with _as_sent(values["auth_data"]):
        return await request.call.house.database.write(scim_changes.create, request.caller, values)


async def prepare(request: Request, body: object, key: str) -> Mapping[str, object]:
    """The values of a user who is to be made, with this id."""
    incoming = _incoming(request, body)
    values: dict[str, object] = {"id": key, **scim.values(incoming)}
    if request.connection.default_role is not None:
        values["role"] = request.connection.default_role
    if incoming.get("password") is not None:
        values |= await _kept(request, key, incoming["password"])
    return values


async def make(request: Request, many: Sequence[Mapping[str, object]]) -> None:
    """Makes users, all or none."""
    with _as_sent(many[0]["auth_data"]):
        await request.call.house.database.write(records.create, request.caller, many)


async def replace(request: Request, key: str, body: object, condition: Condition) -> Resource:
    """The whole user anew; a password or `active` that is not given stays: clients cannot read the one, and
    say nothing with the lack of the other (RFC 7644, 3.5.1)."""
    request, incoming = request.putting(), _incoming(request, body)
    with _as_sent(incoming):
        return await _changed(request, key, condition, anew(incoming))


async def change(
    request: Request, key: str, operations: Sequence[object], condition: Condition
) -> Resource | None:
    """A user after operations: all of them or none."""
    planned = planning.plan(operations, USER, request.profile)
    request.note(planned.dropped)
    with _as_sent({change.target.attribute.name for change in planned.changes}):
        return await _changed(request, key, condition, stepwise(planned.changes, request.profile))


async def remove(request: Request, key: str, condition: Condition) -> None:
    """Removes a user for good; activity and revisions stay."""
    await request.call.house.database.write(scim_changes.remove, request.caller, key, condition)


def anew(incoming: Resource) -> Wanted:
    """The whole user."""
    return Wanted(lambda _: incoming, [incoming["password"]] if incoming.get("password") is not None else [])


def stepwise(changes: Sequence[Change], profile: Profile) -> Wanted:
    """A user after changes."""
    passwords = [change.value for change in changes if change.target.attribute.name == "password"]
    return Wanted(partial(_patched, changes, profile), passwords)


def _patched(changes: Sequence[Change], profile: Profile, before: Resource) -> Resource:
    """The resource after the changes; with `active` None where it has become, or was, unassigned."""
    after = patches.make(before, changes, USER, profile)
    return {"active": None, **after}


async def _changed(request: Request, key: str, condition: Condition, wanted: Wanted) -> Resource:
    """Changes a user and gives the resource."""
    kept = await new_password(request, key, condition, wanted)
    return await request.call.house.database.write(
        scim_changes.change, request.caller, key, condition, wanted.become, kept
    )


async def new_password(request: Request, key: str, condition: Condition, wanted: Wanted) -> dict[str, object]:
    """The new password as it is kept; nothing where none is named, or the one that the user has: to be sent
    it again ends no session.

    Whoever may not write this user, or means another version, is refused before the work of hashing.
    """
    if not wanted.passwords:
        return {}
    house, password = request.call.house, wanted.passwords[-1]
    row = await house.database.write(scim_changes.hold, request.caller, key, condition)
    known = row["password_hash"]
    if known is not None and isinstance(password, str) and await house.hasher.verify(known, password):
        return {}
    return await _kept(request, key, password)


async def _kept(request: Request, key: str, password: Value) -> dict[str, object]:
    return await request.call.house.secrets.take(request.caller, {"password": password}, key)


@contextmanager
def _as_sent(names: object) -> Iterator[None]:
    """Whoever sent no `emails`, but a userName that is one, is told of the userName."""
    try:
        yield
    except Taken as problem:
        if problem.field == "email" and isinstance(names, Container) and "emails" not in names:
            raise Taken("user_name") from problem
        raise


def _incoming(request: Request, body: object) -> Resource:
    """The resource of a POST or PUT."""
    incoming = normalise(body, USER, request.profile)
    request.note(incoming.dropped)
    return incoming.resource
