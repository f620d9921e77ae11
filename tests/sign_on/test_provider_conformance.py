"""What every provider must do, whatever its kind: one class, one subclass each."""

from base64 import b64encode
from collections.abc import Mapping

import msgspec
import pytest

from providers.contract import Departure, Provider, Refused, Untrusted
from providers.http import Outbound
from providers.kinds import open_provider, read_settings
from providers.mock import MockSettings
from tests.peers import saml
from tests.peers.oidc import OpenIDProvider
from tests.sign_on.arrivals import query_of
from tests.sign_on.browser import CALLBACK, Browser
from tests.sign_on.conftest import Open

STATUS = "urn:oasis:names:tc:SAML:2.0:status:"


class Conformance:
    """Subclasses give a `provider` and say how `ada@example.com` comes back from a departure."""

    identifier = "ada@example.com"
    shown = ("op", "account_circle")  # label and icon
    state, proof = "state", "code"  # under which names they come back

    async def come_back(self, departure: Departure) -> str:
        """The address of ours that the browser ends up at."""
        raise NotImplementedError

    async def back(self, departure: Departure) -> dict[str, str]:
        url = await self.come_back(departure)
        assert url.partition("?")[0] == CALLBACK
        return query_of(url)

    async def depart(self, provider: Provider) -> Departure:
        return await provider.depart(CALLBACK, login_hint="ada@example.com")

    async def test_it_can_be_listed(self, provider: Provider) -> None:
        assert provider.name == "op"
        assert provider.driver
        assert (provider.label, provider.icon) == self.shown

    async def test_a_person_comes_back_as_who_they_are(self, provider: Provider) -> None:
        departure = await self.depart(provider)
        identity = await provider.arrive(await self.back(departure), departure.memory)
        assert identity.provider == "op"
        assert identity.external_identifier == self.identifier
        assert (identity.email, identity.email_verified) == ("ada@example.com", True)

    async def test_the_same_person_has_the_same_identifier_and_profile_again(
        self, provider: Provider
    ) -> None:
        identities = []
        for _ in range(2):
            departure = await self.depart(provider)
            identities.append(await provider.arrive(await self.back(departure), departure.memory))
        assert identities[0].external_identifier == identities[1].external_identifier
        assert identities[0].profile == identities[1].profile

    async def test_the_profile_can_be_kept_and_holds_no_token(self, provider: Provider) -> None:
        departure = await self.depart(provider)
        query = await self.back(departure)
        identity = await provider.arrive(query, departure.memory)
        text = msgspec.json.encode(identity.profile).decode()
        assert msgspec.json.decode(text) == identity.profile
        kept = [
            token.reveal() for token in (identity.tokens.refresh_token, identity.tokens.id_token) if token
        ]
        for secret in [query[self.proof], *departure.memory.values(), *kept]:
            assert not secret or secret not in text or secret == identity.profile["iss"]

    async def test_no_two_departures_are_alike(self, provider: Provider) -> None:
        one, two = await self.depart(provider), await self.depart(provider)
        names = {"state", "nonce", "code_verifier"} & set(one.memory)
        assert "state" in names
        random = {memory[name] for memory in (one.memory, two.memory) for name in names}
        assert len(random) == 2 * len(names)
        assert one.url != two.url

    async def test_what_is_to_be_remembered_is_text_and_is_not_shown(self, provider: Provider) -> None:
        departure = await self.depart(provider)
        assert all(isinstance(value, str) for value in departure.memory.values())
        assert departure.memory["state"] not in repr(departure)

    @pytest.mark.parametrize("state", ["", "another", None])
    async def test_a_foreign_callback_is_not_trusted(self, provider: Provider, state: str | None) -> None:
        departure = await self.depart(provider)
        query = await self.back(departure)
        del query[self.state]
        with pytest.raises(Untrusted):
            await provider.arrive(query if state is None else {**query, self.state: state}, departure.memory)

    async def test_an_answer_without_a_departure_is_not_trusted(self, provider: Provider) -> None:
        query = await self.back(await self.depart(provider))
        with pytest.raises(Untrusted):
            await provider.arrive(query, {})

    async def test_the_answer_to_another_departure_is_not_accepted(self, provider: Provider) -> None:
        mine, theirs = await self.depart(provider), await self.depart(provider)
        query = await self.back(theirs)
        with pytest.raises((Untrusted, Refused)):
            await provider.arrive({**query, self.state: mine.memory["state"]}, mine.memory)

    async def test_a_changed_answer_is_not_accepted(self, provider: Provider) -> None:
        departure = await self.depart(provider)
        query = await self.back(departure)
        with pytest.raises((Untrusted, Refused)):
            changed = query[self.proof][:-6] + "AAAAAA"
            await provider.arrive({**query, self.proof: changed}, departure.memory)

    @pytest.mark.parametrize(
        "answer",
        [
            {},
            {"code": ""},
            {"code": "\x00" * 9},
            {"code": "é.\udcff."},
            {"code": "a" * 5000},
            {"code": "eyJhbGciOiJIUzI1NiIsImNyaXQiOnRydWV9.e30.AAAA"},  # "crit": true
        ],
    )
    async def test_junk_is_not_accepted(self, provider: Provider, answer: Mapping[str, str]) -> None:
        departure = await self.depart(provider)
        kept = {name: value for name, value in (await self.back(departure)).items() if name != self.proof}
        junk = dict.fromkeys([self.proof] * len(answer), answer.get("code", ""))
        with pytest.raises((Untrusted, Refused)):
            await provider.arrive({**kept, **junk}, departure.memory)

    async def test_a_refusal_is_said_to_be_one(self, provider: Provider) -> None:
        departure = await self.depart(provider)
        kept = {name: value for name, value in (await self.back(departure)).items() if name != "code"}
        said = {"error": "access_denied", "error_description": "no\r\nthanks\x1b"}
        with pytest.raises(Refused) as caught:
            await provider.arrive({**kept, **said}, departure.memory)
        assert caught.value.code == "access_denied"
        assert caught.value.cause == "The provider said access_denied: nothanks"


