"""Identity providers that sign with elliptic curves, and that write names so that nobody else can read them."""

import re
import zlib
from base64 import b64encode
from collections.abc import Callable
from os import urandom
from urllib.parse import parse_qsl, quote_plus

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import (
    ECDSA,
    SECP256R1,
    SECP384R1,
    SECP521R1,
    EllipticCurve,
    EllipticCurvePrivateKey,
    generate_private_key,
)
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, OAEP
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA1, SHA256, SHA384, SHA512, HashAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding

from providers.afterwards import Carried, LogoutAsked
from providers.contract import Untrusted
from providers.http import Outbound
from providers.kinds import open_provider, read_settings
from providers.saml.provider import Saml
from tests.peers.saml import ISSUER, IdentityProvider, Pair, certify
from tests.sign_on.assertions import issue
from tests.sign_on.logout_messages import in_a_form, in_a_query, request

HERE = "http://127.0.0.1:8055/auth/login/op/logout"
ACS = "http://127.0.0.1:8055/auth/login/op/acs"
US = "http://127.0.0.1:8055/auth/login/op/metadata"
_MORE = "http://www.w3.org/2001/04/xmldsig-more#"
_ENC, _ENC11 = "http://www.w3.org/2001/04/xmlenc#", "http://www.w3.org/2009/xmlenc11#"
_HASHES: dict[str, HashAlgorithm] = {
    "sha256": SHA256(),
    "sha384": SHA384(),
    "sha512": SHA512(),
    "sha1": SHA1(),  # noqa: S303  # to be refused
}
_OURS = Pair()
Write = Callable[[EllipticCurvePrivateKey, bytes, HashAlgorithm], bytes]


def side_by_side(key: EllipticCurvePrivateKey, signed: bytes, method: HashAlgorithm) -> bytes:
    """As XML Signature has it."""
    size = (key.key_size + 7) // 8
    return b"".join(number.to_bytes(size) for number in decode_dss_signature(in_der(key, signed, method)))


def in_der(key: EllipticCurvePrivateKey, signed: bytes, method: HashAlgorithm) -> bytes:
    """As programs in Java have it."""
    return key.sign(signed, ECDSA(method))


