"""What a browser answers with a passkey, and what the answer proves (WebAuthn 7.1, 7.2); no database here."""

from base64 import urlsafe_b64decode
from typing import Annotated, Final, TypeVar

import msgspec
from msgspec import Meta

from service.tokens import TokenInvalid, Tokens, binding
from service.users.challenges import ALGORITHMS, Site, encoded
from service.users.problems import BadPayload, WrongCredentials

_Id = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_-]{1,1364}\Z")]  # 1023 bytes at most (6.5.1)
_Bytes = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_-]{1,8192}\Z")]
_Words = Annotated[list[Annotated[str, Meta(max_length=64)]], Meta(max_length=16)]
_TRANSPORTS: Final = frozenset({"usb", "nfc", "ble", "smart-card", "hybrid", "internal"})
_Answer = TypeVar("_Answer", "Attestation", "Assertion")


class AttestationResponse(msgspec.Struct, frozen=True, rename="camel"):
    """AuthenticatorAttestationResponseJSON, as far as it counts."""

    attestation_object: _Bytes
    client_data: _Bytes = msgspec.field(name="clientDataJSON")
    transports: _Words = []  # msgspec gives each its own


class AssertionResponse(msgspec.Struct, frozen=True, rename="camel"):
    """AuthenticatorAssertionResponseJSON."""

    authenticator_data: _Bytes
    signature: _Bytes
    client_data: _Bytes = msgspec.field(name="clientDataJSON")
    user_handle: _Bytes | None = None


class Attestation(msgspec.Struct, frozen=True):
    """RegistrationResponseJSON: a new passkey."""

    id: _Id
    response: AttestationResponse


class Assertion(msgspec.Struct, frozen=True):
    """AuthenticationResponseJSON: a passkey at a sign-in."""

    id: _Id
    response: AssertionResponse


class Challenge(msgspec.Struct, frozen=True):
    """One of ours that was answered: `text` is what is spent, `until` in seconds since 1970."""

    text: str
    until: int


class Attested(msgspec.Struct, frozen=True):
    """A new passkey, as it is kept; `eligible`: it may be backed up."""

    credential: str
    public_key: str
    sign_count: int
    transports: list[str]
    eligible: bool
    backed_up: bool


class Asserted(msgspec.Struct, frozen=True):
    """What a good answer says of a passkey that is kept."""

    sign_count: int
    eligible: bool
    backed_up: bool


class _ClientData(msgspec.Struct, frozen=True, rename="camel"):
    challenge: str
    cross_origin: bool = False


def read(value: object, kind: type[_Answer]) -> _Answer:
    """The `credential` of a body. Raises BadPayload."""
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError:
        raise BadPayload('"credential" is not what a browser says of a passkey, in JSON') from None


def parse(text: str, kind: type[_Answer]) -> _Answer:
    """The same, from the JSON of a form's field. Raises BadPayload."""
    try:
        return read(msgspec.json.decode(text), kind)
    except (msgspec.DecodeError, RecursionError):
        raise BadPayload('"credential" is not valid JSON') from None


def answered(tokens: Tokens, answer: Attestation | Assertion, bound: str) -> Challenge:
    """The challenge that an answer is to: ours, for `bound`, and not over. Raises WrongCredentials."""
    try:
        said = msgspec.json.decode(_decoded(answer.response.client_data), type=_ClientData)
        text = _decoded(said.challenge).decode("ascii")
        claims = tokens.verify("passkey", text)
    except (ValueError, RecursionError, TokenInvalid):
        raise WrongCredentials("malformed") from None
    # Our pages are in nobody's frame, so what was said in one of another site was not said to us (13.4.9).
    if said.cross_origin or claims["bound"] != binding(bound):
        raise WrongCredentials("malformed")
    return Challenge(text, claims["exp"])


def attested(site: Site, answer: Attestation, challenge: Challenge) -> Attested:
    """The new passkey. Raises BadPayload where the answer does not hold.

    To be called in a thread: the first time it takes a fifth of a second, for what it imports.
    """
    from webauthn import verify_registration_response
    from webauthn.helpers import decode_credential_public_key, decoded_public_key_to_cryptography
    from webauthn.helpers.cose import COSEAlgorithmIdentifier
    from webauthn.helpers.structs import AuthenticatorAttestationResponse, RegistrationCredential

    said = answer.response
    try:
        parts = AuthenticatorAttestationResponse(
            _decoded(said.client_data), _decoded(said.attestation_object)
        )
        found = verify_registration_response(
            credential=RegistrationCredential(answer.id, _decoded(answer.id), parts),
            expected_challenge=challenge.text.encode(),
            expected_rp_id=site.id,
            expected_origin=site.origin,
            require_user_verification=True,
            supported_pub_key_algs=list(map(COSEAlgorithmIdentifier, ALGORITHMS)),
        )
        # A key that nothing can be verified with, or another than the answer names, is found out now.
        decoded_public_key_to_cryptography(decode_credential_public_key(found.credential_public_key))
        if encoded(found.credential_id) != answer.id:
            raise ValueError
    except Exception as problem:  # what a stranger's bytes make a parser raise is never foreseen whole
        raise BadPayload('"credential" is no passkey that was made for this site just now') from problem
    return Attested(
        answer.id,
        encoded(found.credential_public_key),
        found.sign_count,
        sorted(_TRANSPORTS.intersection(said.transports)),
        found.credential_device_type.value == "multi_device",
        found.credential_backed_up,
    )


def asserted(site: Site, answer: Assertion, challenge: Challenge, public_key: str) -> Asserted:
    """What a good answer says. Raises WrongCredentials where it does not hold. In a thread, as `attested`.

    Whether the counter went back is asked where it is kept, by `passkeys.use`.
    """
    from webauthn import verify_authentication_response
    from webauthn.helpers.structs import AuthenticationCredential, AuthenticatorAssertionResponse

    said = answer.response
    try:
        parts = AuthenticatorAssertionResponse(
            _decoded(said.client_data), _decoded(said.authenticator_data), _decoded(said.signature)
        )
        found = verify_authentication_response(
            credential=AuthenticationCredential(answer.id, _decoded(answer.id), parts),
            expected_challenge=challenge.text.encode(),
            expected_rp_id=site.id,
            expected_origin=site.origin,
            credential_public_key=_decoded(public_key),
            credential_current_sign_count=0,
            require_user_verification=True,
        )
    except Exception as problem:  # as above
        raise WrongCredentials("malformed") from problem
    is_eligible = found.credential_device_type.value == "multi_device"
    return Asserted(found.new_sign_count, is_eligible, found.credential_backed_up)


def _decoded(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))
