"""Google: https://developers.google.com/identity/openid-connect/openid-connect."""

from collections.abc import Mapping
from typing import Annotated

from msgspec import Meta

from providers.client_settings import Host
from providers.contract import Untrusted
from providers.oidc import OpenIDClient
from providers.settings import Icon, Label
from providers.words import Said

Workspace = Annotated[Host | None, Meta(description="a Workspace's domain, such as example.com")]


class GoogleSettings(OpenIDClient, frozen=True, kw_only=True, tag_field="driver", tag="google"):
    """`hosted_domain`: a Google Workspace to which alone people may belong."""

    label: Label = "Google"
    icon: Icon = "google"
    hosted_domain: Workspace = None

    def issuer(self) -> str:
        return "https://accounts.google.com"

    def extras(self) -> Mapping[str, str]:
        # A refresh token comes with the first consent only, unless consent is asked for again.
        asked = {**super().extras(), "access_type": "offline"}
        return asked if self.hosted_domain is None else {**asked, "hd": self.hosted_domain}

    def check(self, claims: Mapping[str, object]) -> None:
        """The parameter `hd` is a wish, which people can take out of the address; the claim is a fact."""
        if self.hosted_domain is not None and claims.get("hd") != self.hosted_domain:
            raise Untrusted("The person belongs to another Google Workspace than HOSTED_DOMAIN")

    def describe(self, said: Said, answer: Said) -> Said:
        return describe(said)


def describe(said: Said) -> Said:
    """Google speaks for its own mail and its Workspaces; another provider's address, once verified there, may
    have changed hands since (the vendor's page, "email_verified")."""
    email = str(said.get("email", "")).lower()
    own = email.endswith(("@gmail.com", "@googlemail.com")) or isinstance(said.get("hd"), str)
    return said if own or "email" not in said else {**said, "email_verified": False}
