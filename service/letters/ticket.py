"""What the token in a letter is made of: fixed by a row, so that every attempt carries the same."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from service.tokens import LetterPurpose

PAGES: Final[Mapping[LetterPurpose, str]] = {
    "invite": "/admin/accept-invite",
    "reset": "/admin/reset-password",
    "verify": "/admin/verify",
}


@dataclass(frozen=True, slots=True)
class Ticket:
    """`id` is the token's jti; `user` and `bound` (the hash that it dies with) belong to a reset alone."""

    purpose: LetterPurpose
    project: str
    id: str
    email: str
    issued_at: str
    expires_at: str
    user: str = ""
    bound: str = ""

    @property
    def page(self) -> str:
        """Our own page for it."""
        return PAGES[self.purpose]
