"""Messages of SAML's single logout, as an identity provider signs them or an attacker would like to."""

import zlib
from base64 import b64encode
from urllib.parse import quote_plus

from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA1, SHA256, HashAlgorithm

from tests.peers.saml import ISSUER, Pair
from tests.sign_on.assertions import SAML, SAMLP, at, pack, sign

_SIGNATURE = '<ds:Signature xmlns:ds="http://www.w3.org/2000/09/xmldsig#" Id="placeholder"/>'
_REQUEST = """<samlp:LogoutRequest xmlns:samlp="{SAMLP}" xmlns:saml="{SAML}" Version="{version}" ID="{id}"
 IssueInstant="{issued}" Destination="{here}"{more}><saml:Issuer>{issuer}</saml:Issuer>{signature}
{name}{sessions}</samlp:LogoutRequest>"""
_RESPONSE = """<samlp:LogoutResponse xmlns:samlp="{SAMLP}" xmlns:saml="{SAML}" Version="2.0" ID="{id}"
 IssueInstant="{issued}" Destination="{here}" InResponseTo="{answers}"><saml:Issuer>{issuer}</saml:Issuer>
{signature}<samlp:Status><samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:{status}"/></samlp:Status>
</samlp:LogoutResponse>"""
_METHODS: dict[str, HashAlgorithm] = {
    "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256": SHA256(),
    "http://www.w3.org/2000/09/xmldsig#rsa-sha1": SHA1(),  # noqa: S303  # somebody still does
}
STRONG, WEAK = _METHODS


def request(place: str, number: str, /, *sessions: str, **changes: str) -> str:
    """A request to end sessions, unsigned; each piece can be changed."""
    told = {
        "version": "2.0", "id": number, "issued": at(0), "here": place, "more": "", "issuer": ISSUER,
        "name": "<saml:NameID>Ada-1</saml:NameID>", "signature": "",
        "sessions": "".join(f"<samlp:SessionIndex>{one}</samlp:SessionIndex>" for one in sessions),
        **changes,
    }  # fmt: skip
    return _REQUEST.format(**told, SAML=SAML, SAMLP=SAMLP)


def response(place: str, number: str, /, **changes: str) -> str:
    """The answer to a request of ours, unsigned."""
    told = {
        "id": "_answer", "issued": at(0), "here": place, "answers": number, "issuer": ISSUER, "signature": "",
        "status": "Success", **changes,
    }  # fmt: skip
    return _RESPONSE.format(**told, SAML=SAML, SAMLP=SAMLP)


def in_a_query(
    text: str, pair: Pair | None, relay_state: str = "there", name: str = "SAMLRequest", method: str = STRONG
) -> str:
    """As it travels by HTTP-Redirect, with the signature beside it."""
    packer = zlib.compressobj(wbits=-15)
    packed = b64encode(packer.compress(text.encode()) + packer.flush()).decode()
    query = f"{name}={quote_plus(packed)}&RelayState={quote_plus(relay_state)}"
    if pair is None:
        return query
    query += f"&SigAlg={quote_plus(method)}"
    signature = pair.key.sign(query.encode(), PKCS1v15(), _METHODS[method])
    return f"{query}&Signature={quote_plus(b64encode(signature).decode())}"


def in_a_form(text: str, pair: Pair | None, name: str = "SAMLRequest") -> dict[str, str]:
    """As it travels by HTTP-POST, with the signature within it."""
    if pair is None:
        return {name: pack(text), "RelayState": "there"}
    number = text.partition(' ID="')[2].partition('"')[0]
    placed = text.replace("</saml:Issuer>", f"</saml:Issuer>{_SIGNATURE}")
    return {name: pack(sign(placed, pair, number)), "RelayState": "there"}
