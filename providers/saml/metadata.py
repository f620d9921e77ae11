"""Metadata of both sides (SAML Metadata 2.4): what an identity provider says of itself, and what we do."""

from base64 import b64decode

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import Certificate, load_der_x509_certificate, load_pem_x509_certificate
from lxml import etree
from msgspec import Struct

from providers.contract import Misconfigured, Untrusted
from providers.saml import xml
from providers.saml.xml import DS, MD, SAMLP, SPACES, Element

REDIRECT = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"
POST = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"


class Place(Struct, frozen=True):
    """An address at the identity provider; it `posts` where forms are taken (HTTP-POST), not queries."""

    url: str
    posts: bool = False


class IdentityProvider(Struct, frozen=True):
    """Who signs, with which certificates, and where the browser is sent to: to sign on, to sign out, and
    with our answer to a sign-out there."""

    entity_id: str
    sign_on: Place
    certificates: tuple[Certificate, ...]
    wants_signed: bool = False
    logout: Place | None = None
    logout_answer: Place | None = None


def read_metadata(data: bytes) -> IdentityProvider:
    """The one identity provider that a document describes. Raises Misconfigured."""
    try:
        root = xml.parse(data)
        described = (
            [root] if root.tag == f"{MD}EntityDescriptor" else xml.find_all(root, ".//md:EntityDescriptor")
        )
        found = [(one, role) for one in described for role in xml.find_all(one, "md:IDPSSODescriptor")]
    except Untrusted as problem:
        raise Misconfigured(f"IDP_METADATA cannot be read: {problem.cause}") from problem
    if len(found) != 1:
        raise Misconfigured(f"IDP_METADATA describes {len(found)} identity providers where there must be one")
    ((entity, role),) = found
    sign_on, entity_id = _place(role, "SingleSignOnService"), entity.get("entityID")
    if sign_on is None or not entity_id:
        raise Misconfigured(
            "IDP_METADATA names no entityID, or no SingleSignOnService for HTTP-Redirect or HTTP-POST"
        )
    certificates = _certificates(role)
    if not certificates:
        raise Misconfigured("IDP_METADATA holds no certificate that can be read: nothing could be verified")
    wants = role.get("WantAuthnRequestsSigned") in {"true", "1"}
    out = _place(role, "SingleLogoutService")
    answered = _place(role, "SingleLogoutService", "ResponseLocation") or out
    return IdentityProvider(entity_id, sign_on, certificates, wants, out, answered)


def read_entity_id(data: bytes) -> str:
    """Under which name we are known, from metadata of ours made elsewhere. Raises Misconfigured."""
    try:
        entity_id = xml.parse(data).get("entityID")
    except Untrusted as problem:
        raise Misconfigured(f"SP_METADATA cannot be read: {problem.cause}") from problem
    if not entity_id:
        raise Misconfigured("SP_METADATA names no entityID")
    return entity_id


def describe_us(
    entity_id: str, lands_at: str, certificate: str | None, *, signs: bool, leaves_at: str | None = None
) -> bytes:
    """Metadata of ours, for the administrator of the identity provider; `leaves_at` takes sign-outs."""
    root = etree.Element(f"{MD}EntityDescriptor", nsmap={"md": SPACES["md"], "ds": SPACES["ds"]})
    root.set("entityID", entity_id)
    role = etree.SubElement(root, f"{MD}SPSSODescriptor", protocolSupportEnumeration=SAMLP[1:-1])
    role.set("AuthnRequestsSigned", str(signs).lower())
    role.set("WantAssertionsSigned", "true")
    if certificate is not None:
        info = etree.SubElement(etree.SubElement(role, f"{MD}KeyDescriptor"), f"{DS}KeyInfo")
        held = etree.SubElement(etree.SubElement(info, f"{DS}X509Data"), f"{DS}X509Certificate")
        held.text = _bare(certificate)
    if leaves_at is not None:
        for binding in (REDIRECT, POST):
            etree.SubElement(role, f"{MD}SingleLogoutService", Binding=binding, Location=leaves_at)
    etree.SubElement(
        role, f"{MD}AssertionConsumerService", Binding=POST, Location=lands_at, index="0", isDefault="true"
    )
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8")


def check_pair(key: RSAPrivateKey | None, certificate: str | None) -> list[str]:
    """Sentences about a key and a certificate of ours that do not go together."""
    if key is None:
        return []
    if certificate is None:
        return ["SP_PRIVATE_KEY is set and SP_CERTIFICATE is not: nobody could verify what we sign."]
    if load_pem_x509_certificate(certificate.encode()).public_key() == key.public_key():
        return []
    return ["SP_CERTIFICATE is another key's than SP_PRIVATE_KEY: nobody could verify what we sign."]


def _place(role: Element, service: str, attribute: str = "Location") -> Place | None:
    """Where a service takes messages: by redirect where it can, for that needs no page of ours in between."""
    for binding in (REDIRECT, POST):
        for one in xml.find_all(role, f"md:{service}"):
            url = one.get(attribute, "")
            if one.get("Binding") == binding and url.startswith(("https://", "http://")):
                return Place(url, posts=binding == POST)
    return None


def _certificates(role: Element) -> tuple[Certificate, ...]:
    found = []
    for key in xml.find_all(role, "md:KeyDescriptor"):
        if key.get("use", "signing") == "signing":
            found += [
                one.text or "" for one in xml.find_all(key, "ds:KeyInfo/ds:X509Data/ds:X509Certificate")
            ]
    try:
        return tuple(load_der_x509_certificate(b64decode("".join(text.split()))) for text in found[:10])
    except ValueError as problem:
        raise Misconfigured("IDP_METADATA holds a certificate that cannot be read") from problem


def _bare(certificate: str) -> str:
    """The base64 inside of PEM."""
    try:
        pem = load_pem_x509_certificate(certificate.encode()).public_bytes(Encoding.PEM).decode()
    except ValueError as problem:
        raise Misconfigured("SP_CERTIFICATE is no certificate in PEM") from problem
    return "".join(pem.splitlines()[1:-1])
