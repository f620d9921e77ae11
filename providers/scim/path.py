"""Reads the path of a PATCH operation (RFC 7644, 3.5.2, figure 7): attrPath, or valuePath and subAttr."""

from dataclasses import dataclass
from typing import Final

from providers.scim.expression import AttrPath, Expression
from providers.scim.filter import Reader
from providers.scim.problems import InvalidPath, shown
from providers.scim.tokens import attr_path

MAX_LENGTH: Final = 4096


@dataclass(frozen=True, slots=True)
class Path:
    """`attribute`, and of its values those that `filter` selects; `attribute.sub` follows the brackets."""

    attribute: AttrPath
    filter: Expression | None = None

    def __str__(self) -> str:
        if self.filter is None:
            return str(self.attribute)
        chosen = f"{AttrPath(self.attribute.name, None, self.attribute.urn)}[{self.filter}]"
        return f"{chosen}.{self.attribute.sub}" if self.attribute.sub else chosen


def parse(text: str, *, unquoted: bool = False) -> Path:
    """The path in its parts. Raises InvalidPath, and InvalidFilter or TooMany for what is in the brackets."""
    if len(text) > MAX_LENGTH:
        raise InvalidPath(f"The path is {len(text)} characters long; at most {MAX_LENGTH} are read.")
    head, bracket, _ = text.partition("[")
    attribute = attr_path(head.strip())
    if attribute is None or (bracket and attribute.sub):
        raise InvalidPath(f'"{shown(text)}" is not the path of an attribute.')
    if not bracket:
        return Path(attribute)
    reader = Reader(text, unquoted=unquoted)
    reader.path()
    chosen = reader.value_filter(0)
    sub = reader.sub_attribute()
    if reader.token.kind != "end":
        raise InvalidPath(f'"{shown(text)}" goes on after its end.')
    return Path(AttrPath(attribute.name, sub.name if sub else None, attribute.urn), chosen)
