"""Whose word it is: the signature within an element (XML Signature), and the one beside a query."""

from base64 import b64decode
from urllib.parse import unquote_plus

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA1, SHA256, SHA384, SHA512, HashAlgorithm
from cryptography.x509 import Certificate
from msgspec import Struct
from signxml.algorithms import DigestAlgorithm, SignatureMethod
from signxml.exceptions import SignXMLException
from signxml.verifier import SignatureConfiguration, XMLVerifier

from providers.contract import Untrusted
from providers.saml import xml
from providers.saml.xml import SPACES, Element, find_all

_MORE = "http://www.w3.org/2001/04/xmldsig-more#"
_RSA_SHA1 = "http://www.w3.org/2000/09/xmldsig#rsa-sha1"
_RSA: dict[str, HashAlgorithm] = {
    f"{_MORE}rsa-sha256": SHA256(),
    f"{_MORE}rsa-sha384": SHA384(),
    f"{_MORE}rsa-sha512": SHA512(),
    _RSA_SHA1: SHA1(),  # noqa: S303  # taken only where ALLOW_SHA1 says so
}
_ECDSA: dict[str, HashAlgorithm] = {
    f"{_MORE}ecdsa-sha256": SHA256(),
    f"{_MORE}ecdsa-sha384": SHA384(),
    f"{_MORE}ecdsa-sha512": SHA512(),
}
_SIGNATURES = frozenset(
    SignatureMethod[f"{kind}{size}{padding}"]
    for kind, padding in (("RSA_SHA", ""), ("ECDSA_SHA", ""), ("SHA", "_RSA_MGF1"))
    for size in (256, 384, 512)
)
_DIGESTS = frozenset({DigestAlgorithm.SHA256, DigestAlgorithm.SHA384, DigestAlgorithm.SHA512})
_NOBODY = "No certificate of the identity provider fits the signature, or its algorithm is too weak"


class Trust(Struct, frozen=True):
    """Whose signatures count: those of these certificates' keys."""

    certificates: tuple[Certificate, ...]
    allows_sha1: bool = False


def verify_element(root: Element, path: str, trust: Trust) -> Element:
    """The element at `path` (`.` is the root), as the bytes that were signed say it: nothing that was not
    signed is in it. Its signature has to be its own child, and the only one. Raises Untrusted."""
    if len(find_all(root, f"{path}/ds:Signature")) != 1:
        raise Untrusted("The assertion or message is not signed")
    tag = root.tag if path == "." else xml.find_one(root, path).tag
    methods, digests = _SIGNATURES, _DIGESTS
    if trust.allows_sha1:
        methods, digests = methods | {SignatureMethod.RSA_SHA1}, digests | {DigestAlgorithm.SHA1}
    for certificate in trust.certificates:
        told = SignatureConfiguration(
            location=_location(path),
            signature_methods=methods,
            digest_algorithms=digests,
            # Trust comes from the metadata: its certificates hold a key, their dates mean nothing there.
            verification_time=certificate.not_valid_before_utc,
        )
        try:
            found = XMLVerifier().verify(root, x509_cert=certificate, id_attribute="ID", expect_config=told)
        except (SignXMLException, ValueError, KeyError, TypeError, AttributeError):
            continue
        if not isinstance(found, list) and found.signed_xml is not None:
            if found.signed_xml.tag != tag:
                raise Untrusted("The signature is over something else than the element that it stands in")
            return xml.parse(found.signed_data)
    raise Untrusted(_NOBODY)


def verify_query(query: str, name: str, trust: Trust) -> None:
    """Hold a query, as it was written, against the signature in it (Bindings 3.4.4.1). Raises Untrusted.

    `name` is the message's parameter. What was signed is the text on the way: two programs may write one
    value in two ways.
    """
    parts = [piece.partition("=") for piece in query.split("&")]
    written = {key: value for key, _, value in parts}
    if len(written) != len(parts):
        raise Untrusted("The query names a parameter twice")
    signed = "&".join(f"{key}={written[key]}" for key in (name, "RelayState", "SigAlg") if key in written)
    method = unquote_plus(written.get("SigAlg", ""))
    if not {name, "Signature"} <= set(written) or not method:
        raise Untrusted("The message is not signed")
    if method == _RSA_SHA1 and not trust.allows_sha1:
        raise Untrusted(_NOBODY)
    try:
        signature = b64decode("".join(unquote_plus(written["Signature"]).split()), validate=True)
    except ValueError as problem:
        raise Untrusted("The signature is not base64") from problem
    if not any(_fits(one, signature, signed.encode(), method) for one in trust.certificates):
        raise Untrusted(_NOBODY)


def _fits(certificate: Certificate, signature: bytes, signed: bytes, method: str) -> bool:
    """Whether it is the signature of this certificate's key, which has to be of the method's kind."""
    key = certificate.public_key()
    try:
        if isinstance(key, RSAPublicKey) and method in _RSA:
            key.verify(signature, signed, PKCS1v15(), _RSA[method])
            return True
        if isinstance(key, EllipticCurvePublicKey) and method in _ECDSA:
            key.verify(_in_der(signature, (key.key_size + 7) // 8), signed, ECDSA(_ECDSA[method]))
            return True
    except InvalidSignature:
        pass
    return False


def _in_der(signature: bytes, size: int) -> bytes:
    """The two numbers of an ECDSA signature as they are read here. They stand side by side (RFC 6931 section
    2.3.6); what is of another length is in DER already, as programs in Java write it."""
    if len(signature) != 2 * size:
        return signature
    return encode_dss_signature(int.from_bytes(signature[:size]), int.from_bytes(signature[size:]))


def _location(path: str) -> str:
    """Where signxml looks for the signature: it knows no prefixes."""
    for prefix, space in SPACES.items():
        path = path.replace(f"{prefix}:", f"{{{space}}}")
    return f"{path}/"
