"""What /Schemas, /ResourceTypes and /ServiceProviderConfig say: RFC 7643, 5 to 8, and its verified errata."""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from scim2_models import EnterpriseUser, Group, Resource, ServiceProviderConfig, User
from scim2_models import ResourceType as PublishedType
from scim2_models import Schema as PublishedSchema

from providers.scim import discovery
from providers.scim.group import CORE_GROUP, GROUP
from providers.scim.provider_schemas import PROVIDER_SCHEMAS
from providers.scim.user import CORE_USER, ENTERPRISE_USER, USER

BASE = "https://idbridge.example.org/scim/v2"
TYPES = (USER, GROUP)
SCHEMAS: list[Any] = [*discovery.schemas(TYPES, BASE)]


def rows(schema: Any) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for attribute in schema["attributes"]:
        yield attribute["name"], attribute
        for sub in attribute.get("subAttributes", ()):
            yield f"{attribute['name']}.{sub['name']}", sub


def published(urn: str) -> dict[str, Mapping[str, Any]]:
    return dict(rows(discovery.schema(TYPES, urn, BASE)))


@pytest.mark.parametrize(
    ("urn", "model"), [(CORE_USER.urn, User), (ENTERPRISE_USER.urn, EnterpriseUser), (CORE_GROUP.urn, Group)]
)
def test_scim2_models_knows_the_same_attributes_with_the_same_characteristics(urn: str, model: Any) -> None:
    own = published(urn)
    theirs = dict(rows(model.to_schema().model_dump()))
    assert own.keys() == theirs.keys()
    for name, row in theirs.items():
        for characteristic in ("type", "multiValued", "required", "mutability", "returned"):
            if (urn, name, characteristic) not in DIFFERENT:
                assert own[name][characteristic] == row[characteristic], (name, characteristic)


# Where scim2-models says otherwise: errata or the RFC's text stand against it.
DIFFERENT = {
    (ENTERPRISE_USER.urn, "manager.value", "required"),  # RFC 7643, 4.3: RECOMMENDED
    (ENTERPRISE_USER.urn, "manager.$ref", "required"),
    (CORE_GROUP.urn, "members.display", "mutability"),  # 4.2: sub-attributes of members are immutable
}


@pytest.mark.parametrize("schema", SCHEMAS, ids=lambda schema: str(schema["name"]))
def test_a_client_can_build_its_models_from_the_schemas(schema: Any) -> None:
    read = PublishedSchema.model_validate(schema)
    assert read.id == schema["id"]
    if schema["id"] == CORE_USER.urn:
        made = Resource.from_schema(read)
        assert made.model_validate({"schemas": [CORE_USER.urn], "userName": "x"})["userName"] == "x"


@pytest.mark.parametrize("schema", SCHEMAS, ids=lambda schema: str(schema["name"]))
def test_each_type_has_the_characteristics_that_it_can_have(schema: Any) -> None:
    assert schema["meta"] == {"resourceType": "Schema", "location": f"{BASE}/Schemas/{schema['id']}"}
    for name, row in rows(schema):
        kind = row["type"]
        assert ("subAttributes" in row) is (kind == "complex"), name
        assert ("caseExact" in row) is (kind in {"string", "reference", "binary"}), name
        assert kind not in {"reference", "binary"} or row["caseExact"], name
        assert kind not in {"complex", "boolean", "binary"} or "uniqueness" not in row, name
        assert ("referenceTypes" in row) is (kind == "reference"), name
        assert row["description"].endswith((".", "III")), name


def test_the_errata_are_in() -> None:
    user, enterprise, group = (published(one.urn) for one in (CORE_USER, ENTERPRISE_USER, CORE_GROUP))
    assert group["displayName"]["required"]  # 5368
    assert enterprise["manager.value"]["caseExact"]  # 8472
    assert user["groups.$ref"]["referenceTypes"] == ["Group"]  # 8471
    assert user["password"]["returned"] == "never"
    expected = {"required": True, "uniqueness": "server", "caseExact": False}
    assert {name: user["userName"][name] for name in expected} == expected
    attributes = published("urn:ietf:params:scim:schemas:core:2.0:Schema")
    assert "binary" in attributes["attributes.type"]["canonicalValues"]  # 8435
    types = published("urn:ietf:params:scim:schemas:core:2.0:ResourceType")
    assert types["schemaExtensions"]["multiValued"]  # 7522


def test_only_what_is_served_is_listed() -> None:
    urns = [schema["id"] for schema in discovery.schemas((USER,), BASE)]
    assert urns == [CORE_USER.urn, ENTERPRISE_USER.urn, *(schema.urn for schema in PROVIDER_SCHEMAS)]
    assert discovery.schema((USER,), CORE_GROUP.urn, BASE) is None
    assert discovery.schema((USER,), CORE_USER.urn.upper(), BASE) == discovery.schemas((USER,), BASE)[0]
    assert [kind["id"] for kind in discovery.resource_types((USER,), BASE)] == ["User"]
    assert discovery.resource_type((USER,), "Group", BASE) is None


def test_a_resource_type_names_its_schemas() -> None:
    found = discovery.resource_type(TYPES, "User", BASE)
    read = PublishedType.model_validate(found)
    assert (read.id, read.endpoint, read.schema_) == ("User", "/Users", CORE_USER.urn)
    assert [(one.schema_, one.required) for one in read.schema_extensions or []] == [
        (ENTERPRISE_USER.urn, False)
    ]
    assert read.meta is not None and read.meta.location == f"{BASE}/ResourceTypes/User"


@pytest.mark.parametrize("sort", [True, False])
def test_the_provider_config_has_every_number_that_clients_want(sort: bool) -> None:
    config = discovery.provider_config(BASE, sort=sort)
    read = ServiceProviderConfig.model_validate(config)
    assert read.patch and read.patch.supported and read.etag and read.etag.supported
    assert read.bulk and (read.bulk.supported, read.bulk.max_operations, read.bulk.max_payload_size) == (
        False,
        1000,
        8 * 1024 * 1024,
    )
    assert read.filter and (read.filter.supported, read.filter.max_results) == (True, 1000)
    assert read.sort and read.sort.supported is sort
    assert [scheme.type for scheme in read.authentication_schemes or []] == ["oauthbearertoken"]
    rows_of_config = published("urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig")
    assert {
        name for name, row in rows_of_config.items() if row["required"] and "." not in name
    } <= config.keys()
