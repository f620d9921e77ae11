"""Slack: https://docs.slack.dev/authentication/sign-in-with-slack/."""

from typing import Annotated

from msgspec import Meta

from providers.contract import Untrusted
from providers.oidc import OpenIDClient
from providers.settings import Icon, Label
from providers.words import Said

_TEAM = "https://slack.com/team_id"
Team = Annotated[
    Annotated[str, Meta(pattern=r"^[TE][A-Z0-9]{2,30}\Z")] | None,
    Meta(description="the id of a workspace, such as T0123456789"),
]


class SlackSettings(OpenIDClient, frozen=True, kw_only=True, tag_field="driver", tag="slack"):
    """`team_id`: the workspace to which alone people may belong."""

    label: Label = "Slack"
    icon: Icon = "slack"
    team_id: Team = None

    def issuer(self) -> str:
        return "https://slack.com"

    def check(self, claims: Said) -> None:
        if self.team_id is not None and claims.get(_TEAM) != self.team_id:
            raise Untrusted("The person belongs to another workspace than TEAM_ID")
