"""What can go wrong, in our own words: no status code and no sentence of any dialect lives here.

Problem
├── Invalid            a value that a field refuses                      (field, rule)
├── Taken              another user has it already                       (field)
├── NoSuch             a reference to something that is not there        (field)
├── GroupTaken         another group of the connection has it already    (field)
├── NoMembers          ids of no user and no group of the connection     (ids)
├── BadPayload         a body that cannot be understood                  (reason)
│   ├── NoPayload      there is none, or it is no JSON
│   ├── UnknownWord    it has a field that is not there                  (word)
│   └── BadLogin       nobody can sign in with it
├── BadQuery           a question that cannot be understood              (reason)
│   └── UnknownFilter  an operator that no filter has                    (word)
├── Managed            a field that an identity provider owns            (field, connection)
├── WrongAddress       a credential used from where it may not be        (address)
├── NotSignedIn        the request needs a person and names none
├── Forbidden          not yours, or not there: the stranger learns nothing
│   ├── ListDenied, CreateDenied, InviteDenied   what was asked for names no item
│   ├── NoneFound      one of a list was asked for, and it is empty
│   └── ChangeDenied, RemovalDenied, UnreadField, UnwrittenField   the caller knows of it (field)
├── Unprocessable      understood, and refused to keep the house standing (reason)
│   └── LastAdministrator   nobody would be left who may do all
├── Stale              the caller's version is not the newest
├── WrongCredentials   unknown, wrong or not active: one answer for all
├── WrongOtp           the password was right, the code of the second factor is not (given)
│   └── OtpMissing, FactorHere   there is none; this way of signing on cannot ask for it
├── FactorNeeded       the role asks for a second factor, and the person has none yet
├── WrongProvider      this person signs on elsewhere
├── Expired / Forged   a token past its time / that we did not sign for this purpose
│   └── ResetExpired, ResetForged, RequestTokenExpired, RequestTokenForged   of a letter, of a sign-on
├── NotInvited         the invitation is used, replaced or unknown       (email)
├── RouteUnknown, MethodRefused, TooLarge, WrongMedia, TooMany
└── Unreachable        something that we need is down; try again later
"""

from collections.abc import Sequence


class Problem(Exception):
    """Anything that is told to a caller; the problem table of the dialects knows how."""


class Invalid(Problem):
    """`rule` is one of required, nnull, email, type, choice, max_length, min_length, common, by_hand; rule:
    what the caller's role asks of what they write, whose operator is the detail."""

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


class GroupTaken(_Field):
    """The value of `field` belongs to another group of the connection."""


class NoMembers(Problem):
    """What shall be in a group has to be there, and has to belong to the same connection."""

    def __init__(self, ids: Sequence[str]) -> None:
        super().__init__(*ids[:3])
        self.ids = tuple(ids)

    @property
    def shown(self) -> str:
        """The first few."""
        more = len(self.ids) - 3
        return ", ".join(self.ids[:3]) + (f" and {more} more" if more > 0 else "")


class _Reason(Problem):
    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class BadPayload(_Reason):
    """A body of the wrong shape."""


class NoPayload(BadPayload):
    """A body that is not there, or that is no JSON."""


class UnknownWord(BadPayload):
    """A body names a field that the collection does not have."""

    def __init__(self, word: str) -> None:
        super().__init__(f'"{word}" is not allowed')
        self.word = word


class BadQuery(_Reason):
    """Query parameters, a filter or a path of the wrong shape."""


class UnknownFilter(BadQuery):
    """A filter with an operator that is not there."""

    def __init__(self, word: str) -> None:
        super().__init__(f'Unknown filter operator "{word}"')
        self.word = word


class Unprocessable(_Reason):
    """Refused to keep the house standing, such as taking away the last administrator."""


class LastAdministrator(Unprocessable):
    """Refused so that somebody stays who may do all."""


class Forbidden(Problem):
    """Not allowed, or not there: both answer alike."""


class ListDenied(Forbidden):
    """Nothing of a whole collection is for the caller."""


class NoneFound(Forbidden):
    """The one row of a list was asked for, and there is none."""


class CreateDenied(Forbidden):
    """Nothing may be made here by the caller."""


class InviteDenied(Forbidden):
    """The caller may invite nobody."""


class ChangeDenied(Forbidden):
    """The caller may read this, and change nothing of it."""


class RemovalDenied(Forbidden):
    """The caller may read this, and not remove it."""


class _FieldDenied(Forbidden):
    def __init__(self, field: str) -> None:
        super().__init__(field)
        self.field = field


class UnreadField(_FieldDenied):
    """The caller may read `field` of no row."""


class UnwrittenField(_FieldDenied):
    """The caller may change this, but not its `field`."""


class Managed(Problem):
    """`field` of this user is changed by the connection of that name alone."""

    def __init__(self, field: str, connection: str) -> None:
        super().__init__(field, connection)
        self.field, self.connection = field, connection


class WrongAddress(Problem):
    """The credential is good, and may not be used from this address."""

    def __init__(self, address: str) -> None:
        super().__init__(address)
        self.address = address


class NotSignedIn(Problem):
    """The request needs a person and names none."""


class Stale(Problem):
    """If-Match named another version than the newest."""


class WrongCredentials(Problem):
    """One answer for unknown, wrong and not active.

    `cause` is for the administrator's record, and for a person whom a provider has proven: one of inactive,
    unverified (the e-mail), foreign (its domain), unknown (and nobody new is let in), malformed, denied (they
    said no themselves). Of a passkey it may be copied or changed. A stranger never sees it.
    """

    def __init__(self, cause: str = "") -> None:
        super().__init__(cause)
        self.cause = cause


class BadLogin(BadPayload):
    """What was sent to sign in with is no e-mail and password."""


class WrongOtp(Problem):
    """A code that is missing, wrong, or used before; `given`: there was one, which makes it a guess.

    `user` is whose password was right, for the page that asks for the code next; it is told to nobody.
    """

    def __init__(self, *, given: bool = False, user: str = "") -> None:
        super().__init__(given)
        self.given, self.user = given, user


class OtpMissing(WrongOtp):
    """The password was right, and the code of the second factor is not there."""


class FactorHere(WrongOtp):
    """The person has a second factor here, and this way of signing on cannot ask for its code."""


class FactorNeeded(Problem):
    """The person's role enforces a second factor: nothing but setting one up is open to them."""


class WrongProvider(Problem):
    """The person signs on with another provider."""


class Expired(Problem):
    """A token of ours past its time."""


class Forged(Problem):
    """A token that we did not sign, or not for this purpose."""


class ResetExpired(Expired):
    """The token of a letter about a forgotten password, past its time."""


class ResetForged(Forged):
    """The token of a letter about a forgotten password: not ours, or used."""


class RequestTokenExpired(Expired):
    """What a browser took from a sign-on, past its minute."""


class RequestTokenForged(Forged):
    """What a browser took from a sign-on: not ours, used, or of a session that has ended."""


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
