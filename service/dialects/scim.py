"""SCIM's words: users as resources, and resources as users.

A user that an identity provider brought keeps what the provider sent in `auth_data`, less what has a column.
A resource is that rest with the columns laid over it, so what was sent comes back unchanged.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, NamedTuple

import msgspec

from providers.scim import lens
from providers.scim.problems import InvalidValue
from providers.scim.schema import Resource, Value
from providers.scim.user import USER
from service.dialects import scim_groups
from service.dialects.fields import Field
from service.dialects.scim_tags import tag
from service.dialects.user_fields import USERS
from service.users.checks import is_email
from service.users.model import ACTIVE, ATTRIBUTES, SUSPENDED

EMAIL: Final = "emails[primary].value"
Row = tuple[Any, ...]
FIELDS: Final[Mapping[str, Field]] = {
    field.cells["scim"].word: field for field in USERS if "scim" in field.cells
}
_WHOLE: Final = frozenset({"userName", "externalId"})  # to cut a name would make two people one


class _Text(NamedTuple):
    """A text with a column: the name where it stands, and at how many characters the column cuts it."""

    name: str
    column: str
    limit: int | None


def _texts(within: str) -> tuple[_Text, ...]:
    """Those at the top of a resource, or those within its `name`."""
    found = []
    for word, field in FIELDS.items():
        above, _, name = word.rpartition(".")
        if above == within and field.guard == "open" and field.kind == "string" and name != "active":
            limit = None if word in _WHOLE else ATTRIBUTES[field.name].limit
            found.append(_Text(name, field.column, limit))
    return tuple(found)


_TOP: Final = _texts("")
_NAME: Final = _texts("name")
COLUMNS: Final = (
    "id", "version", "created_at", "changed_at", "connection", "auth_data", "status", "email",
    *(text.column for text in (*_TOP, *_NAME)),
)  # fmt: skip
# What has its own place, whatever an administrator wrote into `auth_data`.
_ASIDE: Final = frozenset({"schemas", "id", "meta", "active", "password", "groups"})


def resource(row: Mapping[str, Any]) -> Resource:
    """The resource of a user's row, without `meta.location`, which only the address knows."""
    kept = row["auth_data"]
    rest: Resource = kept if row["connection"] is not None and isinstance(kept, dict) else {}
    made: Resource = {"schemas": [], "id": row["id"], "externalId": None, "userName": None}
    if rest.keys().isdisjoint(_ASIDE):
        made.update(rest)
    else:
        made.update((name, value) for name, value in rest.items() if name not in _ASIDE)
    _lay(_TOP, row, made)
    name = rest.get("name")
    parts = dict(name) if isinstance(name, dict) else {}
    _lay(_NAME, row, parts)
    if parts:
        made["name"] = parts
    else:
        made.pop("name", None)
    made.setdefault("userName", row["email"] or row["id"])
    if rest.get("active", True) is not None:
        made["active"] = row["status"] == ACTIVE
    # One that was taken away here leaves the list as the provider sent it, or the next would go in its place.
    if row["email"] is not None and row["email"] != _address(made):
        made = lens.write(made, EMAIL, row["email"])
    groups = scim_groups.of_user(row["groups"]) if row.get("groups") is not None else []
    if groups:
        made["groups"] = groups
    made["schemas"] = USER.declared(made)
    made["meta"] = {
        "resourceType": "User",
        "created": row["created_at"],
        "lastModified": row["changed_at"],
        "version": tag(row["version"], groups),
    }
    return made


def _lay(texts: tuple[_Text, ...], row: Mapping[str, Any], made: Resource) -> None:
    """Puts the columns in their places, but for a text that is there in full and was cut for its column."""
    for name, column, limit in texts:
        value = row[column]
        if value is None:
            made.pop(name, None)
            continue
        whole = made.get(name)
        if not isinstance(whole, str) or whole[:limit] != value:
            made[name] = value


def _address(made: Resource) -> Value:
    """The e-mail of a resource: the primary one, else that for work, the first, or a userName that is one."""
    if made.get("emails"):
        entry = lens.chosen(made["emails"])
        return entry.get("value") if isinstance(entry, dict) else None
    name = made.get("userName")
    return name if isinstance(name, str) and is_email(name) else None


def values(made: Resource, status: str | None = None) -> dict[str, object]:
    """The columns of a resource; `status` is the one that the user has, None for a new user.

    `active` None says that it was unassigned, which is remembered and changes nothing of the status; absent
    it says nothing. The password is not among the values: it is `made["password"]`, and is hashed elsewhere.
    """
    rest = {name: value for name, value in made.items() if name not in _ASIDE}
    name = rest.pop("name", None)
    parts = dict(name) if isinstance(name, dict) else {}
    taken: dict[str, object] = {**_take(_TOP, rest), **_take(_NAME, parts)}
    if parts:
        rest["name"] = parts
    active = made.get("active")
    if active is None and "active" in made:
        rest["active"] = None
    state = _status(active, status)
    if state is not None:
        taken["status"] = state
    return {**taken, "email": _mailbox(made), "auth_data": rest}


def changes(before: Resource, after: Resource, status: str) -> dict[str, object]:
    """The columns of a resource that takes another's place.

    The e-mail is among them only where what it is made of is another one: an address that was set or taken
    away here stays so when the provider changes something else.
    """
    taken = values(after, status)
    if _address(before) == taken["email"]:
        del taken["email"]
    return taken


def differences(before: Resource, after: Resource, status: str) -> dict[str, object]:
    """The columns that differ between two resources of a user, who has this status."""
    were = values(before, status)
    return {name: value for name, value in values(after, status).items() if were.get(name) != value}


def _take(texts: tuple[_Text, ...], held: Resource) -> dict[str, object]:
    """Moves the texts out of a resource. What is too long for its column is cut there and stays here too:
    a long title is no reason to refuse a person, and the provider gets back what it sent."""
    taken: dict[str, object] = {}
    for text in texts:
        value = held.pop(text.name, None)
        if isinstance(value, str) and text.limit is not None and len(value) > text.limit:
            held[text.name], value = value, value[: text.limit]
        taken[text.column] = value
    return taken


def _mailbox(made: Resource) -> Value:
    address = _address(made)
    if isinstance(address, str) and not is_email(address):
        longest = ATTRIBUTES["email"].limit
        raise InvalidValue(
            'The value of "emails" that stands for the user, the primary one, is not an e-mail address '
            f"of at most {longest} characters."
        )
    return address


def _status(active: Value, status: str | None) -> str | None:
    """`false` suspends who is active and changes nothing otherwise; `true` activates; absent says nothing."""
    if status is None:
        return SUSPENDED if active is False else ACTIVE
    if active is None or (active is False and status != ACTIVE):
        return None
    return ACTIVE if active else SUSPENDED


def by_name(names: tuple[str, ...]) -> Callable[[Iterable[Row]], list[Resource]]:
    """What makes resources of rows whose columns come in this order."""

    def make(row: Row) -> Resource:
        found = dict(zip(names, row, strict=True))
        raw = found["auth_data"]
        if isinstance(raw, str):
            found["auth_data"] = msgspec.json.decode(raw)
        return resource(found)

    return lambda rows: list(map(make, rows))
