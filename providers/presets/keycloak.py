"""Keycloak: https://www.keycloak.org/securing-apps/oidc-layers."""

from typing import Annotated

from msgspec import Meta

from providers.oidc import OpenIDClient
from providers.settings import Icon, Label, Url

Realm = Annotated[str, Meta(pattern=r"^[A-Za-z0-9._-]{1,255}\Z", description="the name of a realm")]


class KeycloakSettings(OpenIDClient, frozen=True, kw_only=True, tag_field="driver", tag="keycloak"):
    """`base_url` is the server's, with its path if it has one. Groups need a mapper in the client; the
    realm's roles are under GROUP_CLAIM_NAME=realm_access.roles.
    """

    label: Label = "Keycloak"
    icon: Icon = "key"
    base_url: Url
    realm: Realm

    def issuer(self) -> str:
        return f"{self.base_url.rstrip('/')}/realms/{self.realm}"
