"""What a provider may do after a sign-on: say whether its grant still stands, end its session, tell of one
that has ended."""

from collections.abc import Mapping
from typing import Protocol, runtime_checkable

from msgspec import Struct

from providers.contract import Departure
from providers.secret import Secret


class LoggedOut(Struct, frozen=True):
    """Somebody has signed out at the provider: of the sessions `sids`, or of every one of `subject`'s.

    `token` names the message, which counts once; `until` (seconds since 1970) it would be believed.
    """

    token: str
    until: int
    sids: tuple[str, ...]
    subject: str | None


class Carried(Struct, frozen=True):
    """What a browser brought from the provider: the fields of a form, or of a query.

    `query` is the query as it was written, since a signature covers those very octets; empty for a form.
    """

    fields: Mapping[str, str]
    query: str = ""


class LogoutAsked(Struct, frozen=True):
    """The provider wants sessions ended, and the browser brought back with an answer to this request."""

    logged_out: LoggedOut
    request: str
    relay_state: str | None


@runtime_checkable
class Renews(Protocol):
    """A provider that can be asked, later, whether what it granted still stands."""

    async def renew(self, refresh_token: Secret) -> Secret | None:
        """Use a refresh token; gives the one that takes its place, or None where the old one stays good.

        Raises Refused when the grant is gone (revoked, run out, used twice), other ProviderErrors when nobody
        can tell; within 5 seconds.
        """


@runtime_checkable
class Ends(Protocol):
    """A provider whose own session can be ended from here, and which tells when it has ended there."""

    async def leave(self, hint: Secret | None, return_url: str) -> str | None:
        """Where to send the browser so that the session there ends and it comes back to `return_url`.

        `hint` is the ID token of the sign-on. None: the provider has no such address. Raises ProviderError.
        """

    async def hear_logout(self, token: str) -> LoggedOut:
        """Read a logout token of the back channel. Raises ProviderError, Untrusted for a forgery."""


@runtime_checkable
class CarriesLogouts(Protocol):
    """A provider with which sign-outs travel by the browser, there and back, to one address of ours: `here`.

    Every method raises ProviderError, Untrusted for what is forged, stale or meant for somebody else.
    """

    async def ask_logout(self, hint: str, here: str) -> Departure | None:
        """Where to send the browser so that the session that `hint` names ends, and what to remember.

        `state` in the memory comes back with the answer. None: the two sides are not set up for it.
        """

    async def confirm_logout(self, carried: Carried, memory: Mapping[str, str], here: str) -> None:
        """Read the answer to what `ask_logout` asked. Raises Refused where the session there goes on."""

    async def read_logout(self, carried: Carried, here: str) -> LogoutAsked:
        """Read what the provider asks us to end."""

    async def answer_logout(self, asked: LogoutAsked, here: str) -> Departure:
        """Where to send the browser with the word that it is done; there is nothing to remember."""
