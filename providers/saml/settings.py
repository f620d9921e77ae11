"""What a SAML identity provider is set up with."""

from typing import Annotated

from msgspec import Meta

from providers.client_settings import ClaimName
from providers.secret import PrivateKey
from providers.settings import Common, ContextClasses, Domains, Flag, Span
from providers.words import Words

_CLAIMS = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/"
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


class SamlClient(Common, frozen=True, kw_only=True):
    """The documented variables, and beside them what the administrator may ask for.

    People are known by their NameID unless `identifier_key` names an attribute. Of `sp_metadata` only the
    entityID counts. An address is verified in one of `verified_domains`, or where `email_verified_key` says.
    `acr_values` (AuthnContextClassRef) are the ways of proving themselves that will do, `max_age` is how long
    ago: both are asked for, and held against the signed answer. With `sp_private_key` questions are signed,
    answers may be encrypted, and sign-outs travel both ways.
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
    max_age: Span = None
    acr_values: ContextClasses = ()
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
