"""The tables of the User schema and its enterprise extension (RFC 7643, 4.1 and 4.3, verified errata in)."""

from typing import Final

from providers.scim.schema import Attribute, ResourceType, Schema

_WORK: Final = ("work", "home", "other")

# Case exact: what holds an `id` (RFC 7643, 3.1 and errata 8472), references (2.3.7), binaries (2.3.6).


def _plural(name: str, description: str, value: Attribute, types: tuple[str, ...] = ()) -> Attribute:
    """A multi-valued attribute with the default sub-attributes of RFC 7643, 2.4."""
    return Attribute(
        name,
        description,
        type="complex",
        multi_valued=True,
        sub_attributes=(
            value,
            Attribute("display", "A name of the value for people to read."),
            Attribute("type", "What the value is used for.", canonical_values=types),
            Attribute("primary", "Whether this is the preferred value; at most one is.", type="boolean"),
        ),
    )


_NAME: Final = Attribute(
    "name",
    "The parts of the user's name.",
    type="complex",
    sub_attributes=(
        Attribute("formatted", "The whole name, ready to be shown."),
        Attribute("familyName", "The family name, or last name."),
        Attribute("givenName", "The given name, or first name."),
        Attribute("middleName", "The middle names."),
        Attribute("honorificPrefix", "What stands before the name, as Dr."),
        Attribute("honorificSuffix", "What stands after the name, as III."),
    ),
)

# `primary` is not in the RFC's JSON for addresses, but in its examples (7643, 8.2; 7644, 3.5.2.3).
_ADDRESSES: Final = Attribute(
    "addresses",
    "Postal addresses of the user.",
    type="complex",
    multi_valued=True,
    sub_attributes=(
        Attribute("formatted", "The whole address, ready for a label; may contain newlines."),
        Attribute("streetAddress", "Street, house number and the like; may contain newlines."),
        Attribute("locality", "The city."),
        Attribute("region", "The state or region."),
        Attribute("postalCode", "The postal code."),
        Attribute("country", "The country, as a two-letter code of ISO 3166-1."),
        Attribute("type", "What the address is used for.", canonical_values=_WORK),
        Attribute("primary", "Whether this is the preferred address; at most one is.", type="boolean"),
    ),
)

# Errata 8471: `$ref` leads to a Group only.
_GROUPS: Final = Attribute(
    "groups",
    "The groups that the user belongs to; they are changed through the groups.",
    type="complex",
    multi_valued=True,
    mutability="readOnly",
    sub_attributes=(
        Attribute("value", "The id of the group.", case_exact=True, mutability="readOnly"),
        Attribute(
            "$ref",
            "The address of the group.",
            type="reference",
            reference_types=("Group",),
            case_exact=True,
            mutability="readOnly",
        ),
        Attribute("display", "The name of the group.", mutability="readOnly"),
        Attribute(
            "type",
            "Whether the user is in the group itself or in one inside it.",
            canonical_values=("direct", "indirect"),
            mutability="readOnly",
        ),
    ),
)

CORE_USER: Final = Schema(
    "urn:ietf:params:scim:schemas:core:2.0:User",
    "User",
    "User Account",
    (
        Attribute("userName", "The name that the user signs in with.", required=True, uniqueness="server"),
        _NAME,
        Attribute("displayName", "The name of the user as it is shown."),
        Attribute("nickName", "What the user is called in daily life."),
        Attribute(
            "profileUrl",
            "The page about the user.",
            type="reference",
            reference_types=("external",),
            case_exact=True,
        ),
        Attribute("title", "The user's title, as Vice President."),
        Attribute(
            "userType", "How the user and the organization belong together, as Employee or Contractor."
        ),
        Attribute("preferredLanguage", "The languages that the user prefers, as in Accept-Language."),
        Attribute("locale", "The language tag by which dates, numbers and currency are written."),
        Attribute("timezone", "The user's time zone, as Europe/Paris."),
        Attribute("active", "Whether the user may come in.", type="boolean"),
        Attribute(
            "password",
            "The user's password; it is set here and never shown.",
            case_exact=True,
            mutability="writeOnly",
            returned="never",
        ),
        _plural("emails", "E-mail addresses of the user.", Attribute("value", "The e-mail address."), _WORK),
        _plural(
            "phoneNumbers",
            "Phone numbers of the user.",
            Attribute("value", "The phone number, best as RFC 3966 writes it."),
            ("work", "home", "mobile", "fax", "pager", "other"),
        ),
        _plural(
            "ims",
            "Instant messaging addresses of the user.",
            Attribute("value", "The instant messaging address."),
            ("aim", "gtalk", "icq", "xmpp", "msn", "skype", "qq", "yahoo", "other"),
        ),
        _plural(
            "photos",
            "Pictures of the user.",
            Attribute(
                "value",
                "The address of the picture.",
                type="reference",
                reference_types=("external",),
                case_exact=True,
            ),
            ("photo", "thumbnail"),
        ),
        _ADDRESSES,
        _GROUPS,
        _plural(
            "entitlements", "Things that the user is entitled to.", Attribute("value", "The entitlement.")
        ),
        _plural("roles", "Roles of the user.", Attribute("value", "The role.")),
        _plural(
            "x509Certificates",
            "Certificates that were issued to the user.",
            Attribute("value", "One certificate: DER in base64.", type="binary", case_exact=True),
        ),
    ),
)

_MANAGER: Final = Attribute(
    "manager",
    "The user's manager.",
    type="complex",
    sub_attributes=(
        Attribute("value", "The id of the manager's own user.", case_exact=True),
        Attribute(
            "$ref",
            "The address of the manager's own user.",
            type="reference",
            reference_types=("User",),
            case_exact=True,
        ),
        Attribute("displayName", "The name of the manager.", mutability="readOnly"),
    ),
)

ENTERPRISE_USER: Final = Schema(
    "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User",
    "EnterpriseUser",
    "Enterprise User",
    (
        Attribute("employeeNumber", "The number or name that the organization gave the person."),
        Attribute("costCenter", "The name of the cost center."),
        Attribute("organization", "The name of the organization."),
        Attribute("division", "The name of the division."),
        Attribute("department", "The name of the department."),
        _MANAGER,
    ),
)

USER: Final = ResourceType("User", "/Users", "User Account", CORE_USER, (ENTERPRISE_USER,))
