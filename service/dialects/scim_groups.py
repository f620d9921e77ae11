"""SCIM's words for groups: a row, and its members where they are asked for, as a resource."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final

import msgspec

from providers.scim.group import GROUP
from providers.scim.schema import Resource, Value
from service.dialects.scim_tags import tag

COLUMNS: Final = (
    "id", "version", "created_at", "changed_at", "display_name", "external_identifier",
)  # fmt: skip


def resource(row: Mapping[str, Any]) -> Resource:
    """The resource of a group's row, without its members."""
    made: Resource = {"schemas": [GROUP.schema.urn], "id": row["id"]}
    if row["external_identifier"] is not None:
        made["externalId"] = row["external_identifier"]
    made["displayName"] = row["display_name"]
    made["meta"] = {
        "resourceType": GROUP.name,
        "created": row["created_at"],
        "lastModified": row["changed_at"],
        "version": tag(row["version"]),
    }
    return made


def by_name(names: tuple[str, ...]) -> Callable[[Iterable[tuple[Any, ...]]], list[Resource]]:
    """What makes resources of rows whose columns come in this order."""
    return lambda rows: [resource(dict(zip(names, row, strict=True))) for row in rows]


def with_members(made: Resource, members: Sequence[tuple[str, str, str | None]]) -> Resource:
    """The resource with its members, of each the id, the type and the name."""
    if members:
        made["members"] = [_member(*member) for member in members]
    return made


def _member(id_: str, type_: str, display: str | None) -> Value:
    member: Resource = {"value": id_, "type": type_}
    return {**member, "display": display} if display else member


def values(made: Resource) -> dict[str, object]:
    """The attributes of a resource in our own words."""
    return {"display_name": made.get("displayName"), "external_identifier": made.get("externalId")}


def of_user(listed: str) -> list[Value]:
    """The groups of a user; whoever is in one itself is not in it indirectly as well."""
    found: dict[str, Value] = {}
    for id_, display, type_ in sorted(msgspec.json.decode(listed), key=lambda one: (one[2], one[0])):
        found.setdefault(id_, {"value": id_, "display": display, "type": type_})
    return list(found.values())
