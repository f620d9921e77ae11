"""The problem table: for each problem of the core, the status, code and sentence of every dialect.

Templates see the problem as `p`, its field in the dialect's own word as `field`, and the collection as
`collection`. Sentences that clients match on are those of the documented servers (contract of generation 10).
"""

from collections.abc import Callable, Mapping
from typing import Final

import msgspec

from service.dialects.fields import Language
from service.users import problems
from service.users.problems import Problem


class Told(msgspec.Struct, frozen=True):
    """What a caller is told: `code` is a word, a number (8) or a scimType; `extras` join the extensions."""

    status: int
    code: str | int | None
    message: str
    extras: tuple[str, ...] = ()


class Row(msgspec.Struct, frozen=True):
    """One problem in each language; GraphQL carries the code of rest10 inside its own envelope."""

    rest8: Told
    rest10: Told
    scim: Told


def _base(kind: type[Problem]) -> type[Problem]:
    """The problem that this one is a kind of."""
    return next(base for base in kind.__mro__[1:] if base in _PROBLEMS)


def _payload(status8: int, code8: int, reason: str, scim: Told) -> Row:
    return Row(
        Told(status8, code8, reason),
        Told(400, "INVALID_PAYLOAD", f"Invalid payload. {reason}.", ("reason",)),
        scim,
    )


# Invalid(field, rule): the rule decides.
_RULES: Final[Mapping[str, Row]] = {
    "required": Row(
        Told(422, 4, "{field}: This value should not be blank."),
        Told(400, "FAILED_VALIDATION", 'Validation failed for field "{field}". Value is required.', ("field", "type")),
        Told(400, "invalidValue", 'The attribute "{field}" is required.'),
    ),
    "nnull": Row(
        Told(422, 4, "{field}: This value should not be null."),
        Told(400, "FAILED_VALIDATION", 'Validation failed for field "{field}". Value can\'t be null.', ("field", "type")),
        Told(400, "invalidValue", 'The attribute "{field}" needs a value.'),
    ),
    "email": Row(
        Told(422, 4, "{field}: This value is not a valid email address."),
        Told(400, "FAILED_VALIDATION", 'Validation failed for field "{field}". Value has to be a valid email address.', ("field", "type")),
        Told(400, "invalidValue", 'The value of "{field}" is not an e-mail address.'),
    ),
    "choice": Row(
        Told(422, 4, "{field}: The value you selected is not a valid choice."),
        Told(400, "FAILED_VALIDATION", 'Validation failed for field "{field}". Value has to be one of {p.limit}.', ("field", "type", "valid")),
        Told(400, "invalidValue", 'The value of "{field}" has to be one of {p.limit}.'),
    ),
    "max_length": Row(
        Told(422, 4, "{field}: This value is too long. It should have {p.limit} characters or less."),
        Told(400, "VALUE_TOO_LONG", 'Value for field "{field}" in collection "{collection}" is too long.', ("collection", "field")),
        Told(400, "invalidValue", 'The value of "{field}" is longer than {p.limit} characters.'),
    ),
    "min_length": Row(
        Told(422, 4, "{field}: This value is too short. It should have {p.limit} characters or more."),
        Told(400, "FAILED_VALIDATION", 'Validation failed for field "{field}". Value needs at least {p.limit} characters.', ("field", "type")),
        Told(400, "invalidValue", 'The value of "{field}" needs at least {p.limit} characters.'),
    ),
    "common": Row(
        Told(422, 4, "{field}: This value is too easy to guess."),
        Told(400, "FAILED_VALIDATION", 'Validation failed for field "{field}". Value is too easy to guess; choose one that nobody else would.', ("field", "type")),
        Told(400, "invalidValue", 'The value of "{field}" is too easy to guess.'),
    ),
    "rule": Row(
        Told(422, 4, "{field}: This value is not allowed here."),
        Told(400, "FAILED_VALIDATION", 'Validation failed for field "{field}". The value does not meet the rule of your role.', ("field", "type")),
        Told(400, "invalidValue", 'The value of "{field}" is not allowed here.'),
    ),
    "by_hand": _payload(422, 4, 'You can\'t change the "{field}" value manually', Told(400, "mutability", 'The attribute "{field}" can\'t be changed by hand.')),
    "type": _payload(422, 4, '"{field}" {p.detail}', Told(400, "invalidValue", 'The attribute "{field}" {p.detail}.')),
}  # fmt: skip

