"""Starts the real SAML identity provider of `saml.mjs`, with a key and a certificate of its own."""

import datetime
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import httpx2
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from tests.peers import node

ISSUER = "urn:test:idp"
ADA = {
    "nameID": "Ada-1",
    "email": "ada@example.com",
    "first": "Ada",
    "last": "Lovelace",
    "groups": ["Staff", "All"],
}


def certify(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> x509.Certificate:
    """A certificate that a key's owner made for it, which ran out long ago: only the key counts."""
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "saml")])
    at = datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(7)
        .not_valid_before(at).not_valid_after(at + datetime.timedelta(days=300))
        .sign(key, hashes.SHA256())
    )  # fmt: skip


class Pair:
    """An RSA key and its certificate."""

    def __init__(self) -> None:
        self.key = rsa.generate_private_key(65537, 2048)
        self.certificate = certify(self.key)

    @property
    def key_pem(self) -> str:
        return self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()

    @property
    def certificate_pem(self) -> str:
        return self.certificate.public_bytes(Encoding.PEM).decode()

    @property
    def public_pem(self) -> str:
        return self.key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


class Form(HTMLParser):
    """The form that the identity provider has the browser post."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.action, self.fields = "", dict[str, str]()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.action = given["action"]
        elif tag == "input" and "name" in given:
            self.fields[given["name"]] = given.get("value", "")


@dataclass(frozen=True)
class IdentityProvider:
    """A running identity provider."""

    url: str
    pair: Pair

    @property
    def metadata(self) -> str:
        return httpx2.get(f"{self.url}/metadata", trust_env=False, timeout=60, verify=False).text

    @property
    def metadata_of_forms(self) -> str:
        """The same of one that takes forms alone."""
        binding = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-"
        kept = re.sub(rf'<SingleSignOnService Binding="{binding}Redirect"[^>]*/>', "", self.metadata)
        return kept.replace(f"{binding}Redirect", f"{binding}POST")

    def answer(self, url: str, person: dict[str, Any] = ADA, **options: Any) -> Form:
        """What a browser that is sent to `url` has to post, when this person has signed on there."""
        told = {"recipient": options.pop("recipient", ""), "nameIdentifierProbes": [], **options}
        headers = {"x-person": json.dumps(person), "x-options": json.dumps(told)}
        found = httpx2.get(url, headers=headers, trust_env=False, timeout=60, verify=False)
        assert found.status_code == 200, found.text
        return Form(found.text)


def missing() -> str | None:
    """Why the identity provider cannot be started here, or None."""
    return node.missing("samlp")


@contextmanager
def running(home: Path) -> Iterator[IdentityProvider]:
    """An identity provider on a free port of 127.0.0.1 while the block lasts."""
    pair = Pair()
    (home / "key.pem").write_text(pair.key_pem)
    (home / "cert.pem").write_text(pair.certificate_pem)
    with node.listening(home / "log", "saml.mjs", home / "key.pem", home / "cert.pem") as url:
        yield IdentityProvider(url, pair)