class TestMock(Conformance):
    @pytest.fixture
    def provider(self, outbound: Outbound) -> Provider:
        settings = read_settings({"DRIVER": "mock"})
        assert isinstance(settings, MockSettings)
        return open_provider("op", settings, outbound)

    async def come_back(self, departure: Departure) -> str:
        return departure.url


class TestOpenID(Conformance):
    @pytest.fixture
    def provider(self, idp: OpenIDProvider, open_openid: Open) -> Provider:
        idp.describe("ada@example.com", email="ada@example.com", email_verified=True)
        client = idp.register(CALLBACK)
        return open_openid(idp.issuer, CLIENT_ID=client.client_id, CLIENT_SECRET=client.client_secret)

    async def come_back(self, departure: Departure) -> str:
        async with Browser() as browser:
            return await browser.sign_on(departure.url, login="ada@example.com", stop_at=CALLBACK)


class TestSaml(Conformance):
    identifier = "Ada-1"
    state, proof = "RelayState", "SAMLResponse"

    @pytest.fixture
    def provider(self, saml_idp: saml.IdentityProvider, outbound: Outbound) -> Provider:
        self.idp = saml_idp
        settings = read_settings(
            {"DRIVER": "saml", "IDP_METADATA": f"{saml_idp.url}/metadata", "VERIFIED_DOMAINS": "example.com"}
        )
        assert not isinstance(settings, list), settings
        return open_provider("op", settings, outbound)

    async def back(self, departure: Departure) -> dict[str, str]:
        form = self.idp.answer(departure.url, recipient=CALLBACK, destination=CALLBACK)
        assert form.action == CALLBACK
        return form.fields

    async def test_a_refusal_is_said_to_be_one(self, provider: Provider) -> None:
        departure = await self.depart(provider)
        query = await self.back(departure)
        words = "".join(f'<x:StatusCode Value="{STATUS}{word}">' for word in ("Responder", "AuthnFailed"))
        text = f"""<x:Response xmlns:x="urn:oasis:names:tc:SAML:2.0:protocol" Version="2.0"><x:Status>{words}
            </x:StatusCode></x:StatusCode></x:Status></x:Response>"""
        with pytest.raises(Refused) as caught:
            await provider.arrive({**query, self.proof: b64encode(text.encode()).decode()}, departure.memory)
        assert caught.value.code == "access_denied"
        assert caught.value.cause == "The identity provider said Responder AuthnFailed"
