"""The tables of the schemas that describe a service itself (RFC 7643, 5 to 7 and 8.7.2; RFC 9865, 4)."""

from typing import Final

from providers.scim.schema import Attribute, Schema, Type

PROVIDER_CONFIG: Final = "urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"
RESOURCE_TYPE: Final = "urn:ietf:params:scim:schemas:core:2.0:ResourceType"
SCHEMA: Final = "urn:ietf:params:scim:schemas:core:2.0:Schema"


def _fixed(
    name: str,
    description: str,
    kind: Type = "string",
    *subs: Attribute,
    required: bool = False,
    many: bool = False,
    exact: bool = False,
    refers: tuple[str, ...] = (),
    values: tuple[str, ...] = (),
) -> Attribute:
    """Everything of these schemas is read-only."""
    return Attribute(
        name,
        description,
        type="complex" if subs else kind,
        multi_valued=many,
        required=required,
        case_exact=exact,
        mutability="readOnly",
        canonical_values=values,
        reference_types=refers,
        sub_attributes=subs,
    )


_SUPPORTED: Final = _fixed("supported", "Whether the service does this.", "boolean", required=True)


def _ability(name: str, description: str, *more: Attribute) -> Attribute:
    return _fixed(name, description, "complex", _SUPPORTED, *more, required=True)


_SCHEMES: Final = _fixed(
    "authenticationSchemes",
    "How clients may prove who they are.",
    "complex",
    _fixed(
        "type",
        "The kind of scheme.",
        required=True,
        values=("oauth", "oauth2", "oauthbearertoken", "httpbasic", "httpdigest"),
    ),
    _fixed("name", "The name of the scheme.", required=True),
    _fixed("description", "What the scheme is.", required=True),
    _fixed("specUri", "Where it is specified.", "reference", refers=("external",), exact=True),
    _fixed("documentationUri", "Where its use is explained.", "reference", refers=("external",), exact=True),
    _fixed("primary", "Whether this is the preferred scheme.", "boolean"),
    required=True,
    many=True,
)

_PAGINATION: Final = _fixed(
    "pagination",
    "How lists are paged.",
    "complex",
    _fixed("cursor", "Whether pages are asked for by cursor.", "boolean", required=True),
    _fixed("index", "Whether pages are asked for by index.", "boolean", required=True),
    _fixed("defaultPaginationMethod", "What holds when a client does not say.", values=("cursor", "index")),
    _fixed("defaultPageSize", "Resources on a page when a client does not say.", "integer"),
    _fixed("maxPageSize", "The most resources on a page.", "integer"),
    _fixed("cursorTimeout", "Seconds for which a cursor holds at least.", "integer"),
)

_EVENTS: Final = _fixed(
    "securityEvents",
    "What is told of changes (RFC 9967, 4).",
    "complex",
    _fixed("asyncRequest", "When requests are done later.", values=("none", "long", "request")),
    _fixed("eventUris", "The events that there are.", many=True),
)

_CONFIG_SCHEMA: Final = Schema(
    PROVIDER_CONFIG,
    "ServiceProviderConfig",
    "What the service can do",
    (
        _fixed("documentationUri", "Where help is.", "reference", refers=("external",), exact=True),
        _ability("patch", "PATCH."),
        _ability(
            "bulk",
            "Bulk requests.",
            _fixed("maxOperations", "The most operations in one request.", "integer", required=True),
            _fixed("maxPayloadSize", "The most bytes in one request.", "integer", required=True),
        ),
        _ability(
            "filter",
            "Filters.",
            _fixed("maxResults", "The most resources in one answer.", "integer", required=True),
        ),
        _ability("changePassword", "Setting a password."),
        _ability("sort", "Sorting."),
        _ability("etag", "Entity tags."),
        _SCHEMES,
        _PAGINATION,
        _EVENTS,
    ),
)

_TYPE_SCHEMA: Final = Schema(
    RESOURCE_TYPE,
    "ResourceType",
    "A type of resource that the service has",
    (
        _fixed("name", "The name of the type.", required=True),
        _fixed("description", "What the type is."),
        _fixed("endpoint", "Where it is served.", "reference", required=True, refers=("uri",), exact=True),
        _fixed("schema", "Its core schema.", "reference", required=True, refers=("uri",), exact=True),
        # Errata 7522: multi-valued.
        _fixed(
            "schemaExtensions",
            "The schemas that may join it.",
            "complex",
            _fixed("schema", "The extension.", "reference", required=True, refers=("uri",), exact=True),
            _fixed("required", "Whether each resource has it.", "boolean", required=True),
            many=True,
        ),
    ),
)

# Errata 8435: binary is a type. Errata 8415: a sub-attribute is never complex.
_SIMPLE: Final = ("string", "boolean", "decimal", "integer", "dateTime", "binary", "reference")


def _attribute_rows(types: tuple[str, ...]) -> tuple[Attribute, ...]:
    return (
        _fixed("name", "The name of the attribute.", required=True, exact=True),
        _fixed("type", "The type of its values.", required=True, values=types),
        _fixed("multiValued", "Whether it has several values.", "boolean", required=True),
        _fixed("description", "What it is.", exact=True),
        _fixed("required", "Whether each resource has it.", "boolean"),
        _fixed("canonicalValues", "Values that are suggested.", many=True, exact=True),
        _fixed("caseExact", "Whether case counts in comparisons.", "boolean"),
        _fixed(
            "mutability",
            "When it may be written.",
            exact=True,
            values=("readOnly", "readWrite", "immutable", "writeOnly"),
        ),
        _fixed(
            "returned", "When it is answered.", exact=True, values=("always", "never", "default", "request")
        ),
        _fixed("uniqueness", "Among whom it is unique.", exact=True, values=("none", "server", "global")),
        _fixed("referenceTypes", "What a reference leads to.", many=True, exact=True),
    )


_SCHEMA_SCHEMA: Final = Schema(
    SCHEMA,
    "Schema",
    "A table of attributes",
    (
        _fixed("name", "The name of the schema.", required=True),
        _fixed("description", "What the schema is."),
        _fixed(
            "attributes",
            "Its attributes.",
            "complex",
            *_attribute_rows((*_SIMPLE, "complex")),
            _fixed("subAttributes", "Their parts.", "complex", *_attribute_rows(_SIMPLE), many=True),
            required=True,
            many=True,
        ),
    ),
)

PROVIDER_SCHEMAS: Final = (_CONFIG_SCHEMA, _TYPE_SCHEMA, _SCHEMA_SCHEMA)
