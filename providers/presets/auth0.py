"""Auth0: https://auth0.com/docs/get-started/applications/configure-applications-with-oidc-discovery."""

from providers.client_settings import Host
from providers.oidc import OpenIDClient
from providers.settings import Icon, Label


class Auth0Settings(OpenIDClient, frozen=True, kw_only=True, tag_field="driver", tag="auth0"):
    """`domain` is the tenant's. Custom claims have names like addresses: GROUP_CLAIM_NAME takes the whole."""

    label: Label = "Auth0"
    icon: Icon = "lock"
    domain: Host

    def issuer(self) -> str:
        return f"https://{self.domain}/"  # with the slash: it is part of the name
