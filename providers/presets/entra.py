"""Microsoft Entra ID: https://learn.microsoft.com/entra/identity-platform/id-token-claims-reference."""

import re
from collections.abc import Mapping
from typing import Annotated

from msgspec import Meta
from msgspec.structs import replace

from providers.client_settings import ClaimName
from providers.contract import Untrusted
from providers.http import Outbound
from providers.id_token import TENANT
from providers.oidc import OpenID, OpenIDClient
from providers.settings import Domains, Icon, Label, Mistake
from providers.words import Said, Words

_HOST = "https://login.microsoftonline.com"
_ID = r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_BOTH = "tid_oid"  # of several tenants only both together are one person
# What the administrator of any tenant can write into it.
_WRITABLE = {"email", "mail", "upn", "unique_name", "preferred_username", "name", "verified_primary_email"}
Tenant = Annotated[
    str,
    Meta(
        pattern=rf"^({_ID}|organizations|common)\Z",
        description="a tenant's id (a uuid in lower case), organizations, or common",
    ),
]
Tenants = Annotated[
    tuple[Annotated[str, Meta(pattern=rf"^{_ID}\Z")], ...],
    Meta(description="ids of tenants (uuids in lower case), separated by commas"),
]


class EntraSettings(OpenIDClient, frozen=True, kw_only=True, tag_field="driver", tag="entra"):
    """People are known by their object id in one tenant, which SCIM provisioning sends as externalId; with
    `organizations` or `common` by tenant and object id together, and `allowed_tenants` bounds which.

    Whoever administers a tenant writes any address into `email`: it counts as verified with `xms_edov`, the
    optional claim that says that the domain's owner was verified, or, of one tenant, in one of
    `verified_domains`.
    """

    label: Label = "Microsoft"
    icon: Icon = "microsoft"
    tenant_id: Tenant
    allowed_tenants: Tenants = ()
    identifier_key: ClaimName = "oid"
    verified_domains: Domains = ()

    @property
    def several(self) -> bool:
        """Whether more than one tenant may sign on."""
        return self.tenant_id in {"organizations", "common"}

    def mistakes(self) -> list[Mistake]:
        if not self.several:
            wrong = "counts only where TENANT_ID is organizations or common"
            return [Mistake("ALLOWED_TENANTS", wrong)] if self.allowed_tenants else []
        found = []
        if self.identifier_key in _WRITABLE:
            wrong = "must be oid or sub where several tenants sign on: each could name another's people"
            found.append(Mistake("IDENTIFIER_KEY", wrong))
        if self.verified_domains:
            wrong = "cannot be used where several tenants sign on: each could claim another's addresses"
            found.append(Mistake("VERIFIED_DOMAINS", wrong))
        return found

    def issuer(self) -> str:
        return f"{_HOST}/{self.tenant_id}/v2.0"

    def issuer_said(self) -> str | None:
        return f"{_HOST}/{TENANT}/v2.0" if self.several else None

    def asks_userinfo(self) -> bool:
        return False  # it knows less than the ID token, and another address

    def words(self) -> Words:
        known = super().words()
        return replace(known, identifier=(_BOTH,)) if self.several and self.identifier_key == "oid" else known

    def check(self, claims: Mapping[str, object]) -> None:
        tenant = claims.get("tid")
        if not self.several and tenant != self.tenant_id:
            raise Untrusted("The ID token is another tenant's")
        if self.several and (not isinstance(tenant, str) or not re.fullmatch(_ID, tenant)):
            raise Untrusted("The ID token names no tenant")
        if self.allowed_tenants and tenant not in self.allowed_tenants:
            raise Untrusted(f"The person belongs to the tenant {tenant}, which ALLOWED_TENANTS does not name")

    def describe(self, said: Said, answer: Said) -> Said:
        told, tenant, person = describe(said, self.verified_domains), said.get("tid"), said.get("oid")
        both = f"{tenant}/{person}" if isinstance(tenant, str) and isinstance(person, str) else None
        return {**told, _BOTH: both} if self.several else told

    def open(self, name: str, outbound: Outbound) -> "Entra":
        return Entra(name, self, self.scope, outbound)


class Entra(OpenID):
    """One client of one tenant, or of several."""

    async def inspect(self, return_url: str) -> list[str]:
        found = await super().inspect(return_url)
        told = self._settings
        if isinstance(told, EntraSettings) and told.several and not told.allowed_tenants:
            found.append(
                "People of every organisation that uses Microsoft may sign on: ALLOWED_TENANTS names those "
                "whom you mean."
            )
        return found


def describe(said: Said, verified_domains: tuple[str, ...] = ()) -> Said:
    """The claims with `email_verified`; of more groups than fit a token none are named: no answer."""
    domain = str(said.get("email", "")).rpartition("@")[2].lower()
    verified = said.get("xms_edov") in (True, "1", "true") or domain in verified_domains
    elsewhere = said.get("_claim_names")
    overflow = said.get("hasgroups") is True or (isinstance(elsewhere, Mapping) and "groups" in elsewhere)
    return {**said, "email_verified": verified, **({"groups": OVERFLOW} if overflow else {})}


OVERFLOW = {"elsewhere": True}  # no list: whoever reads it knows that nothing is known
