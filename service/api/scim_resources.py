"""The types of resources that SCIM serves, a row each: every address, `.search` and discovery look here."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Final

import msgspec

from providers.scim.group import GROUP
from providers.scim.schema import Resource, ResourceType
from providers.scim.user import USER
from service.api import scim_groups, scim_lists, scim_users
from service.api.scim_conditions import Condition
from service.api.scim_lists import Listed
from service.api.scim_requests import BASE, Request
from service.dialects.scim_tags import tag
from service.users.problems import RouteUnknown


class Many(msgspec.Struct, frozen=True, eq=False):
    """How resources of a type are made many at a time: `prepare` makes values of a body and the id that is
    meant for it, `make` writes such values, all or none; the entity tag of a new resource is `version`."""

    prepare: Callable[[Request, object, str], Awaitable[Mapping[str, object]]]
    make: Callable[[Request, Sequence[Mapping[str, object]]], Awaitable[None]]
    version: str


class Served(msgspec.Struct, frozen=True, eq=False):
    """One type and its verbs. They take a request of that type, keys as `keys.key_of` gives them,
    and bodies as JSON; what they give has no addresses in it yet, as `Request.resource` puts them there.

    `create` takes the id that is meant for the new one. `change` gives None where the whole resource is too
    large to be the answer to a change of a part.
    """

    type: ResourceType
    page: Callable[[Request], Awaitable[Listed]]
    read: Callable[[Request, str], Awaitable[Resource]]
    create: Callable[[Request, object, str], Awaitable[Resource]]
    replace: Callable[[Request, str, object, Condition], Awaitable[Resource]]
    change: Callable[[Request, str, Sequence[object], Condition], Awaitable[Resource | None]]
    remove: Callable[[Request, str, Condition], Awaitable[None]]
    many: Many | None = None


SERVED: Final = (
    Served(
        USER,
        scim_lists.page,
        scim_users.read,
        scim_users.create,
        scim_users.replace,
        scim_users.change,
        scim_users.remove,
        Many(scim_users.prepare, scim_users.make, tag(1)),
    ),
    Served(
        GROUP,
        scim_groups.page,
        scim_groups.read,
        scim_groups.create,
        scim_groups.replace,
        scim_groups.change,
        scim_groups.remove,
    ),
)
TYPES: Final = tuple(one.type for one in SERVED)
_BY_ENDPOINT: Final = {one.type.endpoint[1:]: one for one in SERVED}


def addressed(path: str) -> Served:
    """The row of the type that a path below /scim/v2 is about. Raises RouteUnknown."""
    found = _BY_ENDPOINT.get(path.removeprefix(f"{BASE}/").partition("/")[0])
    if found is None:
        raise RouteUnknown(path)
    return found
