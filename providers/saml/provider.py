"""SAML: the browser carries a question to the identity provider, and its signed answer back."""

import asyncio
import time
from collections.abc import Mapping

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from providers.afterwards import Carried, LogoutAsked
from providers.contract import Departure, Identity, Misconfigured, Prompt, Untrusted
from providers.discovery import Kept
from providers.http import Outbound
from providers.proof import check_proof, remember_age
from providers.redirects import check_state, in_time, random_text
from providers.saml import logout
from providers.saml.encryption import Decryption
from providers.saml.metadata import IdentityProvider, check_pair, describe_us, read_entity_id, read_metadata
from providers.saml.person import describe
from providers.saml.request import ask
from providers.saml.response import Expected, read_response, vet_response
from providers.saml.settings import SamlClient
from providers.saml.signature import Trust
from providers.saml.signing import Pair
from providers.settings import seconds


class SamlSettings(SamlClient, frozen=True, kw_only=True, tag_field="driver", tag="saml"):
    """The documented variables, and beside them what the administrator may ask for."""

    def open(self, name: str, outbound: Outbound) -> "Saml":
        return Saml(name, self, outbound)


class Saml:
    """One service provider, which is us, at one identity provider."""

    lands_at, leaves_at = "acs", "logout"

    def __init__(self, name: str, settings: SamlSettings, outbound: Outbound) -> None:
        self.name, self.driver = name, settings.driver()
        self.label, self.icon = settings.label or name, settings.icon
        self.takes_unasked = settings.allow_idp_initiated
        self._settings, self._outbound = settings, outbound
        self._idp = Kept(self._learn, time.monotonic)

    async def depart(
        self, return_url: str, *, login_hint: str | None = None, prompt: Prompt | None = None
    ) -> Departure:
        async with in_time():
            whom = await self._idp.get()
        pair, state = self._pair(), random_text()
        if whom.wants_signed and pair is None:
            raise Misconfigured("The identity provider wants signed questions, and SP_PRIVATE_KEY is not set")
        told = self._settings
        if told.max_age and prompt is None:  # how long ago cannot be asked for: it is to be now
            prompt = "login"
        us = self._entity_id(return_url)
        asked = ask(whom, us, return_url, state, prompt=prompt, contexts=told.acr_values, pair=pair)
        memory = {"state": state, "request": asked.id, "return_url": return_url}
        return Departure(asked.url, {**memory, **self._age()}, asked.form)

    async def arrive(self, query: Mapping[str, str], memory: Mapping[str, str]) -> Identity:
        check_state({"state": query.get("RelayState", "")}, memory)
        return await self._read(query, memory["return_url"], memory["request"], memory)

    async def vet(self, fields: Mapping[str, str]) -> None:
        """Whether the assertion in a form is signed; what it says counts later, for the browser that left."""
        async with in_time():
            trust = self._trust(await self._idp.get())
            await asyncio.to_thread(vet_response, fields, trust, self._decryption())

    async def receive(self, query: Mapping[str, str], return_url: str) -> Identity:
        """Somebody whom the identity provider sent of its own accord."""
        if not self.takes_unasked:
            raise Untrusted("Nobody asked for this answer, and ALLOW_IDP_INITIATED is not set")
        return await self._read(query, return_url, None, self._age())

    def describe_us(self, return_url: str) -> bytes:
        key, certificate = self._key(), self._settings.sp_certificate
        leaves_at = f"{_ours(return_url)}/{self.leaves_at}" if key is not None else None
        us = self._entity_id(return_url)
        return describe_us(us, return_url, certificate, signs=key is not None, leaves_at=leaves_at)

    async def inspect(self, return_url: str) -> list[str]:
        """What can be told without a person: the metadata of both sides."""
        async with in_time():
            whom = await self._idp.get()
        self.describe_us(return_url)
        found, at = [], time.time()
        if whom.wants_signed and self._settings.sp_private_key is None:
            found.append(
                "The identity provider wants signed questions: set SP_PRIVATE_KEY and SP_CERTIFICATE."
            )
        if whom.sign_on.url.startswith("http:"):
            found.append("The identity provider would have people sign on over plain http.")
        if all(one.not_valid_after_utc.timestamp() < at for one in whom.certificates):
            found.append("Every certificate of the identity provider has run out: ask for its new metadata.")
        found += check_pair(self._key(), self._settings.sp_certificate)
        if self._settings.allow_idp_initiated:
            found.append("ALLOW_IDP_INITIATED lets any page sign a browser in as somebody else.")
        if self._settings.allow_sha1:
            found.append("ALLOW_SHA1 lets signatures count that can be forged.")
        return found

    async def ask_logout(self, hint: str, here: str) -> Departure | None:
        if self._settings.sp_private_key is None:
            return None
        state = random_text()
        asked = logout.ask(await self._sides(here), hint, state)
        if asked is None:
            return None
        return Departure(asked.url, {"state": state, "request": asked.id}, asked.form)

    async def confirm_logout(self, carried: Carried, memory: Mapping[str, str], here: str) -> None:
        check_state({"state": carried.fields.get("RelayState", "")}, memory)
        await asyncio.to_thread(logout.confirm, carried, await self._sides(here), memory["request"])

    async def read_logout(self, carried: Carried, here: str) -> LogoutAsked:
        return await asyncio.to_thread(logout.read, carried, await self._sides(here))

    async def answer_logout(self, asked: LogoutAsked, here: str) -> Departure:
        said = logout.answer(asked, await self._sides(here))
        return Departure(said.url, {}, said.form)

    async def _sides(self, here: str) -> logout.Sides:
        pair = self._pair()
        if pair is None:  # unsigned answers are none (Profiles 4.4.4.2)
            raise Misconfigured("Sign-outs have to be signed, and SP_PRIVATE_KEY is not set")
        async with in_time():
            whom = await self._idp.get()
        return logout.Sides(whom, self._entity_id(here), here, self._trust(whom), pair)

    async def _learn(self) -> IdentityProvider:
        told = self._settings.idp_metadata
        data = told.encode() if told.startswith("<") else await self._outbound.fetch_bytes(told)
        return read_metadata(data)

    async def _read(
        self, query: Mapping[str, str], return_url: str, request: str | None, memory: Mapping[str, str]
    ) -> Identity:
        async with in_time():
            whom = await self._idp.get()
            expected = Expected(
                issuer=whom.entity_id,
                trust=self._trust(whom),
                audience=self._entity_id(return_url),
                recipient=return_url,
                request=request,
            )
            # Verifying takes milliseconds of computing, and hostile text may take more.
            assertion = await asyncio.to_thread(read_response, query, expected, self._decryption())
        proof = {"acr": assertion.context, "auth_time": assertion.auth_time}
        check_proof(proof, memory, self._settings.acr_values)
        return describe(self.name, assertion, whom.entity_id, self._settings)

    def _age(self) -> dict[str, str]:
        span = self._settings.max_age
        return remember_age(seconds(span) if span else None)

    def _entity_id(self, return_url: str) -> str:
        """Under which name the identity provider knows us: the address of our metadata unless told."""
        told = self._settings.sp_metadata
        return read_entity_id(told.encode()) if told else f"{_ours(return_url)}/metadata"

    def _trust(self, whom: IdentityProvider) -> Trust:
        return Trust(whom.certificates, self._settings.allow_sha1)

    def _decryption(self) -> Decryption | None:
        key = self._key()
        return None if key is None else Decryption(key)

    def _pair(self) -> Pair | None:
        key = self._key()
        return None if key is None else Pair(key, self._settings.sp_certificate)

    def _key(self) -> RSAPrivateKey | None:
        held = self._settings.sp_private_key
        if held is None:
            return None
        key = held.key.private_key
        if not isinstance(key, RSAPrivateKey):
            raise Misconfigured(
                "SP_PRIVATE_KEY is no RSA key: nothing else is sure to be read there, so make one"
            )
        return key


def _ours(url: str) -> str:
    """What all our addresses for this provider begin with."""
    return url.rpartition("/")[0]
