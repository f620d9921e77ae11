"""Reads the filter language of RFC 7644, 3.4.2.2, into expressions; bounded in length, terms and depth.

Attribute names are not looked up and values not compared with their types here: `binding` does that.
"""

from typing import Final, NoReturn, cast, get_args

import msgspec

from providers.scim.expression import (
    And,
    AttrPath,
    Comparator,
    Comparison,
    Expression,
    Literals,
    Not,
    Or,
    Present,
    ValuePath,
)
from providers.scim.problems import InvalidFilter, TooMany, shown
from providers.scim.tokens import Token, attr_path, scan

MAX_LENGTH: Final = 65_536
MAX_TERMS: Final = 200
MAX_DEPTH: Final = 32

_OPERATORS: Final = frozenset(get_args(Comparator))
_WORDS: Final[dict[str, Literals]] = {"true": True, "false": False, "null": None}


def parse(text: str, *, unquoted: bool = False) -> Expression:
    """The expression of a filter; `unquoted` lets a text value stand without its quotes (tolerance).

    Raises InvalidFilter with the place where reading stopped, TooMany past MAX_LENGTH or MAX_TERMS.
    """
    reader = Reader(text, unquoted=unquoted)
    expression = reader.disjunction(0)
    reader.finish()
    return expression


class Reader:
    """Walks over the tokens of one filter or path; `token` is the one that is looked at."""

    def __init__(self, text: str, *, unquoted: bool = False) -> None:
        if len(text) > MAX_LENGTH:
            raise TooMany(f"The filter is {len(text)} characters long; at most {MAX_LENGTH} are read.")
        self._text, self._unquoted, self._terms, self._inside = text, unquoted, 0, False
        self.token = self._scan(0)

    def _scan(self, start: int) -> Token:
        found = scan(self._text, start)
        if found is None:
            self.token = Token("end", "", start)
            self.refuse("a quoted text has no closing quote")
        return found

    def refuse(self, why: str) -> NoReturn:
        raise InvalidFilter(f"The filter cannot be read at character {self.token.start + 1}: {why}.")

    def advance(self) -> Token:
        passed = self.token
        self.token = self._scan(passed.start + len(passed.text))
        return passed

    def finish(self) -> None:
        if self.token.kind != "end":
            self.refuse('the filter should end here, or go on with "and" or "or"')

    def mark(self, character: str) -> bool:
        """Passes over a bracket, if it is the next thing."""
        if self.token.kind == "mark" and self.token.text == character:
            self.advance()
            return True
        return False

    def _expect(self, character: str) -> None:
        if not self.mark(character):
            self.refuse(f'"{character}" is missing')

    def _keyword(self, word: str) -> bool:
        if self.token.kind == "word" and self.token.text.lower() == word:
            self.advance()
            return True
        return False

    def disjunction(self, depth: int) -> Expression:
        """Terms joined by `or`; `depth` counts the brackets around them."""
        if depth > MAX_DEPTH:
            self.refuse(f"brackets are nested more than {MAX_DEPTH} deep")
        terms = [self._conjunction(depth)]
        while self._keyword("or"):
            terms.append(self._conjunction(depth))
        return terms[0] if len(terms) == 1 else Or(tuple(terms))

    def _conjunction(self, depth: int) -> Expression:
        terms = [self._factor(depth)]
        while self._keyword("and"):
            terms.append(self._factor(depth))
        return terms[0] if len(terms) == 1 else And(tuple(terms))

    def _factor(self, depth: int) -> Expression:
        negated = self._keyword("not")
        if negated or (self.token.kind == "mark" and self.token.text == "("):
            self._expect("(")
            inner = self.disjunction(depth + 1)
            self._expect(")")
            return Not(inner) if negated else inner
        return self._term(depth)

    def path(self) -> AttrPath:
        """The attribute path that stands here."""
        path = attr_path(self.token.text) if self.token.kind == "word" else None
        if path is None:
            found = shown(self.token.text) or "nothing"
            self.refuse(f"an attribute name was expected, not {found}")
        self.advance()
        return path

    def _term(self, depth: int) -> Expression:
        path = self.path()
        if self.token.kind == "mark" and self.token.text == "[":
            return self._selection(path, depth)
        return self._condition(path)

    def value_filter(self, depth: int) -> Expression:
        """What stands between square brackets; a value path inside another one is not (errata 4690)."""
        if self._inside:
            self.refuse("square brackets may not stand inside square brackets")
        self._expect("[")
        self._inside = True
        inner = self.disjunction(depth + 1)
        self._expect("]")
        self._inside = False
        return inner

    def sub_attribute(self) -> AttrPath | None:
        """`.name` after a closing square bracket, if it stands there."""
        if self.token.kind != "word" or not self.token.text.startswith("."):
            return None
        path = attr_path(self.token.text[1:])
        if path is None or path.sub or path.urn:
            self.refuse("one sub-attribute name was expected after the square brackets")
        self.advance()
        return path

    def _selection(self, path: AttrPath, depth: int) -> Expression:
        if path.sub:
            self.refuse("square brackets may not follow a sub-attribute")
        inner = self.value_filter(depth)
        sub = self.sub_attribute()
        if sub is None:
            return ValuePath(path, inner)
        # Not in the grammar, but Entra ID matches users by `emails[type eq "work"].value eq "a@b"`.
        terms = inner.terms if isinstance(inner, And) else (inner,)
        return ValuePath(path, And((*terms, self._condition(sub))))

    def _condition(self, path: AttrPath) -> Expression:
        self._terms += 1
        if self._terms > MAX_TERMS:
            raise TooMany(f"The filter has more than {MAX_TERMS} terms.")
        if self._keyword("pr"):
            return Present(path)
        op = self.token.text.lower()
        if self.token.kind != "word" or op not in _OPERATORS:
            self.refuse(
                f'"{shown(self.token.text)}" is not an operator; there are eq ne co sw ew gt ge lt le pr'
            )
        self.advance()
        return Comparison(path, cast("Comparator", op), self._value())

    def _value(self) -> Literals:
        if self.token.kind not in {"string", "word"}:
            self.refuse("a value is missing")
        text = self.token.text
        value = self._quoted(text) if self.token.kind == "string" else self._bare(text)
        self.advance()
        return value

    def _quoted(self, text: str) -> str:
        try:
            return msgspec.json.decode(text.encode(), type=str, strict=True)
        except (msgspec.DecodeError, UnicodeEncodeError):
            self.refuse("the quoted text is not a JSON string")

    def _bare(self, word: str) -> Literals:
        if word.lower() in _WORDS:
            return _WORDS[word.lower()]
        if self._unquoted:
            return word
        try:
            number = msgspec.json.decode(word.encode(), type=int | float)
        except (msgspec.DecodeError, UnicodeEncodeError):
            self.refuse("a text value needs double quotes around it, a number needs to be one")
        if isinstance(number, int) and not -(2**63) <= number < 2**63:
            self.refuse("the number is too large")
        return number
