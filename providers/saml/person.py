"""From what an identity provider has signed of somebody to an Identity."""

from msgspec.structs import replace

from providers.contract import Identity, Misconfigured, Once
from providers.profile import read_person
from providers.saml.logout import hint_of
from providers.saml.response import Assertion
from providers.saml.settings import NAME_ID, SamlClient

_TRANSIENT = "urn:oasis:names:tc:SAML:2.0:nameid-format:transient"


def describe(name: str, assertion: Assertion, issuer: str, told: SamlClient) -> Identity:
    """The person of an assertion, at the provider called `name`. Raises Misconfigured, ProviderError."""
    if told.identifier_key is None and assertion.name_format == _TRANSIENT:
        raise Misconfigured(
            "The identity provider names people anew each time (NameID is transient): "
            "have it send a persistent one, or name an attribute by IDENTIFIER_KEY"
        )
    said: dict[str, object] = {
        name: values[0] if len(values) == 1 and name != told.group_claim_name else values
        for name, values in assertion.attributes.items()
    }
    said |= {NAME_ID: assertion.name_id, "iss": issuer}
    email = said.get(told.email_key)
    if isinstance(email, str) and email.rpartition("@")[2].lower() in told.verified_domains:
        said[told.email_verified_key] = True
    return replace(
        read_person(name, said, told.words()),
        acr=assertion.context,
        auth_time=assertion.auth_time,
        sid=assertion.session_index,
        subject=assertion.name_id,
        hint=hint_of(assertion),
        ends_at=None if assertion.session_ends is None else int(assertion.session_ends),
        once=Once(f"{issuer} {assertion.id}", assertion.ends),
    )
