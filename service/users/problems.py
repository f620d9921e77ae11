"""What can go wrong, in our own words: no status code and no sentence of any dialect lives here.

Problem
├── Invalid            a value that a field refuses                      (field, rule)
├── Taken              another user has it already                       (field)
├── NoSuch             a reference to something that is not there        (field)
├── BadPayload         a body that cannot be understood                  (reason)
├── BadQuery           a question that cannot be understood              (reason)
├── Forbidden          not yours, or not there: the stranger learns nothing
├── Unprocessable      understood, and refused to keep the house standing (reason)
├── Stale              the caller's version is not the newest
├── WrongCredentials   unknown, wrong or not active: one answer for all
├── WrongOtp           the password was right, the code of the second factor is not (given)
├── FactorNeeded       the role asks for a second factor, and the person has none yet
├── WrongProvider      this person signs on elsewhere
├── Expired / Forged   a token past its time / that we did not sign for this purpose
├── NotInvited         the invitation is used, replaced or unknown       (email)
├── RouteUnknown, MethodRefused, TooLarge, WrongMedia, TooMany
└── Unreachable        something that we need is down; try again later
"""

from collections.abc import Sequence


class Problem(Exception):
    """Anything that is told to a caller; the problem table of the dialects knows how."""


class Invalid(Problem):
    """`rule` is one of required, nnull, email, type, choice, max_length, min_length, common; rule: what the
    caller's role asks of what they write, whose operator is the detail."""

    def __init__(self, field: str, rule: str, *, detail: str = "", limit: object = None) -> None:
        super().__init__(field, rule)
        self.field, self.rule, self.detail, self.limit = field, rule, detail, limit


class _Field(Problem):
    def __init__(self, field: str) -> None:
        super().__init__(field)
        self.field = field


class Taken(_Field):
    """The value of `field` belongs to another user of the project."""


class NoSuch(_Field):
    """`field` names a role, file or connection that is not there."""


class _Reason(Problem):
    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class BadPayload(_Reason):
    """A body of the wrong shape."""


class BadQuery(_Reason):
    """Query parameters, a filter or a path of the wrong shape."""


class Unprocessable(_Reason):
    """Refused to keep the house standing, such as taking away the last administrator."""


class Forbidden(Problem):
    """Not allowed, or not there: both answer alike."""


class NotSignedIn(Problem):
    """The request needs a person and names none."""


class Stale(Problem):
    """If-Match named another version than the newest."""


class WrongCredentials(Problem):
    """One answer for unknown, wrong and not active.

    `cause` is for the administrator's record, and for a person whom a provider has proven: one of inactive,
    unverified (the e-mail), foreign (its domain), unknown (and nobody new is let in), malformed. A stranger
    never sees it.
    """

    def __init__(self, cause: str = "") -> None:
        super().__init__(cause)
        self.cause = cause


class WrongOtp(Problem):
    """A code that is missing, wrong, or used before; `given`: there was one, which makes it a guess."""

    def __init__(self, *, given: bool = False) -> None:
        super().__init__(given)
        self.given = given


class FactorNeeded(Problem):
    """The person's role enforces a second factor: nothing but setting one up is open to them."""


class WrongProvider(Problem):
    """The person signs on with another provider."""


class Expired(Problem):
    """A token of ours past its time."""


class Forged(Problem):
    """A token that we did not sign, or not for this purpose."""


class NotInvited(Problem):
    """The invitation was used, replaced or withdrawn."""

    def __init__(self, email: str) -> None:
        super().__init__(email)
        self.email = email


class RouteUnknown(Problem):
    """Nothing is served at this path."""

    def __init__(self, path: str) -> None:
        super().__init__(path)
        self.path = path


class MethodRefused(Problem):
    """The path knows other methods."""

    def __init__(self, allowed: Sequence[str], current: str) -> None:
        super().__init__(current)
        self.allowed, self.current = tuple(allowed), current


class TooLarge(Problem):
    """The body is above its limit, in bytes."""

    def __init__(self, limit: int) -> None:
        super().__init__(limit)
        self.limit = limit


class WrongMedia(Problem):
    """A content type that this path does not read; `wanted` are those that it does."""

    def __init__(self, media: str, wanted: str = "application/json") -> None:
        super().__init__(media)
        self.media, self.wanted = media, wanted


class TooMany(Problem):
    """Too many requests or too much work at once; `retry_after` is in seconds."""

    def __init__(self, retry_after: int, limit: int = 0) -> None:
        super().__init__(retry_after)
        self.retry_after, self.limit = retry_after, limit


class Unreachable(_Reason):
    """A database, provider or mail server that cannot be reached now."""