_PROBLEMS: Final[Mapping[type[Problem], Row]] = {
    problems.Taken: Row(
        Told(409, 204, 'Duplicate key "{field}" for collection "{collection}"'),
        Told(400, "RECORD_NOT_UNIQUE", 'Value for field "{field}" in collection "{collection}" has to be unique.', ("collection", "field")),
        Told(409, "uniqueness", 'Another user of this project has the same "{field}". A connection made with --adopt may take over users that no connection owns.'),
    ),
    problems.NoSuch: Row(
        Told(422, 4, "{field}: There is no such item."),
        Told(400, "INVALID_FOREIGN_KEY", 'Invalid foreign key for field "{field}" in collection "{collection}".', ("collection", "field")),
        Told(400, "invalidValue", 'The value of "{field}" refers to something that does not exist.'),
    ),
    problems.GroupTaken: Row(
        Told(409, 204, 'Duplicate key "{field}" for collection "{collection}"'),
        Told(400, "RECORD_NOT_UNIQUE", 'Value for field "{field}" in collection "{collection}" has to be unique.', ("collection", "field")),
        Told(409, "uniqueness", 'Another group of this connection has the same "{field}".'),
    ),
    problems.NoMembers: _payload(422, 4, "No user or group has the id {p.shown}", Told(400, "invalidValue", "No user or group of this connection has the id {p.shown}; whoever is put into a group has to be there before.")),
    problems.BadPayload: _payload(422, 4, "{p.reason}", Told(400, "invalidSyntax", "{p.reason}.")),
    problems.BadQuery: Row(
        Told(422, 202, "{p.reason}"),
        Told(400, "INVALID_QUERY", "Invalid query. {p.reason}.", ("reason",)),
        Told(400, "invalidFilter", "{p.reason}."),
    ),
    problems.Unprocessable: Row(
        Told(422, 12, "{p.reason}"),
        Told(422, "UNPROCESSABLE_CONTENT", "Can't process content. {p.reason}.", ("reason",)),
        Told(400, "mutability", "{p.reason}."),
    ),
    problems.Managed: Row(
        Told(403, 12, 'The field "{field}" is managed by the connection "{p.connection}" and can only be changed there'),
        Told(403, "FORBIDDEN", 'The field "{field}" is managed by the connection "{p.connection}" and can only be changed there.', ("field", "connection")),
        Told(403, None, 'The attribute "{field}" is managed by the connection "{p.connection}" and can only be changed there.'),
    ),
    problems.WrongAddress: Row(
        Told(401, 19, "This address may not be called from {p.address}"),
        Told(401, "INVALID_IP", "Invalid IP address: this can't be called from {p.address}."),
        Told(403, None, "This connection may not be used from {p.address}; an administrator can add it to the connection's networks."),
    ),
    problems.Forbidden: Row(
        Told(404, 203, "Item not found"),
        Told(403, "FORBIDDEN", "You don't have permission to access this."),
        Told(404, None, "There is no such resource, or it is not this connection's."),
    ),
    problems.NotSignedIn: Row(
        Told(401, 3, "Unauthorized request"),
        Told(401, "INVALID_CREDENTIALS", "Invalid user credentials."),
        Told(401, None, "This address needs the token of a SCIM connection, as `Authorization: Bearer ...`."),
    ),
    problems.Stale: Row(
        Told(412, 4, "The item has changed since it was read"),
        Told(412, "PRECONDITION_FAILED", "The item has changed since it was read."),
        Told(412, None, "The resource has changed since it was read; fetch it again and repeat the change."),
    ),
    problems.WrongCredentials: Row(
        Told(404, 100, "Invalid user credentials"),
        Told(401, "INVALID_CREDENTIALS", "Invalid user credentials."),
        Told(401, None, "The token is unknown, expired or withdrawn; make a new one with `idbridge scim-token create`."),
    ),
    problems.WrongOtp: Row(
        Told(404, 112, "Invalid user OTP"),
        Told(401, "INVALID_OTP", "Invalid user OTP."),
        Told(401, None, "The one-time password is missing or wrong."),
    ),
    problems.FactorNeeded: Row(
        Told(401, 113, "2FA enforced but not activated for user"),
        Told(403, "FORBIDDEN", "Your role asks for two-factor authentication. Set it up first: /users/me/tfa/generate, then /users/me/tfa/enable; or in a browser, at /admin/tfa-setup."),
        Told(403, None, "This person has to set up two-factor authentication first."),
    ),
    problems.WrongProvider: Row(
        Told(401, 103, "Invalid provider"),
        Told(403, "INVALID_PROVIDER", "Invalid provider."),
        Told(403, None, "This person signs on with another provider."),
    ),
    problems.Expired: Row(
        Told(401, 102, "Token expired"),
        Told(401, "TOKEN_EXPIRED", "Token expired."),
        Told(401, None, "The token has expired; make a new one with `idbridge scim-token create`."),
    ),
    problems.Forged: Row(
        Told(401, 101, "Invalid token"),
        Told(403, "INVALID_TOKEN", "Invalid token."),
        Told(401, None, "The token is not one of ours."),
    ),
    problems.NotInvited: _payload(
        404, 106, "Email address {p.email} hasn't been invited", Told(400, "invalidValue", "There is no open invitation.")
    ),
    problems.RouteUnknown: Row(
        Told(404, 1, "Route {p.path} not found"),
        Told(404, "ROUTE_NOT_FOUND", "Route {p.path} doesn't exist.", ("path",)),
        Told(404, None, "Nothing is served at {p.path}."),
    ),
    problems.MethodRefused: Row(
        Told(405, 6, "Method not allowed"),
        Told(405, "METHOD_NOT_ALLOWED", 'Invalid method "{p.current}" used. Should be one of {allowed}.', ("allowed", "current")),
        Told(405, None, "{p.current} is not served here; use {allowed}."),
    ),
    problems.TooLarge: Row(
        Told(413, 4, "The body is larger than {p.limit} bytes"),
        Told(413, "CONTENT_TOO_LARGE", "The body is larger than {p.limit} bytes."),
        Told(413, None, "The body is larger than {p.limit} bytes."),
    ),
    problems.WrongMedia: Row(
        Told(415, 4, "Unsupported media type; send {p.wanted}"),
        Told(415, "UNSUPPORTED_MEDIA_TYPE", 'Unsupported media type "{p.media}". Send {p.wanted}.'),
        Told(415, None, "Send application/scim+json or application/json."),
    ),
    problems.TooMany: Row(
        Told(429, 7, "Too many requests, retry after {p.retry_after}s."),
        Told(429, "REQUESTS_EXCEEDED", "Too many requests, retry after {p.retry_after}s.", ("limit", "reset")),
        Told(429, None, "Too many requests; try again in {p.retry_after} seconds."),
    ),
    problems.Unreachable: Row(
        Told(503, 11, "{p.reason}"),
        Told(503, "SERVICE_UNAVAILABLE", "Service unavailable. {p.reason}."),
        Told(503, None, "{p.reason}; try again in a moment."),
    ),
}  # fmt: skip

