"""The signatures of others that we take: asymmetric ones, by keys that they publish."""

from collections.abc import Collection
from typing import Any

from joserfc.jws import JWSRegistry

from providers.contract import Untrusted

LEEWAY = 30  # seconds by which two clocks may differ

_EDWARDS = {"EdDSA", "Ed25519"}  # RFC 9864 names the second, providers still sign with the first
# Asymmetric ones only: with a symmetric one, whoever knows the public key or the client secret could sign.
ALGORITHMS = frozenset(
    _EDWARDS | {f"{family}{bits}" for family in ("RS", "PS", "ES") for bits in (256, 384, 512)}
)


class UnknownKey(Untrusted):
    """Signed with a key that is not among those given; the issuer may have newer ones."""


class Signatures(JWSRegistry):
    """joserfc's algorithms without its warning about the name EdDSA, which providers go on using."""

    def __init__(self, algorithms: Collection[str]) -> None:
        # An empty collection would mean "the recommended ones" to joserfc, HS256 among them.
        super().__init__(algorithms=algorithms or {"nothing"}, strict_check_header=False)

    def get_alg(self, name: str) -> Any:
        if name == "EdDSA" and name in (self.allowed or ()):
            return self.algorithms[name]
        return super().get_alg(name)
