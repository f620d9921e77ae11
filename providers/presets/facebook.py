"""Facebook: https://developers.facebook.com/docs/facebook-login/guides/advanced/manual-flow."""

from collections.abc import Mapping

from providers.client import Server
from providers.oauth2 import AnyScope, OAuth2Client
from providers.settings import Icon, Label
from providers.words import Words

_GRAPH = "https://graph.facebook.com/v23.0"


class FacebookSettings(OAuth2Client, frozen=True, kw_only=True, tag_field="driver", tag="facebook"):
    """Nothing there says that an address was verified, so none counts as that."""

    label: Label = "Facebook"
    icon: Icon = "facebook"
    scope: AnyScope = "public_profile email"

    def server(self) -> Server:
        return Server("https://www.facebook.com/v23.0/dialog/oauth", f"{_GRAPH}/oauth/access_token")

    def places(self) -> Mapping[str, str]:
        return {"": f"{_GRAPH}/me?fields=id,email,first_name,last_name"}

    def words(self) -> Words:
        return Words(identifier=("id",), verified="-", first_name="first_name", last_name="last_name")
