"""GitLab: https://docs.gitlab.com/integration/openid_connect_provider/."""

from providers.client_settings import ClaimName
from providers.oidc import OpenIDClient
from providers.settings import Icon, Label, Url
from providers.words import Said, Words


class GitLabSettings(OpenIDClient, frozen=True, kw_only=True, tag_field="driver", tag="gitlab"):
    """`base_url`: an instance of one's own. Groups are those that the person is a member of directly."""

    label: Label = "GitLab"
    icon: Icon = "gitlab"
    base_url: Url = "https://gitlab.com"
    group_claim_name: ClaimName = "groups_direct"

    def issuer(self) -> str:
        return self.base_url.rstrip("/")

    def words(self) -> Words:
        return Words(
            identifier=(self.identifier_key,),
            first_name="first_name",
            last_name="last_name",
            groups=self.group_claim_name,
        )

    def describe(self, said: Said, answer: Said) -> Said:
        return describe(said)


def describe(said: Said) -> Said:
    """The claims with the one name that there is taken apart."""
    if not isinstance(said.get("name"), str):
        return said
    first, _, last = str(said["name"]).strip().partition(" ")
    return {**said, "first_name": first or None, "last_name": last.strip() or None}
