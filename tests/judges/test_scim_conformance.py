"""Outside judges of SCIM: scim2-tester against a served house, and scim2-models on what is published."""

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import httpx2
import pytest
from scim2_models import ResourceType, Schema, ScimProvider, ServiceProviderConfig

from tests.judges.scim_client import CORE, ENTERPRISE, Client
from tests.served import Served

if TYPE_CHECKING:
    from scim2_tester import CheckResult

CHECKS = {
    *("service_provider_config_endpoint", "service_provider_config_endpoint_methods", "random_url"),
    *("query_all_resource_types", "query_resource_type_by_id", "access_invalid_resource_type"),
    *(
        "query_all_schemas",
        "access_schema_by_id",
        "access_invalid_schema",
        "resource_types_schema_validation",
    ),
    *("object_creation", "object_query", "object_query_without_id", "object_replacement", "object_deletion"),
    *("object_query_with_attributes", "object_list_with_attributes", "search_with_attributes"),
    *("check_add_attribute", "check_remove_attribute", "check_replace_attribute"),
}


def _check(url: str, token: str) -> "list[CheckResult]":
    # Imported here: to build its models takes seconds, and every worker imports every file of tests.
    from scim2_client.engines.httpx2 import SyncSCIMClient
    from scim2_tester import check_server

    headers = {"authorization": f"Bearer {token}"}
    client = httpx2.Client(
        base_url=f"{url}/scim/v2", headers=headers, trust_env=False, timeout=60, verify=False
    )
    with client:
        return check_server(SyncSCIMClient(client))


@pytest.mark.parametrize("profile", ["default", "entra", "okta", "strict"])
async def test_scim2_tester_finds_nothing_wrong_and_skips_nothing(house: Served, profile: str) -> None:
    token = await house.scim_token("judged", profile=profile)
    results = await asyncio.to_thread(_check, house.url, token)
    told = {f"{one.title} {one.reason}" for one in results if one.status.name != "SUCCESS"}
    assert told == set()
    assert {str(one.title) for one in results} >= CHECKS
    assert {one.resource_type for one in results} == {None, "User", "Group"}
    assert len(results) > 100


async def test_scim2_models_make_the_same_service_of_what_is_published(house: Served) -> None:
    async def published(path: str, model: Callable[..., Any]) -> list[Any]:
        listed = (await house.ask("GET", f"/scim/v2{path}", token=None)).json()["Resources"]
        return [model(one) for one in listed]

    config = await house.ask("GET", "/scim/v2/ServiceProviderConfig", token=None)
    schemas = await published("/Schemas", Schema.model_validate)
    types = await published("/ResourceTypes", ResourceType.model_validate)
    provider = ScimProvider.from_discovery(
        schemas, types, ServiceProviderConfig.model_validate(config.json())
    )
    assert [one.name for one in provider.resource_types] == ["User", "Group"]
    assert {one.id for one in schemas} >= {CORE, ENTERPRISE}


async def test_authentik_s_parser_finds_every_field_of_the_configuration(house: Served) -> None:
    """Its client takes an answer that lacks one for a service without PATCH and filters (goauthentik 25056)."""
    client = await Client.of(house, "authentik")
    config = await client.get("/ServiceProviderConfig")
    for name, fields in {
        "patch": {"supported"},
        "bulk": {"supported", "maxOperations", "maxPayloadSize"},
        "filter": {"supported", "maxResults"},
        "changePassword": {"supported"},
        "sort": {"supported"},
        "etag": {"supported"},
    }.items():
        assert config[name].keys() >= fields, name
        assert all(type(config[name][field]) is (bool if field == "supported" else int) for field in fields)
    assert (config["patch"]["supported"], config["filter"]["supported"]) == (True, True)
    assert config["bulk"]["maxPayloadSize"] == 8 * 1024 * 1024
    assert {"type", "name", "description"} <= config["authenticationSchemes"][0].keys()
