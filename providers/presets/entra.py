"""Microsoft Entra ID: https://learn.microsoft.com/entra/identity-platform/id-token-claims-reference."""

from collections.abc import Mapping
from typing import Annotated

from msgspec import Meta

from providers.client_settings import ClaimName
from providers.contract import Untrusted
from providers.oidc import OpenIDClient
from providers.settings import Domains, Icon, Label
from providers.words import Said

Tenant = Annotated[
    str,
    Meta(
        pattern=r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\Z",
        description="the tenant's id, a uuid in lower case; a tenant is a provider of its own here",
    ),
]


class EntraSettings(OpenIDClient, frozen=True, kw_only=True, tag_field="driver", tag="entra"):
    """People are known by their object id in one tenant, which SCIM provisioning sends as externalId.

    Whoever administers a tenant writes any address into `email`: it counts as verified with `xms_edov`, the
    optional claim that says that the domain's owner was verified, or in one of `verified_domains`.
    """

    label: Label = "Microsoft"
    icon: Icon = "microsoft"
    tenant_id: Tenant
    identifier_key: ClaimName = "oid"
    verified_domains: Domains = ()

    def issuer(self) -> str:
        return f"https://login.microsoftonline.com/{self.tenant_id}/v2.0"

    def asks_userinfo(self) -> bool:
        return False  # it knows less than the ID token, and another address

    def check(self, claims: Mapping[str, object]) -> None:
        if claims.get("tid") != self.tenant_id:
            raise Untrusted("The ID token is another tenant's")

    def describe(self, said: Said, answer: Said) -> Said:
        return describe(said, self.verified_domains)


def describe(said: Said, verified_domains: tuple[str, ...] = ()) -> Said:
    """The claims with `email_verified`; of more groups than fit a token none are named: no answer."""
    domain = str(said.get("email", "")).rpartition("@")[2].lower()
    verified = said.get("xms_edov") in (True, "1", "true") or domain in verified_domains
    elsewhere = said.get("_claim_names")
    overflow = said.get("hasgroups") is True or (isinstance(elsewhere, Mapping) and "groups" in elsewhere)
    return {**said, "email_verified": verified, **({"groups": OVERFLOW} if overflow else {})}


OVERFLOW = {"elsewhere": True}  # no list: whoever reads it knows that nothing is known
