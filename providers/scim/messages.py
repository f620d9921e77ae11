"""The envelopes of RFC 7644: ListResponse (3.4.2) and Error (3.12) go out, PatchOp (3.5.2) comes in."""

from collections.abc import Sequence
from typing import Final

from providers.scim.problems import InvalidSyntax
from providers.scim.schema import Resource, Value
from providers.scim.tolerance import DEFAULT, Profile

MEDIA_TYPE: Final = "application/scim+json"
LIST_RESPONSE: Final = "urn:ietf:params:scim:api:messages:2.0:ListResponse"
ERROR: Final = "urn:ietf:params:scim:api:messages:2.0:Error"
PATCH_OP: Final = "urn:ietf:params:scim:api:messages:2.0:PatchOp"


def list_response(resources: Sequence[Resource], *, total: int, start: int = 1) -> Resource:
    """A page of resources: `total` counts all that match, `start` is the place of the first one, from 1."""
    return {
        "schemas": [LIST_RESPONSE],
        "totalResults": total,
        "startIndex": start,
        "itemsPerPage": len(resources),
        "Resources": [*resources],
    }


def cursor_response(
    resources: Sequence[Resource],
    *,
    total: int,
    next_cursor: str | None = None,
    previous_cursor: str | None = None,
) -> Resource:
    """A page that was led to by a cursor, and the ways on from it, where there are any (RFC 9865, 2)."""
    cursors = {"previousCursor": previous_cursor, "nextCursor": next_cursor}
    return {
        "schemas": [LIST_RESPONSE],
        "totalResults": total,
        "itemsPerPage": len(resources),
        **{name: cursor for name, cursor in cursors.items() if cursor is not None},
        "Resources": [*resources],
    }


def error(status: int, detail: str, scim_type: str | None = None) -> Resource:
    """The body of a refusal; `status` goes out as text."""
    body: Resource = {"schemas": [ERROR], "status": str(status), "detail": detail}
    return {**body, "scimType": scim_type} if scim_type else body


def operations(body: object, profile: Profile = DEFAULT) -> list[Value]:
    """The operations of a PATCH body, one or more, for `patch.apply`. Raises InvalidSyntax."""
    if not isinstance(body, dict):
        raise InvalidSyntax("The body has to be a JSON object.")
    members = {str(name).lower(): value for name, value in body.items()}
    _check_schemas(members.get("schemas"), profile)
    listed = members.get("operations")
    if not isinstance(listed, list) or not listed:
        raise InvalidSyntax('"Operations" has to be a list of one or more operations.')
    return listed


def _check_schemas(schemas: object, profile: Profile) -> None:
    if schemas is None and profile.missing_schemas:
        return
    named = schemas if isinstance(schemas, list) else []
    if PATCH_OP.lower() not in {str(urn).lower() for urn in named if isinstance(urn, str)}:
        raise InvalidSyntax(f'"schemas" has to name {PATCH_OP}.')