# What only the 8 generation tells apart from the problem that it is a kind of.
_APART: Final[Mapping[type[Problem], Told]] = {
    problems.NoPayload: Told(400, 13, "{p.reason}"),
    problems.BadLogin: Told(422, 114, "{p.reason}"),
    problems.UnknownWord: Told(422, 12, 'Payload fields: "{p.word}" does not exist in "{collection}" collection.'),
    problems.UnknownFilter: Told(422, 214, "Unknown filter: {p.word}"),
    problems.LastAdministrator: Told(403, 216, "{p.reason}"),
    problems.ListDenied: Told(403, 300, 'Reading items from "{collection}" collection was denied'),
    problems.NoneFound: Told(404, 203, "Item not found"),
    problems.CreateDenied: Told(403, 301, 'Creating item in "{collection}" collection was denied'),
    problems.ChangeDenied: Told(403, 302, 'Updating item from "{collection}" collection was denied'),
    problems.RemovalDenied: Told(403, 303, 'Deleting item from "{collection}" collection was denied'),
    problems.UnreadField: Told(403, 304, 'Reading "{field}" field in "{collection}" collection was denied'),
    problems.UnwrittenField: Told(403, 305, 'Write access to "{field}" field in "{collection}" collection was denied'),
    problems.InviteDenied: Told(403, 10, "Inviting user was denied"),
    problems.OtpMissing: Told(404, 111, "User missing 2FA OTP"),
    problems.FactorHere: Told(401, 115, "Signing on with a provider is not possible with two-factor authentication; sign in with the password"),
    problems.ResetForged: Told(401, 104, "Invalid reset password token"),
    problems.ResetExpired: Told(401, 105, "Reset password token has expired"),
    problems.RequestTokenForged: Told(401, 109, "Invalid request token"),
    problems.RequestTokenExpired: Told(401, 110, "Request token has expired"),
}  # fmt: skip
_EVERY: Final[Mapping[type[Problem], Row]] = {
    **_PROBLEMS,
    **{kind: msgspec.structs.replace(_PROBLEMS[_base(kind)], rest8=told) for kind, told in _APART.items()},
}

