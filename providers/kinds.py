"""Every kind of provider: a new one is one file and one line in `KINDS`."""

from collections.abc import Mapping
from importlib import import_module

from providers.contract import Provider
from providers.http import Outbound
from providers.settings import Common, Mistake, read

Settings = Common

# Where the settings of each driver are: only what is set up is imported, as SAML alone takes 50 ms.
KINDS: Mapping[str, str] = {
    "openid": "providers.oidc:OpenIDSettings",
    "oauth2": "providers.oauth2:OAuth2Settings",
    "ldap": "providers.ldap.provider:LdapSettings",
    "saml": "providers.saml.provider:SamlSettings",
    "mock": "providers.mock:MockSettings",
    "apple": "providers.presets.apple:AppleSettings",
    "auth0": "providers.presets.auth0:Auth0Settings",
    "cognito": "providers.presets.cognito:CognitoSettings",
    "discord": "providers.presets.discord:DiscordSettings",
    "entra": "providers.presets.entra:EntraSettings",
    "facebook": "providers.presets.facebook:FacebookSettings",
    "github": "providers.presets.github:GitHubSettings",
    "gitlab": "providers.presets.gitlab:GitLabSettings",
    "google": "providers.presets.google:GoogleSettings",
    "keycloak": "providers.presets.keycloak:KeycloakSettings",
    "linkedin": "providers.presets.linkedin:LinkedInSettings",
    "okta": "providers.presets.okta:OktaSettings",
    "slack": "providers.presets.slack:SlackSettings",
}


def kind(driver: str) -> type[Settings]:
    """What a provider of this driver is set up with. Raises KeyError for one that there is not."""
    module, _, name = KINDS[driver].partition(":")
    found: type[Settings] = getattr(import_module(module), name)
    return found


def read_settings(variables: Mapping[str, str]) -> Settings | list[Mistake]:
    """A provider's settings from its keys, `DRIVER` among them, or all that is wrong with them.

    Keys are in upper case but for those of SAML, which are documented as IDP_metadata and SP_metadata.
    """
    variables = {key.upper(): text for key, text in variables.items()}
    driver = variables.get("DRIVER", "")
    if driver not in KINDS:
        return [Mistake("DRIVER", f"must be one of {', '.join(KINDS)}")]
    return read(kind(driver), variables)


def open_provider(name: str, settings: Settings, outbound: Outbound) -> Provider:
    """The provider called `name`, which calls others through `outbound` only."""
    return settings.open(name, outbound)
