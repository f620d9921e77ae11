"""SAML: the browser carries a question to the identity provider, and its signed answer back."""

import asyncio
import time
from collections.abc import Mapping
from typing import Annotated

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from msgspec import Meta
from msgspec.structs import replace

from providers.client_settings import ClaimName
from providers.contract import Departure, Identity, Misconfigured, Once, Prompt, Untrusted
from providers.discovery import Kept
from providers.http import Outbound
from providers.profile import read_person
from providers.redirects import check_state, in_time, random_text
from providers.saml.encryption import Decryption
from providers.saml.metadata import IdentityProvider, describe_us, read_entity_id, read_metadata
from providers.saml.request import ask
from providers.saml.response import Assertion, Expected, read_response
from providers.secret import PrivateKey
from providers.settings import Common, Domains, Flag
from providers.words import Words

_CLAIMS = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/"
_TRANSIENT = "urn:oasis:names:tc:SAML:2.0:nameid-format:transient"
NAME_ID = "nameID"  # under which the profile tells it

IdpMetadata = Annotated[
    str,
    Meta(
        pattern=r"^(<|https?://[^\s]+\Z)",
        description="the identity provider's metadata, as XML or its address",
    ),
]
SpMetadata = Annotated[
    Annotated[str, Meta(pattern=r"^<")] | None, Meta(description="metadata of ours, as XML")
]
Key = Annotated[PrivateKey | None, Meta(description="an RSA private key of 2048 bits or more, in PEM")]
Certificate = Annotated[
    Annotated[str, Meta(pattern=r"^-----BEGIN CERTIFICATE-----")] | None,
    Meta(description="a certificate in PEM, the one that goes with SP_PRIVATE_KEY"),
]
ClaimNameMaybe = Annotated[
    Annotated[str, Meta(pattern=r"^[!-~]{1,255}\Z")] | None, Meta(description="an attribute's name")
]


class SamlSettings(Common, frozen=True, kw_only=True, tag_field="driver", tag="saml"):
    """The documented variables, and beside them what the administrator may ask for.

    People are known by their NameID unless `identifier_key` names an attribute. Of `sp_metadata` only the
    entityID counts. An address is verified in one of `verified_domains`, or where `email_verified_key` says.
    With `sp_private_key` questions are signed, and answers may be encrypted.
    """

    idp_metadata: IdpMetadata
    sp_metadata: SpMetadata = None
    sp_private_key: Key = None
    sp_certificate: Certificate = None
    identifier_key: ClaimNameMaybe = None
    email_key: ClaimName = f"{_CLAIMS}emailaddress"
    email_verified_key: ClaimName = "email_verified"
    given_name_key: ClaimName = f"{_CLAIMS}givenname"
    family_name_key: ClaimName = f"{_CLAIMS}surname"
    group_claim_name: ClaimName = "groups"
    verified_domains: Domains = ()
    allow_idp_initiated: Flag = False
    allow_sha1: Flag = False

    def words(self) -> Words:
        """In which words an assertion describes people."""
        return Words(
            identifier=(self.identifier_key or NAME_ID,),
            email=self.email_key,
            verified=self.email_verified_key,
            first_name=self.given_name_key,
            last_name=self.family_name_key,
            groups=self.group_claim_name,
        )

    def open(self, name: str, outbound: Outbound) -> "Saml":
        return Saml(name, self, outbound)


class Saml:
    """One service provider, which is us, at one identity provider."""

    lands_at = "acs"

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
        key, state = self._key(), random_text()
        if whom.wants_signed and key is None:
            raise Misconfigured("The identity provider wants signed questions, and SP_PRIVATE_KEY is not set")
        asked = ask(whom, self._entity_id(return_url), return_url, state, prompt=prompt, key=key)
        return Departure(asked.url, {"state": state, "request": asked.id, "return_url": return_url})

    async def arrive(self, query: Mapping[str, str], memory: Mapping[str, str]) -> Identity:
        check_state({"state": query.get("RelayState", "")}, memory)
        return await self._read(query, memory["return_url"], memory["request"])

    async def receive(self, query: Mapping[str, str], return_url: str) -> Identity:
        """Somebody whom the identity provider sent of its own accord."""
        if not self.takes_unasked:
            raise Untrusted("Nobody asked for this answer, and ALLOW_IDP_INITIATED is not set")
        return await self._read(query, return_url, None)

    def describe_us(self, return_url: str) -> bytes:
        key, certificate = self._key(), self._settings.sp_certificate
        return describe_us(self._entity_id(return_url), return_url, certificate, signs=key is not None)

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
        if whom.sign_on_url.startswith("http:"):
            found.append("The identity provider would have people sign on over plain http.")
        if all(one.not_valid_after_utc.timestamp() < at for one in whom.certificates):
            found.append("Every certificate of the identity provider has run out: ask for its new metadata.")
        if self._settings.allow_idp_initiated:
            found.append("ALLOW_IDP_INITIATED lets any page sign a browser in as somebody else.")
        if self._settings.allow_sha1:
            found.append("ALLOW_SHA1 lets signatures count that can be forged.")
        return found

    async def _learn(self) -> IdentityProvider:
        told = self._settings.idp_metadata
        data = told.encode() if told.startswith("<") else await self._outbound.fetch_bytes(told)
        return read_metadata(data)

    async def _read(self, query: Mapping[str, str], return_url: str, request: str | None) -> Identity:
        text = query.get("SAMLResponse", "")
        async with in_time():
            whom = await self._idp.get()
            expected = Expected(
                issuer=whom.entity_id,
                certificates=whom.certificates,
                audience=self._entity_id(return_url),
                recipient=return_url,
                request=request,
                allows_sha1=self._settings.allow_sha1,
            )
            key = self._key()
            decrypt = Decryption(key) if key else None
            # Verifying takes milliseconds of computing, and hostile text may take more.
            assertion = await asyncio.to_thread(read_response, text, expected, decrypt)
        return self._describe(assertion, whom)

    def _describe(self, assertion: Assertion, whom: IdentityProvider) -> Identity:
        told = self._settings
        if told.identifier_key is None and assertion.name_format == _TRANSIENT:
            raise Misconfigured(
                "The identity provider names people anew each time (NameID is transient): "
                "have it send a persistent one, or name an attribute by IDENTIFIER_KEY"
            )
        said: dict[str, object] = {
            name: values[0] if len(values) == 1 and name != told.group_claim_name else values
            for name, values in assertion.attributes.items()
        }
        said |= {NAME_ID: assertion.name_id, "iss": whom.entity_id}
        email = said.get(told.email_key)
        if isinstance(email, str) and email.rpartition("@")[2].lower() in told.verified_domains:
            said[told.email_verified_key] = True
        return replace(
            read_person(self.name, said, told.words()),
            acr=assertion.context,
            auth_time=assertion.auth_time,
            sid=assertion.session_index,
            ends_at=None if assertion.session_ends is None else int(assertion.session_ends),
            once=Once(f"{whom.entity_id} {assertion.id}", assertion.ends),
        )

    def _entity_id(self, return_url: str) -> str:
        """Under which name the identity provider knows us: the address of our metadata unless told."""
        told = self._settings.sp_metadata
        return read_entity_id(told.encode()) if told else f"{return_url.rpartition('/')[0]}/metadata"

    def _key(self) -> RSAPrivateKey | None:
        held = self._settings.sp_private_key
        if held is None:
            return None
        key = held.key.private_key
        if not isinstance(key, RSAPrivateKey):
            raise Misconfigured("SP_PRIVATE_KEY is no RSA key")
        return key
