"""GitHub: https://docs.github.com/apps/oauth-apps/building-oauth-apps/authorizing-oauth-apps."""

from collections.abc import Mapping

from providers.client import Server
from providers.oauth2 import AnyScope, OAuth2Client
from providers.settings import Icon, Label, Url
from providers.words import Said, Words

_PUBLIC = "https://github.com"
_BESIDE = ("emails", "orgs")  # further answers that come with the profile


class GitHubSettings(OAuth2Client, frozen=True, kw_only=True, tag_field="driver", tag="github"):
    """`base_url`: a GitHub Enterprise Server. With read:org in SCOPE the organisations are the groups."""

    label: Label = "GitHub"
    icon: Icon = "github"
    base_url: Url = _PUBLIC
    scope: AnyScope = "read:user user:email"

    def server(self) -> Server:
        base = self.base_url.rstrip("/")
        return Server(f"{base}/login/oauth/authorize", f"{base}/login/oauth/access_token")

    def places(self) -> Mapping[str, str]:
        base = self.base_url.rstrip("/")
        api = "https://api.github.com" if base == _PUBLIC else f"{base}/api/v3"
        places = {"": f"{api}/user", "emails": f"{api}/user/emails"}
        return {**places, "orgs": f"{api}/user/orgs"} if "read:org" in self.scope.split() else places

    def words(self) -> Words:
        return Words(identifier=("id",), first_name="first_name", last_name="last_name")

    def describe(self, said: Said, answer: Said) -> Said:
        return describe(said)


def describe(said: Said) -> Said:
    """The profile with its primary address, which only /user/emails vouches for; a login may be given away
    and taken by somebody else, the number stays.
    """
    listed = said.get("emails")
    mails = [mail for mail in listed if isinstance(mail, Mapping)] if isinstance(listed, list) else []
    primary = next((mail for mail in mails if mail.get("primary") is True), {})
    first, _, last = str(said.get("name") or "").strip().partition(" ")
    orgs = said.get("orgs")
    logins = [org.get("login") for org in orgs if isinstance(org, Mapping)] if isinstance(orgs, list) else []
    return {
        **{name: value for name, value in said.items() if name not in _BESIDE},
        "email": primary.get("email") or said.get("email"),
        "email_verified": primary.get("verified") is True,
        "first_name": first or None,
        "last_name": last.strip() or None,
        "groups": logins,
    }
