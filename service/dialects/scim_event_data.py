"""What "full" events say (RFC 9967, 2.4): the resource as it is now, or a PATCH that makes it so there."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from providers.scim.group import GROUP
from providers.scim.messages import PATCH_OP
from providers.scim.schema import Resource, Value
from providers.scim.user import USER
from service.dialects import scim, scim_groups

_TYPES: Final = {"": USER, "_groups": GROUP}  # as the core's lists of members end
Said = tuple[str, Resource | None]


def of_user(name: str, changed: Sequence[str], values: Mapping[str, Any]) -> Said:
    """The event's name and its data; `changed` are the paths of what is another than before."""
    made = scim.resource(values)
    if name != "patch":
        return name, made
    return name, _patch([one for path in changed for one in _set(made, path)])


def of_group(name: str, changed: Sequence[str], values: Mapping[str, Any]) -> Said:
    """The same for a group. A PUT too is told as the PATCH that it comes to, which names who came and went,
    not all who stay (RFC 9967, 5)."""
    made, moved = scim_groups.resource(values), values.get("members") or {}
    if name == "create":
        return name, made | ({"members": list(_members(moved, "added"))} if moved else {})
    operations: list[Value] = [one for path in changed if path != "members" for one in _set(made, path)]
    operations += [
        {"op": "remove", "path": f'members[value eq "{id_}"]'}
        for end in _TYPES
        for id_ in moved.get(f"removed{end}", ())
    ]
    added = list(_members(moved, "added"))
    if added:
        operations.append({"op": "add", "path": "members", "value": added})
    return "patch", _patch(operations)


def _members(moved: Mapping[str, Any], word: str) -> Iterator[Value]:
    for end, type_ in _TYPES.items():
        for id_ in moved.get(word + end, ()):
            yield {"value": id_, "type": type_.name, "$ref": f"{type_.endpoint}/{id_}"}


def _patch(operations: list[Value]) -> Resource | None:
    return {"schemas": [PATCH_OP], "Operations": operations} if operations else None


def _set(made: Resource, path: str) -> Iterator[Resource]:
    """The operations that make an attribute what it is in the resource. What has parts goes first: to replace
    it would leave those alone that it has no longer (RFC 7644, 3.5.2.3)."""
    name, _, part = (path, "", "") if ":" in path else path.partition(".")
    whole = made.get(name)
    value = whole.get(part) if part and isinstance(whole, dict) else None if part else whole
    if value is None or isinstance(value, dict):
        yield {"op": "remove", "path": path}
    if value is not None:
        yield {"op": "add" if isinstance(value, dict) else "replace", "path": path, "value": value}
