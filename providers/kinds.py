"""Every kind of provider: a new one is one file and one word in `_EVERY`."""

from collections.abc import Mapping

from providers.contract import Provider
from providers.http import Outbound
from providers.ldap.provider import LdapSettings
from providers.mock import MockSettings
from providers.oauth2 import OAuth2Settings
from providers.oidc import OpenIDSettings
from providers.presets.apple import AppleSettings
from providers.presets.auth0 import Auth0Settings
from providers.presets.cognito import CognitoSettings
from providers.presets.discord import DiscordSettings
from providers.presets.entra import EntraSettings
from providers.presets.facebook import FacebookSettings
from providers.presets.github import GitHubSettings
from providers.presets.gitlab import GitLabSettings
from providers.presets.google import GoogleSettings
from providers.presets.keycloak import KeycloakSettings
from providers.presets.linkedin import LinkedInSettings
from providers.presets.okta import OktaSettings
from providers.presets.slack import SlackSettings
from providers.saml.provider import SamlSettings
from providers.settings import Common, Mistake, read

Settings = Common

_EVERY: tuple[type[Settings], ...] = (
    *(OpenIDSettings, OAuth2Settings, LdapSettings, SamlSettings, MockSettings),
    *(AppleSettings, Auth0Settings, CognitoSettings, DiscordSettings, EntraSettings, FacebookSettings),
    *(GitHubSettings, GitLabSettings, GoogleSettings, KeycloakSettings, LinkedInSettings, OktaSettings),
    SlackSettings,
)
KINDS: Mapping[str, type[Settings]] = {kind.driver(): kind for kind in _EVERY}


def read_settings(variables: Mapping[str, str]) -> Settings | list[Mistake]:
    """A provider's settings from its keys, `DRIVER` among them, or all that is wrong with them.

    Keys are in upper case but for those of SAML, which are documented as IDP_metadata and SP_metadata.
    """
    variables = {key.upper(): text for key, text in variables.items()}
    kind = KINDS.get(variables.get("DRIVER", ""))
    if kind is None:
        return [Mistake("DRIVER", f"must be one of {', '.join(KINDS)}")]
    return read(kind, variables)


def open_provider(name: str, settings: Settings, outbound: Outbound) -> Provider:
    """The provider called `name`, which calls others through `outbound` only."""
    return settings.open(name, outbound)