def zeros(key: EllipticCurvePrivateKey, signed: bytes, method: HashAlgorithm) -> bytes:
    """As an attacker has it, of libraries that do not look."""
    return bytes((key.key_size + 7) // 8 * 2)


def carried(
    key: EllipticCurvePrivateKey, write: Write = side_by_side, method: str = "ecdsa-sha256"
) -> Carried:
    """A request to sign somebody out, in a query."""
    packer = zlib.compressobj(wbits=-15)
    packed = b64encode(packer.compress(request(HERE, "_1", "s-1").encode()) + packer.flush()).decode()
    query = f"SAMLRequest={quote_plus(packed)}&SigAlg={quote_plus(_MORE + method)}"
    signature = write(key, query.encode(), _HASHES[method.rpartition("-")[2]])
    query += f"&Signature={quote_plus(b64encode(signature).decode())}"
    return Carried(dict(parse_qsl(query)), query)


def at(
    idp: IdentityProvider, outbound: Outbound, key: EllipticCurvePrivateKey | None = None, **more: str
) -> Saml:
    """Us, at an identity provider with this key in place of its own."""
    metadata = idp.metadata
    if key is not None:
        bare = b64encode(certify(key).public_bytes(Encoding.DER)).decode()
        metadata = re.sub(r"(<X509Certificate>)[^<]*", rf"\g<1>{bare}", metadata)
    told = {"SP_PRIVATE_KEY": _OURS.key_pem, "SP_CERTIFICATE": _OURS.certificate_pem, **more}
    settings = read_settings({"DRIVER": "saml", "IDP_metadata": metadata, **told})
    assert not isinstance(settings, list), settings
    provider = open_provider("op", settings, outbound)
    assert isinstance(provider, Saml)
    return provider


@pytest.mark.parametrize("write", [side_by_side, in_der])
@pytest.mark.parametrize(
    ("curve", "method"),
    [(SECP256R1(), "ecdsa-sha256"), (SECP384R1(), "ecdsa-sha384"), (SECP521R1(), "ecdsa-sha512")],
    ids=["256", "384", "521"],
)
async def test_a_query_that_an_elliptic_curve_has_signed(
    saml_idp: IdentityProvider, outbound: Outbound, curve: EllipticCurve, method: str, write: Write
) -> None:
    key = generate_private_key(curve)
    asked = await at(saml_idp, outbound, key).read_logout(carried(key, write, method), HERE)
    assert (asked.logged_out.subject, asked.logged_out.sids) == ("Ada-1", ("s-1",))


@pytest.mark.parametrize("write", [side_by_side, in_der])
async def test_a_signature_of_another_curve_key_or_method_is_none(
    saml_idp: IdentityProvider, outbound: Outbound, write: Write
) -> None:
    key, other = generate_private_key(SECP256R1()), generate_private_key(SECP256R1())
    ours = at(saml_idp, outbound, key)
    good = carried(key, write)
    assert isinstance(await ours.read_logout(good, HERE), LogoutAsked)
    relay = Carried(good.fields, good.query.replace("SAMLRequest=", "RelayState=evil&SAMLRequest="))
    for provider, forged in (
        (ours, carried(other, write)),
        (ours, carried(generate_private_key(SECP384R1()), write)),
        (ours, carried(key, zeros)),
        (ours, carried(key, write, "ecdsa-sha1")),
        (ours, carried(key, write, "rsa-sha256")),
        (ours, relay),
        (ours, _by_rsa(saml_idp)),
        (at(saml_idp, outbound), good),
        (at(saml_idp, outbound, key, ALLOW_SHA1="true"), carried(key, write, "ecdsa-sha1")),
    ):
        with pytest.raises(Untrusted, match="No certificate of the identity provider fits"):
            await provider.read_logout(forged, HERE)


def _by_rsa(idp: IdentityProvider) -> Carried:
    query = in_a_query(request(HERE, "_1"), idp.pair)
    return Carried(dict(parse_qsl(query)), query)


def encrypted(text: str, key: bytes = b"", wrap: str = f"{_ENC}rsa-oaep-mgf1p") -> str:
    """An EncryptedID that we can read."""
    key = key or urandom(32)
    nonce = urandom(12)
    sealed = b64encode(nonce + AESGCM(key).encrypt(nonce, text.encode(), None)).decode()
    wrapped = b64encode(_OURS.key.public_key().encrypt(key, OAEP(MGF1(SHA1()), SHA1(), None))).decode()  # noqa: S303  # OAEP's default
    return f"""<saml:EncryptedID><xenc:EncryptedData xmlns:xenc="{_ENC}" Type="{_ENC}Element">
<xenc:EncryptionMethod Algorithm="{_ENC11}aes256-gcm"/><ds:KeyInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#">
<xenc:EncryptedKey><xenc:EncryptionMethod Algorithm="{wrap}"/><xenc:CipherData>
<xenc:CipherValue>{wrapped}</xenc:CipherValue></xenc:CipherData></xenc:EncryptedKey></ds:KeyInfo>
<xenc:CipherData><xenc:CipherValue>{sealed}</xenc:CipherValue></xenc:CipherData></xenc:EncryptedData></saml:EncryptedID>"""


def name(text: str = "Ada-1") -> str:
    return f'<saml:NameID xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion">{text}</saml:NameID>'


async def test_a_name_for_our_eyes_only_signs_out_and_signs_on(
    saml_idp: IdentityProvider, outbound: Outbound
) -> None:
    ours = at(saml_idp, outbound)
    text = request(HERE, "_1", "s-1", name=encrypted(name()))
    query = in_a_query(text, saml_idp.pair)
    for brought in (Carried(dict(parse_qsl(query)), query), Carried(in_a_form(text, saml_idp.pair))):
        asked = await ours.read_logout(brought, HERE)
        assert (asked.logged_out.subject, asked.logged_out.sids) == ("Ada-1", ("s-1",))
    departure = await ours.depart(ACS)
    answer = issue(saml_idp.pair, departure.memory["request"], ACS, US, name=encrypted(name()))
    person = await ours.arrive(
        {"SAMLResponse": answer, "RelayState": departure.memory["state"]}, departure.memory
    )
    assert (person.external_identifier, person.subject) == ("Ada-1", "Ada-1")
    left = await ours.ask_logout(person.hint or "", HERE)
    assert left is not None and left.url.startswith(f"{saml_idp.url}/slo?SAMLRequest=")


async def test_a_name_that_cannot_be_opened_or_is_none_signs_nobody_out(
    saml_idp: IdentityProvider, outbound: Outbound
) -> None:
    ours, good = at(saml_idp, outbound), encrypted(name())
    other = good.replace("CipherValue>", "CipherValue>AAAA", 1)
    for names, cause in (
        (good + good, "more than one name"),
        (good + name(), "more than one name"),
        (encrypted(name("<x/>Ada-1")), "elements where a text must be"),
        (encrypted(name("Ada<!-- -->-1<?x?>")), "elements where a text must be"),
        (encrypted('<!DOCTYPE x [<!ENTITY y "z">]>' + name()), "cannot be decrypted"),
        (encrypted("<Ada/>"), "is no NameID"),
        (encrypted("Ada-1"), "cannot be decrypted"),
        (encrypted(name(), wrap=f"{_ENC}rsa-1_5"), "cannot be decrypted"),
        (other, "cannot be decrypted"),
        ("<saml:EncryptedID/>", "cannot be decrypted"),
        ("", "0 saml:NameID where there must be one"),
    ):
        query = in_a_query(request(HERE, "_1", name=names), saml_idp.pair)
        with pytest.raises(Untrusted, match=cause):
            await ours.read_logout(Carried(dict(parse_qsl(query)), query), HERE)
    bare = at(saml_idp, outbound, SP_PRIVATE_KEY="", SP_CERTIFICATE="")
    departure = await bare.depart(ACS)
    answer = issue(saml_idp.pair, departure.memory["request"], ACS, US, name=good)
    query_ = {"SAMLResponse": answer, "RelayState": departure.memory["state"]}
    with pytest.raises(Untrusted, match="SP_PRIVATE_KEY is not set"):
        await bare.arrive(query_, departure.memory)


async def test_a_name_cut_by_a_comment_is_the_whole_name(
    saml_idp: IdentityProvider, outbound: Outbound
) -> None:
    """The signature does not cover comments: `ada@a.example<!---->.evil.example` must not become the first."""
    ours = at(saml_idp, outbound)
    departure = await ours.depart(ACS)
    cut = "<saml:NameID>Ada-1<!---->.evil</saml:NameID>"
    answer = issue(saml_idp.pair, departure.memory["request"], ACS, US, name=cut)
    person = await ours.arrive(
        {"SAMLResponse": answer, "RelayState": departure.memory["state"]}, departure.memory
    )
    assert person.external_identifier == "Ada-1.evil"
    assert ISSUER in str(person.profile)
