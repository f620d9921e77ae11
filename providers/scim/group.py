"""The table of the Group schema (RFC 7643, 4.2, with the verified errata)."""

from typing import Final

from providers.scim.schema import Attribute, ResourceType, Schema

# A whole group may arrive in one message; the size of the body bounds it before this number does.
_MOST_MEMBERS: Final = 500_000

_MEMBERS: Final = Attribute(
    "members",
    "The members of the group.",
    type="complex",
    multi_valued=True,
    max_values=_MOST_MEMBERS,
    sub_attributes=(
        Attribute("value", "The id of the member.", case_exact=True, mutability="immutable"),
        Attribute(
            "$ref",
            "The address of the member.",
            type="reference",
            reference_types=("User", "Group"),
            case_exact=True,
            mutability="immutable",
        ),
        Attribute(
            "type",
            "What the member is.",
            canonical_values=("User", "Group"),
            mutability="immutable",
        ),
        Attribute("display", "The name of the member.", mutability="immutable"),
    ),
)

CORE_GROUP: Final = Schema(
    "urn:ietf:params:scim:schemas:core:2.0:Group",
    "Group",
    "Group",
    (
        # Errata 5368: required.
        Attribute("displayName", "The name of the group.", required=True, uniqueness="server"),
        _MEMBERS,
    ),
)

GROUP: Final = ResourceType("Group", "/Groups", "Group", CORE_GROUP)
