"""Discord: https://discord.com/developers/docs/topics/oauth2."""

from collections.abc import Mapping

from providers.client import Server
from providers.oauth2 import AnyScope, OAuth2Client
from providers.settings import Icon, Label
from providers.words import Words


class DiscordSettings(OAuth2Client, frozen=True, kw_only=True, tag_field="driver", tag="discord"):
    """People have one name there, which they choose: it is taken for the first."""

    label: Label = "Discord"
    icon: Icon = "discord"
    scope: AnyScope = "identify email"

    def server(self) -> Server:
        return Server("https://discord.com/oauth2/authorize", "https://discord.com/api/oauth2/token")

    def places(self) -> Mapping[str, str]:
        return {"": "https://discord.com/api/users/@me"}

    def words(self) -> Words:
        return Words(identifier=("id",), verified="verified", first_name="global_name", last_name="-")
