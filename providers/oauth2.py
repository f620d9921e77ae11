"""OAuth 2 without OpenID: the person is whoever a profile's address describes to their access token."""

from collections.abc import Mapping
from typing import Annotated

from msgspec import Meta

from providers.client import Server
from providers.client_settings import ClaimName, ClientSettings
from providers.code_flow import CodeFlow, ask, secret_of
from providers.contract import Identity, Provider, Tokens, Unreachable
from providers.http import Outbound
from providers.inspection import inspect_client
from providers.profile import read_person
from providers.redirects import check_state, in_time, read_code
from providers.settings import Url
from providers.words import Words

AnyScope = Annotated[
    str, Meta(pattern=r"^[!-~]+( [!-~]+)*\Z", max_length=1000, description="scopes separated by spaces")
]

ClaimNameMaybe = Annotated[ClaimName | None, Meta(description="a name in the profile, or a dotted path")]


class OAuth2Client(ClientSettings, frozen=True, kw_only=True):
    """What a kind of provider answers: where its server is, and in which words it describes people."""

    identifier_key: ClaimNameMaybe = None
    scope: AnyScope = "email"

    def server(self) -> Server:
        """The endpoints that the browser and the code go to."""
        raise NotImplementedError(f"{self.driver()} says where its server is")

    def places(self) -> Mapping[str, str]:
        """The addresses to ask: the profile under the empty name, what else there is under its own."""
        raise NotImplementedError(f"{self.driver()} says where profiles are")

    def words(self) -> Words:
        """In which words the profile is written."""
        return Words(groups=self.group_claim_name)

    def open(self, name: str, outbound: Outbound) -> Provider:
        return OAuth2(name, self, self.scope, outbound)


class OAuth2Settings(OAuth2Client, frozen=True, kw_only=True, tag_field="driver", tag="oauth2"):
    """Any server: three addresses, and the profile's words. An e-mail address is an identifier only where
    IDENTIFIER_KEY says so, and then a verified one."""

    authorize_url: Url
    access_url: Url
    profile_url: Url
    email_key: ClaimName = "email"
    email_verified_key: ClaimName = "email_verified"
    first_name_key: ClaimName = "given_name"
    last_name_key: ClaimName = "family_name"

    def server(self) -> Server:
        return Server(self.authorize_url, self.access_url)

    def places(self) -> Mapping[str, str]:
        return {"": self.profile_url}

    def words(self) -> Words:
        return Words(
            identifier=(self.identifier_key,) if self.identifier_key else ("sub", "id"),
            email=self.email_key,
            verified=self.email_verified_key,
            first_name=self.first_name_key,
            last_name=self.last_name_key,
            groups=self.group_claim_name,
        )


class OAuth2(CodeFlow[OAuth2Client]):
    """One client at one server that issues no ID tokens."""

    driver = "oauth2"

    async def server(self) -> Server:
        return self._settings.server()

    async def arrive(self, query: Mapping[str, str], memory: Mapping[str, str]) -> Identity:
        check_state(query, memory)
        async with in_time():
            server = await self.server()
            code = read_code(query)
            async with self._client(server, memory["redirect_uri"]) as client:
                tokens = await self._exchange(client, server, code, memory)
            said = {
                name: await ask(self._outbound, place, tokens["access_token"])
                for name, place in self._settings.places().items()
            }
        profile = said.pop("")
        if not isinstance(profile, dict):
            raise Unreachable("The profile's address describes nobody")
        kept = Tokens(secret_of(tokens.get("refresh_token")))
        described = self._settings.describe({**profile, **said}, query)
        return read_person(self.name, described, self._settings.words(), tokens=kept)

    async def inspect(self, return_url: str) -> list[str]:
        async with in_time():
            return await inspect_client(self._outbound, self._settings, await self.server(), return_url)
