"""What SCIM filters ask of attributes that follow from others: the type, the schemas and the version."""

import re
from itertools import product
from typing import Final

from providers.scim.expression import Comparison
from providers.scim.matching import satisfies
from providers.scim.problems import InvalidFilter
from providers.scim.schema import Resource, Schema
from service.dialects import nodes
from service.dialects.nodes import Held, Joined, Node, Term
from service.dialects.scim_attributes import Attributes

EVERY: Final = Term("id", "nnull", 0)
NOBODY: Final = nodes.Not(EVERY)
FOLLOWING: Final = ("meta.resourceType", "schemas")
_TAG: Final = re.compile(r'(?:W/)?"([0-9]{1,9})(?:-[0-9a-f]+)?"')


class Following(Attributes):
    """Turns terms about them into conditions."""

    def following(self, asked: Comparison) -> Node:
        """The type has one name; the schemas are the core one, and extensions for whoever has values in them.

        So there are few resources that differ in this, and each answers for all who are like it.
        """
        extensions = self.type.extensions
        ways: list[Node] = []
        for held in product((False, True), repeat=len(extensions)):
            present = [one.urn for one, there in zip(extensions, held, strict=True) if there]
            alike: Resource = {
                "meta": {"resourceType": self.type.name},
                "schemas": [self.type.schema.urn, *present],
            }
            if satisfies(alike, asked, self.type):
                parts = [_has(one, there=there) for one, there in zip(extensions, held, strict=True)]
                ways.append(Joined("and", tuple(parts)) if parts else EVERY)
        if len(ways) == 2 ** len(extensions):
            return EVERY
        return Joined("or", tuple(ways)) if ways else NOBODY

    def versioned(self, op: str, value: object) -> Node:
        """Of a tag the version of the row counts: the groups of somebody are no part of it."""
        if op not in ("eq", "ne"):
            raise InvalidFilter('Of "meta.version" a filter can ask for eq and ne only.')
        tag = _TAG.fullmatch(str(value))
        found: Node = Term("version", "eq", self.keep(int(tag[1]))) if tag else NOBODY
        return found if op == "eq" else nodes.Not(found)


def _has(extension: Schema, *, there: bool) -> Node:
    found = Held((extension.urn,), "nnull", 0)
    return found if there else nodes.Not(found)
