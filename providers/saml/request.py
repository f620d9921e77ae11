"""The question that the browser carries to the identity provider (SAML Core 3.4.1, Bindings 3.4)."""

import zlib
from base64 import b64encode
from datetime import UTC, datetime
from secrets import token_hex
from typing import NamedTuple
from urllib.parse import urlencode

from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from lxml import etree

from providers.contract import Prompt
from providers.saml.metadata import POST, IdentityProvider
from providers.saml.xml import SAML, SAMLP, SPACES

_RSA_SHA256 = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"


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
    key: RSAPrivateKey | None = None,
) -> Request:
    """Ask who this browser's person is; signed where there is a key."""
    number = f"_{token_hex(20)}"
    root = etree.Element(f"{SAMLP}AuthnRequest", nsmap={name: SPACES[name] for name in ("samlp", "saml")})
    told = {
        "ID": number,
        "Version": "2.0",
        "IssueInstant": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "Destination": whom.sign_on_url,
        "ProtocolBinding": POST,
        "AssertionConsumerServiceURL": lands_at,
    }
    wishes = {"login": {"ForceAuthn": "true"}, "none": {"IsPassive": "true"}}
    for name, value in {**told, **wishes.get(prompt or "", {})}.items():
        root.set(name, value)
    etree.SubElement(root, f"{SAML}Issuer").text = entity_id
    etree.SubElement(root, f"{SAMLP}NameIDPolicy", AllowCreate="true")
    packer = zlib.compressobj(wbits=-15)
    packed = packer.compress(etree.tostring(root)) + packer.flush()
    query = urlencode({"SAMLRequest": b64encode(packed).decode(), "RelayState": relay_state})
    if key is not None:
        # The signature is over these very octets, in this order (Bindings 3.4.4.1).
        query += f"&{urlencode({'SigAlg': _RSA_SHA256})}"
        signature = key.sign(query.encode(), PKCS1v15(), SHA256())
        query += f"&{urlencode({'Signature': b64encode(signature).decode()})}"
    mark = "&" if "?" in whom.sign_on_url else "?"
    return Request(number, f"{whom.sign_on_url}{mark}{query}")
