"""Apple: https://developer.apple.com/documentation/signinwithapplerestapi."""

import time
from collections.abc import Mapping
from typing import Annotated

import msgspec
from joserfc import jwt
from msgspec import Meta

from providers.client_settings import AuthMethod
from providers.oidc import OpenIDClient, Scope
from providers.secret import PrivateKey, Secret
from providers.settings import Icon, Label
from providers.words import Said

_ISSUER = "https://appleid.apple.com"
_LIFETIME = 300  # seconds; Apple takes up to six months
AppleId = Annotated[
    str, Meta(pattern=r"^[A-Z0-9]{10}\Z", description="10 capital letters and digits, as Apple gave them out")
]
SigningKey = Annotated[PrivateKey, Meta(description="the key that Apple let you download, as PEM")]


class AppleSettings(OpenIDClient, frozen=True, kw_only=True, tag_field="driver", tag="apple"):
    """The secret is made anew for each request, of the key that Apple gave out: there is none to keep."""

    label: Label = "Apple"
    icon: Icon = "apple"
    scope: Scope = "openid name email"
    team_id: AppleId
    key_id: AppleId
    private_key: SigningKey
    client_token_endpoint_auth_method: AuthMethod = "client_secret_post"  # noqa: S105  # a method's name

    def issuer(self) -> str:
        return _ISSUER

    def asks_userinfo(self) -> bool:
        return False

    def extras(self) -> Mapping[str, str]:
        # Apple insists, wherever name or e-mail is asked for.
        return {**super().extras(), "response_mode": "form_post"}

    def secret(self) -> Secret:
        now = int(time.time())
        claims = {
            "iss": self.team_id,
            "iat": now,
            "exp": now + _LIFETIME,
            "aud": _ISSUER,
            "sub": self.client_id,
        }
        return Secret(
            jwt.encode({"alg": "ES256", "kid": self.key_id}, claims, self.private_key.key, ["ES256"])
        )

    def describe(self, said: Said, answer: Said) -> Said:
        return describe(said, answer)


def describe(said: Said, answer: Said) -> Said:
    """The claims with the name that the browser brings, once in a person's life; nobody signs it, so nothing
    but a name is taken from it."""
    try:
        user = msgspec.json.decode(str(answer.get("user", "")), type=_User)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return said
    return {**said, "given_name": user.name.firstName, "family_name": user.name.lastName}


class _Name(msgspec.Struct, frozen=True):
    firstName: str | None = None  # noqa: N815  # Apple's word
    lastName: str | None = None  # noqa: N815


class _User(msgspec.Struct, frozen=True):
    name: _Name = _Name()
