"""Our word: the signature that we put beside a query, or into a message that a form carries."""

from base64 import b64encode
from typing import Final
from urllib.parse import urlencode

from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509 import load_pem_x509_certificate
from lxml import etree
from msgspec import Struct
from signxml.algorithms import (
    CanonicalizationMethod,
    DigestAlgorithm,
    SignatureConstructionMethod,
    SignatureMethod,
)
from signxml.signer import XMLSigner

from providers.saml.xml import DS, Element, find_one

_RSA_SHA256: Final = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"


class Pair(Struct, frozen=True):
    """A key of ours, and the certificate in PEM by which the other side knows it."""

    key: RSAPrivateKey
    certificate: str | None = None


def sign_query(query: str, pair: Pair) -> str:
    """The query with our signature over these very octets, in this order (Bindings 3.4.4.1)."""
    query += f"&{urlencode({'SigAlg': _RSA_SHA256})}"
    signature = pair.key.sign(query.encode(), PKCS1v15(), SHA256())
    return f"{query}&{urlencode({'Signature': b64encode(signature).decode()})}"


def sign_element(root: Element, pair: Pair) -> Element:
    """The message with our signature in it, behind its issuer, as the schema wants it."""
    find_one(root, "saml:Issuer").addnext(etree.Element(f"{DS}Signature", Id="placeholder"))
    signer = XMLSigner(
        SignatureConstructionMethod.enveloped,
        SignatureMethod.RSA_SHA256,
        DigestAlgorithm.SHA256,
        CanonicalizationMethod.EXCLUSIVE_XML_CANONICALIZATION_1_0,
    )
    known = None if pair.certificate is None else [load_pem_x509_certificate(pair.certificate.encode())]
    return signer.sign(root, key=pair.key, cert=known, reference_uri=root.get("ID"), id_attribute="ID")
