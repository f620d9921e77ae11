"""What can be wrong with a SCIM message: a problem for each scimType that we answer (RFC 7644, 3.12).

ScimProblem          400 unless it says otherwise
├── InvalidFilter    a filter that is malformed, or compares what cannot be compared
├── InvalidPath      a PATCH path that is malformed, or that no schema knows
├── InvalidSyntax    a body of the wrong structure
├── InvalidValue     a value that its attribute refuses, or a required one that is missing
├── Mutability       a change of what may not be changed
├── NoTarget         a path that selects nothing to operate on
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


class Mutability(ScimProblem):
    """The attribute may not be changed in this way."""

    scim_type = "mutability"


class NoTarget(ScimProblem):
    """The path selects nothing."""

    scim_type = "noTarget"


class TooMany(ScimProblem):
    """One message holds more than is worked on at once."""

    scim_type = "tooMany"


def shown(name: object) -> str:
    """A client's own name for something, short and printable, fit for a sentence or a log."""
    text = str(name)[: _SHOWN + 1]
    clean = "".join(character if character.isprintable() else "?" for character in text)
    return f"{clean[:_SHOWN]}..." if len(text) > _SHOWN else clean
