"""Okta: https://developer.okta.com/docs/api/openapi/okta-oauth/guides/overview/."""

from typing import Annotated

from msgspec import Meta

from providers.client_settings import Host
from providers.oidc import OpenIDClient
from providers.settings import Icon, Label

AuthorizationServer = Annotated[
    Annotated[str, Meta(pattern=r"^[A-Za-z0-9]{1,64}\Z")] | None,
    Meta(description="the id of an authorization server, such as default"),
]


class OktaSettings(OpenIDClient, frozen=True, kw_only=True, tag_field="driver", tag="okta"):
    """`domain` is the organisation's; without an `authorization_server` the organisation itself is the
    issuer.

    Groups come when the application has a groups claim and SCOPE names groups.
    """

    label: Label = "Okta"
    icon: Icon = "okta"
    domain: Host
    authorization_server: AuthorizationServer = None

    def issuer(self) -> str:
        server = self.authorization_server
        return f"https://{self.domain}" + (f"/oauth2/{server}" if server else "")
