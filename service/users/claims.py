"""What of a provider's word about somebody we believe, and what of it we can keep."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec

from providers.contract import Identity
from service.users.checks import check, is_email
from service.users.model import ATTRIBUTES, LOCAL
from service.users.problems import Invalid, WrongCredentials
from service.users.rows import fold

# RFC 8176 by what somebody has to have for it: two of a kind are one factor.
_METHODS: Final[Mapping[str, str]] = {
    **dict.fromkeys(("pwd", "pin", "kba"), "known"),
    **dict.fromkeys(("otp", "hwk", "swk", "sms", "tel", "sc", "pop"), "had"),
    **dict.fromkeys(("face", "fpt", "iris", "retina", "vbm"), "been"),
}


class Policy(msgspec.Struct, frozen=True):
    """What a provider may do: let new people in (with `default_role`), and only with a verified e-mail.

    `domains` are the only ones whose addresses it may assert, casefolded; None is every domain. `links`: it
    may bring a user of ours whose address is verified on both sides. `sync`, `roles` (role by group, the
    first that fits) and `administrators` are told in `following`. `acr`: values that answer for a second
    factor. `lifetime`: seconds that bound a session.
    """

    registers: bool = False
    default_role: str | None = None
    verified_email: bool = True
    domains: tuple[str, ...] | None = None
    links: bool = False
    sync: bool = False
    roles: Mapping[str, str] = {}
    administrators: bool = False
    acr: tuple[str, ...] = ()
    lifetime: float | None = None


def proves_factor(identity: Identity, acr: Sequence[str]) -> bool:
    """Whether the provider's signed word is that the person showed a second factor (RFC 8176)."""
    kinds = {_METHODS[method] for method in identity.amr if method in _METHODS}
    return "mfa" in identity.amr or len(kinds) > 1 or (identity.acr is not None and identity.acr in acr)


def check_identifier(identity: Identity) -> None:
    """Raises WrongCredentials for an identifier that names nobody, or that we cannot keep."""
    try:
        check("external_identifier", identity.external_identifier)
    except Invalid:
        raise WrongCredentials("malformed") from None
    if not identity.external_identifier or identity.provider == LOCAL:
        raise WrongCredentials("malformed")


def check_email(identity: Identity, *, verified: bool, domains: Sequence[str] | None) -> None:
    """Asked only of those whom we do not know yet: an address, verified where that is wanted, of a domain
    for which the provider may speak. Raises WrongCredentials with the cause."""
    email = identity.email
    if email is not None and not is_email(email):
        raise WrongCredentials("malformed")
    if verified and not (email and identity.email_verified):
        raise WrongCredentials("unverified")
    if domains is not None and (email is None or fold(email.rpartition("@")[2]) not in domains):
        raise WrongCredentials("foreign")


def proves_address(identity: Identity, kept: str | None) -> bool:
    """Whether the provider has verified that this address is the person's.

    The two may differ in the case of ASCII letters only. The key that keeps users apart folds more, but to
    claim somebody's user a look-alike is not enough.
    """
    said = identity.email
    return identity.email_verified and said is not None and kept is not None and _lower(said) == _lower(kept)


def _lower(text: str) -> str:
    return "".join(letter.lower() if letter.isascii() else letter for letter in text)


def owning(identity: Identity) -> dict[str, Any]:
    """The three documented fields that say where a user came from."""
    return {
        "provider": identity.provider,
        "external_identifier": identity.external_identifier,
        "auth_data": profile(identity),
    }


def profile(identity: Identity) -> Mapping[str, object] | None:
    """What the provider said, if it is something that we can keep."""
    try:
        check("auth_data", identity.profile)
    except Invalid:
        return None
    return identity.profile or None


def fitting(name: str, value: str | None) -> str | None:
    """A name cut to the length that we keep; nothing, where it cannot be kept at all."""
    try:
        return str(check(name, value[: ATTRIBUTES[name].limit])) if value else None
    except Invalid:
        return None
