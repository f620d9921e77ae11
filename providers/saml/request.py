"""The question that the browser carries to the identity provider (SAML Core 3.4.1, Bindings 3.4)."""

from collections.abc import Sequence
from typing import NamedTuple

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from lxml import etree

from providers.contract import Prompt
from providers.saml import binding
from providers.saml.metadata import POST, IdentityProvider
from providers.saml.xml import SAML, SAMLP

_WISHES = {"login": {"ForceAuthn": "true"}, "none": {"IsPassive": "true"}}


class Request(NamedTuple):
    """A question on its way: the answer has to name its id."""

    id: str
    url: str


def ask(
    whom: IdentityProvider,
    entity_id: str,
    lands_at: str,
    relay_state: str,
    *,
    prompt: Prompt | None = None,
    contexts: Sequence[str] = (),
    key: RSAPrivateKey | None = None,
) -> Request:
    """Ask who this browser's person is, proven in one of these ways; signed where there is a key."""
    told = {"ProtocolBinding": POST, "AssertionConsumerServiceURL": lands_at, **_WISHES.get(prompt or "", {})}
    root = binding.write("AuthnRequest", entity_id, whom.sign_on_url, **told)
    etree.SubElement(root, f"{SAMLP}NameIDPolicy", AllowCreate="true")
    if contexts:
        wanted = etree.SubElement(root, f"{SAMLP}RequestedAuthnContext", Comparison="exact")
        for context in contexts:
            etree.SubElement(wanted, f"{SAML}AuthnContextClassRef").text = context
    return Request(root.get("ID", ""), binding.send(root, "SAMLRequest", relay_state, key))
