"""What can be wrong with a SCIM message: a problem for each scimType that we answer (RFC 7644, 3.12).

ScimProblem          400 unless it says otherwise
├── ExpiredCursor    a cursor that was good, and is too old (RFC 9865, 2.1)
├── InvalidCount     a size of page that does not go with its cursor (RFC 9865, 2.1)
├── InvalidCursor    a cursor that is not ours, or not of this question (RFC 9865, 2.1)
├── InvalidFilter    a filter that is malformed, or compares what cannot be compared
├── InvalidPath      a PATCH path that is malformed, or that no schema knows
├── InvalidSyntax    a body of the wrong structure
├── InvalidValue     a value that its attribute refuses
│   └── Missing      a required one that is not there, or would be no longer
├── Mutability       a change of what may not be changed
├── NoTarget         a path that selects nothing to operate on
├── TooLarge         413: a Bulk request above its limits (3.7.4)
└── TooMany          more terms, operations or values than one message may hold
"""

from typing import ClassVar

_SHOWN = 120


class ScimProblem(Exception):
    """`detail` is a sentence that an administrator understands; it repeats names, never values."""

    status: ClassVar[int] = 400
    scim_type: ClassVar[str | None] = None

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail


class ExpiredCursor(ScimProblem):
    """The cursor is older than `cursorTimeout`."""

    scim_type = "expiredCursor"


class InvalidCount(ScimProblem):
    """The size of a page that a cursor leads to is not that of the first page."""

    scim_type = "invalidCount"


class InvalidCursor(ScimProblem):
    """The cursor is not one of ours, or belongs to another question or connection."""

    scim_type = "invalidCursor"


class InvalidFilter(ScimProblem):
    """The filter does not follow RFC 7644, 3.4.2.2, or asks what its attribute cannot answer."""

    scim_type = "invalidFilter"


class InvalidPath(ScimProblem):
    """The path of a PATCH operation is malformed or leads to no attribute."""

    scim_type = "invalidPath"


class InvalidSyntax(ScimProblem):
    """The body is not built as its schema says."""

    scim_type = "invalidSyntax"


class InvalidValue(ScimProblem):
    """A value has the wrong type, or a required one is missing."""

    scim_type = "invalidValue"


class Missing(InvalidValue):
    """A required attribute has no value."""


class Mutability(ScimProblem):
    """The attribute may not be changed in this way."""

    scim_type = "mutability"


class NoTarget(ScimProblem):
    """The path selects nothing."""

    scim_type = "noTarget"


class TooLarge(ScimProblem):
    """A Bulk request holds more than is worked on at once; the detail names the limit."""

    status = 413


class TooMany(ScimProblem):
    """One message holds more than is worked on at once."""

    scim_type = "tooMany"


def shown(name: object) -> str:
    """A client's own name for something, short and printable, fit for a sentence or a log."""
    text = str(name)[: _SHOWN + 1]
    clean = "".join(character if character.isprintable() else "?" for character in text)
    return f"{clean[:_SHOWN]}..." if len(text) > _SHOWN else clean
