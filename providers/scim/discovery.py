"""Makes /Schemas, /ResourceTypes and /ServiceProviderConfig (RFC 7644, 4) of the tables of attributes."""

from collections.abc import Sequence
from typing import Final

from providers.scim.paging import CURSOR_SECONDS, DEFAULT_COUNT, MAX_COUNT
from providers.scim.planning import MAX_OPERATIONS
from providers.scim.provider_schemas import PROVIDER_CONFIG, PROVIDER_SCHEMAS, RESOURCE_TYPE, SCHEMA
from providers.scim.schema import Attribute, Resource, ResourceType, Schema

MAX_PAYLOAD: Final = 8 * 1024 * 1024

_CASED: Final = frozenset({"string", "reference", "binary"})
_UNIQUE: Final = frozenset({"string", "reference", "integer", "decimal", "dateTime"})


def schemas(types: Sequence[ResourceType], base: str) -> list[Resource]:
    """Every schema that is served, those of discovery too; `base` is the address before `/Schemas`."""
    return [_schema(schema, base) for schema in _served(types)]


def schema(types: Sequence[ResourceType], urn: str, base: str) -> Resource | None:
    """The schema of that URN, whatever its case, or None."""
    return next((_schema(found, base) for found in _served(types) if found.urn.lower() == urn.lower()), None)


def resource_types(types: Sequence[ResourceType], base: str) -> list[Resource]:
    """Every type of resource that is served."""
    return [_resource_type(found, base) for found in types]


def resource_type(types: Sequence[ResourceType], name: str, base: str) -> Resource | None:
    """The type of that name, or None."""
    return next((_resource_type(found, base) for found in types if found.name == name), None)


def provider_config(
    base: str, *, sort: bool, bulk: bool = False, cursor: bool = False, events: Sequence[str] = ()
) -> Resource:
    """What the service can do. All numbers are there even for what it cannot: clients break without them.

    `events` are told where there are some (their URIs; RFC 9967, 4): clients that know none refuse it all.
    One client cuts its PATCHes by `bulk.maxOperations`, supported or not, so it is what a PATCH may hold.
    """
    return {
        "schemas": [PROVIDER_CONFIG],
        "patch": {"supported": True},
        "bulk": {"supported": bulk, "maxOperations": MAX_OPERATIONS, "maxPayloadSize": MAX_PAYLOAD},
        "filter": {"supported": True, "maxResults": MAX_COUNT},
        "changePassword": {"supported": True},
        "sort": {"supported": sort},
        "etag": {"supported": True},
        "authenticationSchemes": [
            {
                "type": "oauthbearertoken",
                "name": "OAuth Bearer Token",
                "description": "The token of a SCIM connection, sent as Authorization: Bearer ...",
                "specUri": "https://www.rfc-editor.org/info/rfc6750",
                "primary": True,
            }
        ],
        "pagination": {
            "cursor": cursor,
            "index": True,
            "defaultPaginationMethod": "index",
            "defaultPageSize": DEFAULT_COUNT,
            "maxPageSize": MAX_COUNT,
            **({"cursorTimeout": CURSOR_SECONDS} if cursor else {}),
        },
        **({"securityEvents": {"asyncRequest": "request", "eventUris": [*events]}} if events else {}),
        "meta": {"resourceType": "ServiceProviderConfig", "location": f"{base}/ServiceProviderConfig"},
    }


def _served(types: Sequence[ResourceType]) -> list[Schema]:
    return [*(schema for found in types for schema in (found.schema, *found.extensions)), *PROVIDER_SCHEMAS]


def _resource_type(found: ResourceType, base: str) -> Resource:
    return {
        "schemas": [RESOURCE_TYPE],
        "id": found.name,
        "name": found.name,
        "endpoint": found.endpoint,
        "description": found.description,
        "schema": found.schema.urn,
        "schemaExtensions": [{"schema": schema.urn, "required": False} for schema in found.extensions],
        "meta": {"resourceType": "ResourceType", "location": f"{base}/ResourceTypes/{found.name}"},
    }


def _schema(found: Schema, base: str) -> Resource:
    # Errata 8417: a schema has `schemas` and `meta` like every resource.
    return {
        "schemas": [SCHEMA],
        "id": found.urn,
        "name": found.name,
        "description": found.description,
        "attributes": [_attribute(attribute) for attribute in found.attributes],
        "meta": {"resourceType": "Schema", "location": f"{base}/Schemas/{found.urn}"},
    }


def _attribute(attribute: Attribute) -> Resource:
    """A row of `attributes`: only the characteristics that a type has (RFC 7643, 2.3; errata 6004)."""
    row: Resource = {
        "name": attribute.name,
        "type": attribute.type,
        "multiValued": attribute.multi_valued,
        "description": attribute.description,
        "required": attribute.required,
        "mutability": attribute.mutability,
        "returned": attribute.returned,
    }
    if attribute.type in _CASED:
        row["caseExact"] = attribute.case_exact
    if attribute.type in _UNIQUE:
        row["uniqueness"] = attribute.uniqueness
    if attribute.canonical_values:
        row["canonicalValues"] = [*attribute.canonical_values]
    if attribute.reference_types:
        row["referenceTypes"] = [*attribute.reference_types]
    if attribute.sub_attributes:
        row["subAttributes"] = [_attribute(sub) for sub in attribute.sub_attributes]
    return row
