"""An identity provider that signs whatever it is told to, and an attacker who holds a good answer."""

import re
from base64 import b64decode, b64encode
from datetime import UTC, datetime, timedelta
from secrets import token_hex

from lxml import etree
from signxml import DigestAlgorithm, SignatureMethod, XMLSigner
from signxml.signer import SignatureConstructionMethod

from tests.peers.saml import ISSUER, Pair

SAML = "urn:oasis:names:tc:SAML:2.0:assertion"
SAMLP = "urn:oasis:names:tc:SAML:2.0:protocol"
_ASSERTION = """<saml:Assertion xmlns:saml="{SAML}" Version="{version}" ID="{id}" IssueInstant="{now}">
<saml:Issuer>{issuer}</saml:Issuer><ds:Signature xmlns:ds="http://www.w3.org/2000/09/xmldsig#" Id="placeholder"/>
<saml:Subject>{name}<saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:{method}">
<saml:SubjectConfirmationData {answers}{recipient}{until}/></saml:SubjectConfirmation></saml:Subject>
<saml:Conditions{window}>{audience}{condition}</saml:Conditions>
<saml:AuthnStatement AuthnInstant="{now}"{session}><saml:AuthnContext>
<saml:AuthnContextClassRef>urn:loa:2</saml:AuthnContextClassRef></saml:AuthnContext></saml:AuthnStatement>
<saml:AttributeStatement><saml:Attribute Name="groups">{groups}</saml:Attribute></saml:AttributeStatement>
</saml:Assertion>"""
_RESPONSE = """<samlp:Response xmlns:samlp="{SAMLP}" Version="2.0" ID="_r"{wrapper}><samlp:Status>
<samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Success"/></samlp:Status>{assertion}</samlp:Response>"""


def at(seconds: float) -> str:
    """A moment so far from now."""
    return (datetime.now(UTC) + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def issue(pair: Pair, request: str | None, acs: str, entity_id: str, **changes: str) -> str:
    """A signed answer to a request; each piece can be changed, also into what no honest provider says."""
    answers = f'InResponseTo="{request}" ' if request else ""
    told = {
        "version": "2.0", "id": f"_{token_hex(8)}", "now": at(0), "issuer": ISSUER, "method": "bearer",
        "name": "<saml:NameID>Ada-1</saml:NameID>", "answers": answers, "recipient": f'Recipient="{acs}" ',
        "until": f'NotOnOrAfter="{at(300)}"', "window": f' NotBefore="{at(-5)}" NotOnOrAfter="{at(300)}"',
        "audience": f"<saml:AudienceRestriction><saml:Audience>{entity_id}</saml:Audience></saml:AudienceRestriction>",
        "condition": "", "session": "", "groups": "<saml:AttributeValue>Staff</saml:AttributeValue>",
        "wrapper": f' InResponseTo="{request}" Destination="{acs}"' if request else "", **changes,
    }  # fmt: skip
    words = {"SAML": SAML, "SAMLP": SAMLP}
    assertion = sign(_ASSERTION.format(**told, **words), pair, told["id"])
    return pack(_RESPONSE.format(**told, **words, assertion=assertion))


def sign(text: str, pair: Pair, number: str, method: str = "RSA_SHA256", digest: str = "SHA256") -> str:
    """Put a signature where the placeholder stands."""

    class Signer(XMLSigner):
        def check_deprecated_methods(self) -> None:
            """Sign with SHA-1, too: somebody still does."""

    signer = Signer(
        SignatureConstructionMethod.enveloped, SignatureMethod[method], DigestAlgorithm[digest],
        c14n_algorithm="http://www.w3.org/2001/10/xml-exc-c14n#",
    )  # fmt: skip
    signed = signer.sign(
        etree.fromstring(text), key=pair.key, cert=[pair.certificate], reference_uri=number, id_attribute="ID"
    )
    return etree.tostring(signed).decode()


def pack(text: str) -> str:
    return b64encode(text.encode()).decode()


def unpack(answer: str) -> str:
    return b64decode(answer).decode()


def assertion_of(text: str) -> str:
    """The signed assertion in a response."""
    found = re.search(r"<saml:Assertion.*</saml:Assertion>", text, re.DOTALL)
    assert found
    return found[0]


def unsigned(assertion: str) -> str:
    """The same without its signature."""
    return re.sub(r"<(\w*:?)Signature .*</\1Signature>", "", assertion, flags=re.DOTALL)
