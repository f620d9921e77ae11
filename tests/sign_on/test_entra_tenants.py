"""Microsoft Entra for several tenants: whoever administers one of them is nobody in another (rule 10)."""

from collections.abc import Mapping
from typing import Any

import httpx2
import pytest

from providers.contract import Identity, Misconfigured, Untrusted
from providers.kinds import open_provider, read_settings
from providers.settings import Mistake
from tests.sign_on.browser import CALLBACK
from tests.sign_on.conftest import TRUST
from tests.sign_on.stand_in import SECRET, Rerouted, StandIn, Vendor, running
from tests.sign_on.vendors import OBJECT, TENANT

HOST = "https://login.microsoftonline.com"
PATTERN = f"{HOST}/{{tenantid}}/v2.0"
OTHER = TENANT.replace("9", "8")
CLAIMS = {
    "sub": "s",
    "oid": OBJECT,
    "tid": TENANT,
    "email": "ada@example.com",
    "iss": f"{HOST}/{TENANT}/v2.0",
}
MICROSOFT = Vendor(PATTERN, CLAIMS, base=f"{HOST}/organizations/v2.0")


async def sign_on(vendor: Vendor, claims: Mapping[str, Any], **variables: str) -> Identity:
    """Somebody of whom Microsoft claims this signs on at a client of several tenants."""
    with running(vendor._replace(claims={**CLAIMS, **claims})) as server:
        return await _sign_on(server, variables)


async def _sign_on(server: StandIn, variables: Mapping[str, str]) -> Identity:
    given = {"DRIVER": "entra", "TENANT_ID": "organizations", "CLIENT_ID": "me", "CLIENT_SECRET": SECRET}
    settings = read_settings({**given, **variables})
    assert not isinstance(settings, list), settings
    way = Rerouted(server, trust=TRUST)
    provider: Any = open_provider("op", settings, way)
    try:
        departure = await provider.depart(CALLBACK)
        async with httpx2.AsyncClient(trust_env=False, timeout=60, verify=False) as browser:
            answer = await browser.get(f"{server.url}/{departure.url.removeprefix('https://')}")
        query = dict(httpx2.URL(answer.headers["Location"]).params)
        identity: Identity = await provider.arrive(query, departure.memory)
        return identity
    finally:
        await way.shut()


async def test_rule_10_the_same_object_id_or_address_in_another_tenant_is_somebody_else() -> None:
    theirs = {"tid": OTHER, "iss": f"{HOST}/{OTHER}/v2.0"}
    ada, mallory = await sign_on(MICROSOFT, {}), await sign_on(MICROSOFT, theirs)
    assert ada.external_identifier == f"{TENANT}/{OBJECT}"
    assert mallory.external_identifier == f"{OTHER}/{OBJECT}"
    assert [one.email_verified for one in (ada, mallory)] == [False, False]
    edov = await sign_on(MICROSOFT, {"xms_edov": True})
    assert (edov.email, edov.email_verified) == ("ada@example.com", True)
    assert (await sign_on(MICROSOFT, {"xms_edov": False, "email_verified": True})).email_verified is False


@pytest.mark.parametrize(
    ("claims", "cause"),
    [
        ({"tid": OTHER}, "invalid_claim iss"),
        ({"iss": f"{HOST}/{OTHER}/v2.0"}, "invalid_claim iss"),
        ({"iss": PATTERN}, "invalid_claim iss"),
        ({"iss": PATTERN, "tid": "{tenantid}"}, "names no tenant"),
        ({"iss": f"{HOST}/evil/v2.0", "tid": "evil"}, "names no tenant"),
        ({"iss": PATTERN, "tid": None}, "names no tenant"),
        ({"oid": None}, "named nobody"),
    ],
)
async def test_rule_10_a_token_that_is_no_tenants_own(claims: dict[str, Any], cause: str) -> None:
    with pytest.raises(Untrusted, match=cause):
        await sign_on(MICROSOFT, claims)


async def test_rule_10_a_key_of_one_tenant_signs_for_no_other() -> None:
    for owner in (PATTERN, f"{HOST}/{TENANT}/v2.0"):
        await sign_on(MICROSOFT._replace(key_issuer=owner), {})
    with pytest.raises(Untrusted, match="another issuer"):
        await sign_on(MICROSOFT._replace(key_issuer=f"{HOST}/{OTHER}/v2.0"), {})


async def test_only_tenants_that_are_allowed() -> None:
    assert await sign_on(MICROSOFT, {}, ALLOWED_TENANTS=f"{OTHER},{TENANT}")
    with pytest.raises(Untrusted, match="ALLOWED_TENANTS does not name"):
        await sign_on(MICROSOFT, {}, ALLOWED_TENANTS=OTHER)


async def test_a_document_of_several_tenants_is_none_of_one_issuer() -> None:
    with pytest.raises(Misconfigured, match="another issuer's"):
        await sign_on(MICROSOFT._replace(issuer="https://evil.example"), {})
    with running(MICROSOFT) as server:
        plain = {"DRIVER": "openid", "ISSUER_URL": MICROSOFT.base, "TENANT_ID": ""}
        with pytest.raises(Misconfigured, match="DRIVER=entra knows"):
            await _sign_on(server, plain)


@pytest.mark.parametrize(
    ("variables", "key"),
    [
        ({"IDENTIFIER_KEY": "email"}, "IDENTIFIER_KEY"),
        ({"IDENTIFIER_KEY": "preferred_username"}, "IDENTIFIER_KEY"),
        ({"VERIFIED_DOMAINS": "example.com"}, "VERIFIED_DOMAINS"),
        ({"TENANT_ID": TENANT, "ALLOWED_TENANTS": OTHER}, "ALLOWED_TENANTS"),
        ({"TENANT_ID": "consumers"}, "TENANT_ID"),
        ({"ALLOWED_TENANTS": "example.com"}, "ALLOWED_TENANTS"),
    ],
)
def test_rule_10_what_would_let_one_tenant_name_anothers_people_is_refused_at_the_start(
    variables: dict[str, str], key: str
) -> None:
    given = {"DRIVER": "entra", "TENANT_ID": "common", "CLIENT_ID": "me"}
    found = read_settings({**given, **variables})
    assert isinstance(found, list)
    assert [mistake.key for mistake in found] == [key]
    assert isinstance(found[0], Mistake)
    assert not isinstance(read_settings({**given, "IDENTIFIER_KEY": "sub"}), list)
