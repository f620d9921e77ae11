"""What a provider is: it sends the browser away and reads who came back, or it is told a password.

    ProviderError
     |-- Refused         the person or the provider said no
     |-- Untrusted       the answer is forged, stale or meant for somebody else
     |-- Unreachable     down, slow, 5xx, or it says what nobody can read
     `-- Misconfigured   one of the two sides is set up wrongly: only an administrator can help

An ability that not every provider has becomes a small protocol of its own, asked for with isinstance.
"""

from collections.abc import Mapping
from typing import Literal, Protocol, runtime_checkable

from msgspec import Struct

from providers.secret import Secret

Prompt = Literal["none", "login", "consent", "select_account"]  # OpenID Connect Core 3.1.2.1


class ProviderError(Exception):
    """A sign-on that did not happen.

    `cause` is one sentence for administrators and logs; it holds no secret and is not for the person's eyes.
    `code` is the provider's own word where it used one (RFC 6749 section 4.1.2.1 and 5.2), else empty.
    """

    def __init__(self, cause: str, *, code: str = "") -> None:
        super().__init__(cause)
        self.cause = cause
        self.code = code


class Refused(ProviderError):
    """The person or the provider said no."""


class Untrusted(ProviderError):
    """The answer is forged, stale or meant for somebody else."""


class Unreachable(ProviderError):
    """The provider is down, slow, failing, or says what nobody can read."""


class Misconfigured(ProviderError):
    """One of the two sides is set up wrongly: only an administrator can help."""


class Departure(Struct, frozen=True):
    """Where to send the browser, and what to remember until it is back.

    `memory` belongs to this browser alone, for one use within minutes: it holds the state, the nonce and the
    PKCE verifier, so it is as secret as a password until then. With a `form` the browser has to post that to
    `url`.
    """

    url: str
    memory: dict[str, str]
    form: dict[str, str] = {}

    def __repr__(self) -> str:
        return "Departure(hidden)"


class Tokens(Struct, frozen=True):
    """What the provider gave us to keep; to be sealed at rest, never shown."""

    refresh_token: Secret | None = None
    id_token: Secret | None = None  # the hint that ends the session at the provider


class Once(Struct, frozen=True):
    """A proof that counts once: its name within the provider, and when nobody takes it any more anyway, in
    seconds since 1970."""

    name: str
    until: float


class Identity(Struct, frozen=True, kw_only=True):
    """Who somebody is, as one provider says.

    `external_identifier` keeps its case and is unique within the provider. `email_verified` is the provider's
    word about that very `email`. `profile` is a JSON object of everything it said about the person: at most
    64 KB, no NUL, no lone surrogates, no token, and nothing that changes with each sign-on. `groups` are the
    names that a role may follow from; None: the provider could not tell them, which is not the same as none.
    `auth_time` and `ends_at` (seconds since 1970; when the provider's session ends), `acr`, `amr`, `sid` and
    `subject` (whom later tokens of the provider speak of) come from a signed assertion only. `hint` is what
    the provider has to be told so that this very session of its own ends. `once` is a proof that could be
    brought again; whoever keeps the sessions refuses it then.
    """

    provider: str
    external_identifier: str
    email: str | None = None
    email_verified: bool = False
    first_name: str | None = None
    last_name: str | None = None
    groups: tuple[str, ...] | None = ()
    profile: dict[str, object]
    tokens: Tokens = Tokens()
    auth_time: int | None = None
    acr: str | None = None
    amr: tuple[str, ...] = ()
    sid: str | None = None
    subject: str | None = None
    hint: str | None = None
    ends_at: int | None = None
    once: Once | None = None


class Provider(Protocol):
    """Whom we trust to say who somebody is. `name` lands in users.provider; the rest is for lists.

    How it finds out is told by what else it is: Redirects, or TakesPasswords.
    """

    name: str
    driver: str
    label: str
    icon: str


@runtime_checkable
class Redirects(Provider, Protocol):
    """A provider that the browser is sent to, and comes back from.

    `lands_at` is the last step of the address of ours that it comes back to, or posts a form to.
    """

    lands_at: str

    async def depart(
        self, return_url: str, *, login_hint: str | None = None, prompt: Prompt | None = None
    ) -> Departure:
        """Say where to send the browser so that it comes back to `return_url`, an absolute URL of ours.

        `login_hint` (who it probably is) and `prompt` are wishes; a provider may ignore them.
        Raises ProviderError, within 5 seconds.
        """

    async def arrive(self, query: Mapping[str, str], memory: Mapping[str, str]) -> Identity:
        """Read who came back to the return URL with `query`, given the memory of the same departure.

        The caller has already taken the memory out of its store, so that no answer counts twice, and has
        refused a query that names a parameter twice. Raises ProviderError, within 5 seconds.
        """


@runtime_checkable
class DescribesUs(Redirects, Protocol):
    """A provider whose administrator takes our side's settings from an address of ours."""

    def describe_us(self, return_url: str) -> bytes:
        """What this provider has to know of us, as XML. Raises Misconfigured."""


@runtime_checkable
class SignsForms(Redirects, Protocol):
    """A provider that signs what it has the browser post: a stranger's form is known before it is kept."""

    async def vet(self, fields: Mapping[str, str]) -> None:
        """Raises Untrusted for a form that the provider has not signed; other ProviderErrors where nobody can
        tell; within 5 seconds."""


@runtime_checkable
class TakesUnasked(Redirects, Protocol):
    """A provider that may send people whom we did not send there: anybody's page can make a browser do it."""

    takes_unasked: bool  # whether the administrator lets it

    async def receive(self, query: Mapping[str, str], return_url: str) -> Identity:
        """Read who came, as `arrive` does."""


@runtime_checkable
class TakesPasswords(Provider, Protocol):
    """A provider that is told the person's password, because there is no other way."""

    async def recognise(self, identifier: str, password: Secret) -> Identity:
        """Who this is. Raises Refused for a password that is not right, of nobody, or of several people at
        once; other ProviderErrors where the provider cannot be asked; within 5 seconds.
        """


@runtime_checkable
class Inspects(Protocol):
    """A provider that can tell, without a person, whether both sides are set up rightly."""

    async def inspect(self, return_url: str) -> list[str]:
        """Ask all that a sign-on ending at `return_url` needs; a sentence for each thing that is wrong.

        Raises ProviderError where nothing can be found out at all.
        """