_UNEXPECTED: Final = Row(
    Told(500, 0, "An unexpected error occurred"),
    Told(500, "INTERNAL_SERVER_ERROR", "An unexpected error occurred."),
    Told(500, None, "An unexpected error occurred; its request id is in the answer's X-Request-Id."),
)


def row(problem: Exception) -> Row:
    """The row of a problem; what nobody foresaw tells nothing about itself."""
    if isinstance(problem, problems.Invalid):
        return _RULES[problem.rule]
    return _EVERY.get(type(problem), _UNEXPECTED) if isinstance(problem, Problem) else _UNEXPECTED


def _rule_type(problem: Exception) -> str:
    """What the documented server calls a rule; of a role's own, the operator."""
    rule = str(getattr(problem, "rule", ""))
    return {"choice": "in", "rule": getattr(problem, "detail", "").removeprefix("_")}.get(rule, rule)


def _extra(name: str, problem: Exception, field: str, collection: str) -> object:
    given: dict[str, Callable[[], object]] = {
        "field": lambda: field,
        "collection": lambda: collection,
        "type": lambda: _rule_type(problem),
        "valid": lambda: getattr(problem, "limit", None),
        "reset": lambda: getattr(problem, "retry_after", 0),
        "reason": lambda: (
            getattr(problem, "reason", None) or sentence(problem, "rest10", field, collection, bare=True)
        ),
    }
    return given[name]() if name in given else getattr(problem, name)


def sentence(
    problem: Exception, language: Language, field: str, collection: str, *, bare: bool = False
) -> str:
    """The dialect's sentence; `bare` leaves out the prefix that its code stands for."""
    told: Told = getattr(row(problem), "rest10" if language == "graphql" else language)
    allowed = ", ".join(f'"{method}"' for method in getattr(problem, "allowed", ()))
    text = told.message.format(p=problem, field=field, collection=collection, allowed=allowed)
    return text.removeprefix("Invalid payload. ").removesuffix(".") if bare else text


def told(
    problem: Exception, language: Language, field: str, collection: str
) -> tuple[Told, str, dict[str, object]]:
    """The row's cell, the sentence, and the extensions that go with it."""
    cell: Told = getattr(row(problem), "rest10" if language == "graphql" else language)
    extras = {name: _extra(name, problem, field, collection) for name in cell.extras}
    return cell, sentence(problem, language, field, collection), extras


def every() -> Mapping[object, Row]:
    """The whole table, for the laws that hold over it."""
    return dict([*_EVERY.items(), *_RULES.items(), (Exception, _UNEXPECTED)])
