"""What SCIM filters ask of attributes that have a column."""

from collections.abc import Callable
from typing import Final

from providers.scim.problems import InvalidFilter
from service.dialects import nodes
from service.dialects.fields import Field
from service.dialects.nodes import Joined, Node, Term
from service.dialects.operators import spoken
from service.dialects.scim_attributes import NOT_ASKED
from service.dialects.scim_following import Following
from service.users.checks import is_uuid
from service.users.model import ACTIVE
from service.users.rows import fold

_WORDS: Final = spoken("scim")
EXACT: Final = frozenset({"id", "externalId"})  # caseExact, RFC 7643 3.1


def fitted(field: Field, *, exact: bool) -> Callable[[str], object]:
    """What makes of a text what the field's key, or its column where case counts, is compared with."""
    if field.kind == "uuid":
        return _keys
    return str if exact else fold


def _keys(text: str) -> list[str]:
    """What is no key of ours is nobody's id, which is an answer and no mistake."""
    return [text.lower()] if is_uuid(text) else []


class Columns(Following):
    """Turns terms about them into conditions."""

    def column(self, field: Field, path: str, op: str, value: object) -> Node:
        """The condition of a comparison with the column of a field."""
        if field.guard == "secret":
            raise InvalidFilter(f'"{path}" {NOT_ASKED}.')
        if field.name == "status":
            return self._active(op, value)
        if field.kind == "uuid":
            return self._id(field, op, value)
        if path == "meta.version":
            return self.versioned(op, value)
        term = self._term(field, op, value, exact=path in EXACT or field.kind != "string")
        # An attribute that is not there is not equal to anything (RFC 7644, 3.4.2.2).
        return Joined("or", (term, Term(field.name, "null", 0))) if op == "ne" else term

    def _term(self, field: Field, op: str, value: object, *, exact: bool) -> Term:
        operator = _WORDS[op]
        if field.kind not in operator.kinds and op not in ("gt", "ge", "lt", "le"):
            raise InvalidFilter(f'"{op}" cannot be asked of "{field.cells["scim"].word}".')
        if isinstance(value, str) and (exact or field.key):
            return Term(
                field.name, operator.name, self.keep(fitted(field, exact=exact)(value)), folded=not exact
            )
        name, first, lowered = self.asked(op, value, exact=exact)
        return Term(field.name, name, first, folded=lowered)

    def _id(self, field: Field, op: str, value: object) -> Node:
        if op not in ("eq", "ne"):
            raise InvalidFilter('Of "id" a filter can ask for eq and ne only.')
        found = Term("id", "in", self.keep(fitted(field, exact=True)(str(value))))
        return found if op == "eq" else nodes.Not(found)

    def _active(self, op: str, value: object) -> Node:
        positive = (op == "eq") == bool(value)
        return Term("status", "eq" if positive else "neq", self.keep(ACTIVE))
