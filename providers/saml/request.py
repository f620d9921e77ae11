"""The question that the browser carries to the identity provider (SAML Core 3.4.1)."""

from collections.abc import Sequence

from lxml import etree

from providers.contract import Prompt
from providers.saml import binding
from providers.saml.binding import Sent
from providers.saml.metadata import POST, IdentityProvider
from providers.saml.signing import Pair
from providers.saml.xml import SAML, SAMLP

_WISHES = {"login": {"ForceAuthn": "true"}, "none": {"IsPassive": "true"}}


def ask(
    whom: IdentityProvider,
    entity_id: str,
    lands_at: str,
    relay_state: str,
    *,
    prompt: Prompt | None = None,
    contexts: Sequence[str] = (),
    pair: Pair | None = None,
) -> Sent:
    """Ask who this browser's person is, proven in one of these ways; signed where there is a pair."""
    told = {"ProtocolBinding": POST, "AssertionConsumerServiceURL": lands_at, **_WISHES.get(prompt or "", {})}
    root = binding.write("AuthnRequest", entity_id, whom.sign_on.url, **told)
    etree.SubElement(root, f"{SAMLP}NameIDPolicy", AllowCreate="true")
    if contexts:
        wanted = etree.SubElement(root, f"{SAMLP}RequestedAuthnContext", Comparison="exact")
        for context in contexts:
            etree.SubElement(wanted, f"{SAML}AuthnContextClassRef").text = context
    return binding.send(root, "SAMLRequest", whom.sign_on, relay_state, pair)
