"""What every client of an authorization server is set up with, whichever of the two protocols it speaks."""

from collections.abc import Mapping
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from providers.secret import PrivateKey, Secret
from providers.settings import Common
from providers.words import Said

ClientId = Annotated[
    str, Meta(pattern=r"^[!-~]{1,255}\Z", description="the client id given out by the provider")
]
ClientSecret = Annotated[Secret | None, Meta(description="the client secret given out by the provider")]
Key = Annotated[
    PrivateKey | None,
    Meta(description="a private key, RSA of 2048 bits or P-256: a JWK, a JWK Set or PEM"),
]
AuthMethod = Annotated[
    Literal["client_secret_basic", "client_secret_post", "private_key_jwt", "none"] | None,
    Meta(description="client_secret_basic, client_secret_post, private_key_jwt or none"),
]
ClaimName = Annotated[str, Meta(pattern=r"^[!-~]{1,255}\Z", description="a claim's name, or a dotted path")]
Host = Annotated[
    str,
    Meta(
        pattern=r"^[a-z0-9-]+(\.[a-z0-9-]+)+\Z",
        max_length=253,
        description="a host's name, such as example.com",
    ),
]
# The parameters that are ours, and the names that Authlib's functions give to their own arguments.
_OURS = "client_id|code_challenge|code_challenge_method|code_verifier|nonce|redirect_uri|request|request_uri"
_OURS += "|response_mode|response_type|scope|self|state|uri|url"
Params = Annotated[
    dict[Annotated[str, Meta(pattern=rf"^(?!({_OURS})\Z)[A-Za-z0-9_.-]+\Z")], str],
    Meta(description="a JSON object of texts, with none of the parameters that the protocol needs"),
]


class ClientSettings(Common, frozen=True, kw_only=True):
    """Without a secret and a key the client is a public one; PKCE protects it all the same."""

    client_id: ClientId
    client_secret: ClientSecret = None
    client_private_keys: Key = None
    client_token_endpoint_auth_method: AuthMethod = None
    params: Params = msgspec.field(default_factory=dict)
    group_claim_name: ClaimName = "groups"

    def extras(self) -> Mapping[str, str]:
        """Further parameters of the authorization request that this kind of provider needs."""
        return {}

    def secret(self) -> Secret | None:
        """The secret as it is sent; some providers want it made anew."""
        return self.client_secret

    def describe(self, said: Said, answer: Said) -> Said:
        """What the provider said of somebody, with its own ways put into the words that we read.

        `answer` is what the browser brought: nothing in it is signed.
        """
        return said
