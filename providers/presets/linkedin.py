"""LinkedIn: https://learn.microsoft.com/linkedin/consumer/integrations/self-serve/sign-in-with-linkedin-v2."""

from collections.abc import Mapping

from providers.client import Server
from providers.oauth2 import AnyScope, OAuth2Client
from providers.settings import Icon, Label
from providers.words import Words


class LinkedInSettings(OAuth2Client, frozen=True, kw_only=True, tag_field="driver", tag="linkedin"):
    """It calls itself OpenID Connect, and leaves our nonce out of its ID tokens: they could be anybody's, so
    the person is whom the access token's own profile names. It refuses a code_verifier from clients with a
    secret, which is why it is not sent one: the secret and the state have to do.
    """

    label: Label = "LinkedIn"
    icon: Icon = "linkedin"
    scope: AnyScope = "openid profile email"

    def server(self) -> Server:
        return Server(
            "https://www.linkedin.com/oauth/v2/authorization",
            "https://www.linkedin.com/oauth/v2/accessToken",
            ("client_secret_post",),
            takes_verifier=False,
        )

    def places(self) -> Mapping[str, str]:
        return {"": "https://api.linkedin.com/v2/userinfo"}

    def words(self) -> Words:
        return Words()
