"""Names and assertions for our eyes only (XML Encryption 1.1): a key that RSA wraps, AES around the text."""

from base64 import b64decode
from collections.abc import Callable

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, OAEP
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC
from cryptography.hazmat.primitives.hashes import SHA1, SHA256, SHA384, SHA512, HashAlgorithm

from providers.contract import Untrusted
from providers.saml import xml
from providers.saml.xml import Element, find_all, find_one

_ENC, _ENC11 = "http://www.w3.org/2001/04/xmlenc#", "http://www.w3.org/2009/xmlenc11#"
# RSA with PKCS #1 v1.5 padding is not among them: who can ask often enough reads what it wraps.
_WRAPS = {f"{_ENC}rsa-oaep-mgf1p", f"{_ENC11}rsa-oaep"}
_BLOCK_SIZES = {f"{_ENC}aes128-cbc": 16, f"{_ENC}aes192-cbc": 24, f"{_ENC}aes256-cbc": 32}
_GCM_SIZES = {f"{_ENC11}aes128-gcm": 16, f"{_ENC11}aes192-gcm": 24, f"{_ENC11}aes256-gcm": 32}
_HASHES: dict[str, HashAlgorithm] = {
    "http://www.w3.org/2000/09/xmldsig#sha1": SHA1(),  # noqa: S303  # OAEP's default; no collision matters in it
    f"{_ENC}sha256": SHA256(),
    "http://www.w3.org/2001/04/xmldsig-more#sha384": SHA384(),
    f"{_ENC}sha512": SHA512(),
    f"{_ENC11}mgf1sha1": SHA1(),  # noqa: S303  # the same
    f"{_ENC11}mgf1sha256": SHA256(),
    f"{_ENC11}mgf1sha384": SHA384(),
    f"{_ENC11}mgf1sha512": SHA512(),
}


class Decryption:
    """Opens EncryptedAssertion and EncryptedID elements with our private key.

    Whatever is wrong is told in one sentence: by which step fails, nobody learns anything.
    """

    def __init__(self, key: RSAPrivateKey) -> None:
        self._key = key

    def __call__(self, encrypted: Element) -> Element:
        """The element inside; whose word it is still has to be found out. Raises Untrusted."""
        try:
            data = find_one(encrypted, "xenc:EncryptedData")
            wrapped = list(encrypted.iter(f"{{{_ENC}}}EncryptedKey"))
            if len(wrapped) != 1:
                raise ValueError("not one key")
            return xml.parse(_open(data, self._unwrap(wrapped[0])))
        except (ValueError, KeyError, InvalidTag, Untrusted) as problem:
            raise Untrusted("The assertion or name cannot be decrypted with SP_PRIVATE_KEY") from problem

    def _unwrap(self, wrapped: Element) -> bytes:
        method = find_one(wrapped, "xenc:EncryptionMethod")
        if method.get("Algorithm") not in _WRAPS:
            raise ValueError("a way to wrap keys that is not safe")
        return self._key.decrypt(_cipher_value(wrapped), _padding(method))


def name_in(parent: Element, decrypt: Callable[[Element], Element] | None) -> Element:
    """The one NameID that an element has, or holds encrypted. Raises Untrusted."""
    encrypted = find_all(parent, "saml:EncryptedID")
    if not encrypted:
        return find_one(parent, "saml:NameID")
    if len(encrypted) > 1 or find_all(parent, "saml:NameID"):
        raise Untrusted("The document has more than one name where there must be one")
    if decrypt is None:
        raise Untrusted("The name is encrypted, and SP_PRIVATE_KEY is not set")
    name = decrypt(encrypted[0])
    if name.tag != f"{xml.SAML}NameID":
        raise Untrusted("What is encrypted is no NameID")
    return name


def _padding(method: Element) -> OAEP:
    digest = method.find(f"{xml.DS}DigestMethod")
    mask = method.find(f"{{{_ENC11}}}MGF")
    named = digest.get("Algorithm", "") if digest is not None else "http://www.w3.org/2000/09/xmldsig#sha1"
    masked = mask.get("Algorithm", "") if mask is not None else f"{_ENC11}mgf1sha1"
    return OAEP(MGF1(_HASHES[masked]), _HASHES[named], None)


def _open(data: Element, key: bytes) -> bytes:
    algorithm = find_one(data, "xenc:EncryptionMethod").get("Algorithm", "")
    sealed = _cipher_value(data)
    if _GCM_SIZES.get(algorithm) == len(key):
        return AESGCM(key).decrypt(sealed[:12], sealed[12:], None)
    if _BLOCK_SIZES.get(algorithm) != len(key) or len(sealed) < 32:
        raise ValueError("an algorithm that we do not take")
    opening = Cipher(AES(key), CBC(sealed[:16])).decryptor()
    plain = opening.update(sealed[16:]) + opening.finalize()
    if not 1 <= plain[-1] <= 16:
        raise ValueError("no padding")
    return plain[: -plain[-1]]


def _cipher_value(element: Element) -> bytes:
    text = find_one(element, "xenc:CipherData/xenc:CipherValue").text or ""
    return b64decode("".join(text.split()), validate=True)
