"""An authenticator in software: it makes passkeys and shows them as WebAuthn writes it down, or lies."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass, field
from hashlib import sha256
from secrets import token_bytes
from typing import Any, Literal

import cbor2
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256

Json = dict[str, Any]
Kind = Literal["ES256", "EdDSA", "RS256"]
PRESENT, VERIFIED, ELIGIBLE, BACKED_UP, ATTESTED = 0x01, 0x04, 0x08, 0x10, 0x40  # WebAuthn 6.1


@dataclass
class Lies:
    """What this answer says otherwise than an honest browser and authenticator would."""

    origin: str | None = None
    rp_id: str | None = None
    type: str | None = None
    challenge: str | None = None
    flags: int = PRESENT | VERIFIED
    cross_origin: bool = False
    count: int | None = None
    handle: str | None = ""
    id: str | None = None
    tail: bytes = b""
    key: bytes | None = None


HONEST = Lies()


@dataclass
class Authenticator:
    """Keeps one passkey, as browsers of `origin` use it."""

    origin: str
    kind: Kind = "ES256"
    counts: bool = True
    count: int = 0
    credential: bytes = field(default_factory=lambda: token_bytes(32))
    handle: str = ""

    def __post_init__(self) -> None:
        self._key = {
            "ES256": lambda: ec.generate_private_key(ec.SECP256R1()),
            "EdDSA": ed25519.Ed25519PrivateKey.generate,
            "RS256": lambda: rsa.generate_private_key(65537, 2048),
        }[self.kind]()

    def create(self, options: Json, lies: Lies = HONEST) -> Json:
        """What `navigator.credentials.create` gives (RegistrationResponseJSON)."""
        self.handle = options["user"]["id"]
        attested = bytes(16) + len(self.credential).to_bytes(2, "big") + self.credential
        key = self.public_key() if lies.key is None else lies.key
        flags = lies.flags | ATTESTED
        data = self._data(options["rp"]["id"], flags, lies) + attested + key + lies.tail
        statement = {"fmt": "none", "attStmt": {}, "authData": data}
        client = self._client("webauthn.create", options, lies)
        response = {
            "clientDataJSON": encoded(client),
            "attestationObject": encoded(cbor2.dumps(statement)),
            "transports": ["internal", "hybrid"],
        }
        return self._credential(response, lies)

    def get(self, options: Json, lies: Lies = HONEST) -> Json:
        """What `navigator.credentials.get` gives (AuthenticationResponseJSON)."""
        self.count += self.counts
        data = self._data(options["rpId"], lies.flags, lies) + lies.tail
        client = self._client("webauthn.get", options, lies)
        response: Json = {
            "clientDataJSON": encoded(client),
            "authenticatorData": encoded(data),
            "signature": encoded(self.sign(data + sha256(client).digest())),
            "userHandle": lies.handle if lies.handle != "" else self.handle,
        }
        return self._credential(response, lies)

    def public_key(self) -> bytes:
        """The public key in COSE (RFC 9053)."""
        public = self._key.public_key()
        if isinstance(public, ed25519.Ed25519PublicKey):
            return cbor2.dumps({1: 1, 3: -8, -1: 6, -2: public.public_bytes_raw()})
        if isinstance(public, rsa.RSAPublicKey):
            said = public.public_numbers()
            return cbor2.dumps(
                {1: 3, 3: -257, -1: said.n.to_bytes(256, "big"), -2: said.e.to_bytes(3, "big")}
            )
        point = public.public_numbers()
        return cbor2.dumps(
            {1: 2, 3: -7, -1: 1, -2: point.x.to_bytes(32, "big"), -3: point.y.to_bytes(32, "big")}
        )

    def sign(self, data: bytes) -> bytes:
        key = self._key
        if isinstance(key, ed25519.Ed25519PrivateKey):
            return key.sign(data)
        if isinstance(key, rsa.RSAPrivateKey):
            return key.sign(data, padding.PKCS1v15(), SHA256())
        return key.sign(data, ec.ECDSA(SHA256()))

    def _data(self, rp_id: str, flags: int, lies: Lies) -> bytes:
        count = self.count if lies.count is None else lies.count
        return sha256((lies.rp_id or rp_id).encode()).digest() + bytes([flags]) + count.to_bytes(4, "big")

    def _client(self, type_: str, options: Json, lies: Lies) -> bytes:
        said = {
            "type": lies.type or type_,
            "challenge": lies.challenge or options["challenge"],
            "origin": lies.origin or self.origin,
            "crossOrigin": lies.cross_origin,
        }
        return json.dumps(said).encode()

    def _credential(self, response: Json, lies: Lies) -> Json:
        name = lies.id or encoded(self.credential)
        told = {"authenticatorAttachment": "platform", "clientExtensionResults": {}}
        return {"id": name, "rawId": name, "type": "public-key", "response": response, **told}


def encoded(value: bytes) -> str:
    return urlsafe_b64encode(value).rstrip(b"=").decode()


def decoded(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))
