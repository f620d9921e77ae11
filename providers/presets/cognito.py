"""Amazon Cognito: https://docs.aws.amazon.com/cognito/latest/developerguide/federation-endpoints.html."""

from typing import Annotated

from msgspec import Meta

from providers.client_settings import ClaimName
from providers.oidc import OpenIDClient
from providers.settings import Icon, Label

Pool = Annotated[
    str,
    Meta(
        pattern=r"^[a-z]{2}(-[a-z]+)+-[0-9]_[A-Za-z0-9]{1,55}\Z",
        description="the id of a user pool, such as eu-central-1_AbCdEfGhI",
    ),
]


class CognitoSettings(OpenIDClient, frozen=True, kw_only=True, tag_field="driver", tag="cognito"):
    """A user pool, whose region is part of its id."""

    label: Label = "Cognito"
    icon: Icon = "aws"
    user_pool_id: Pool
    group_claim_name: ClaimName = "cognito:groups"

    def issuer(self) -> str:
        region = self.user_pool_id.partition("_")[0]
        return f"https://cognito-idp.{region}.amazonaws.com/{self.user_pool_id}"
