"""The operator table: one condition per row, its word in each dialect, and the kinds of values it takes."""

from collections.abc import Callable, Mapping
from typing import Any, Final, Literal

import msgspec
from sqlalchemy import Boolean, ColumnElement, Integer, and_, func, not_, or_
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import GenericFunction

from service.dialects.fields import Language
from service.users.model import Kind

Operand = Literal["one", "many", "two", "none"]
Condition = Callable[..., ColumnElement[bool]]


class Operator(msgspec.Struct, frozen=True):
    """`condition` makes SQL of a column and as many binds as `operand` says; "many" is one bind, a list.

    One that `folds` is given the column with upper and lower case as one, and has two more values than that.
    """

    name: str
    operand: Operand
    kinds: frozenset[Kind]
    condition: Condition
    words: Mapping[Language, str]
    folds: bool = False
    also: Mapping[Language, tuple[str, ...]] = {}  # further words


_TEXTS: Final[frozenset[Kind]] = frozenset({"string", "text"})
_RANGES: Final[frozenset[Kind]] = frozenset({"timestamp", "integer"})
_SIMPLE: Final[frozenset[Kind]] = _TEXTS | _RANGES | {"uuid"}
_EQUALS: Final[frozenset[Kind]] = _SIMPLE | {"boolean"}
_ANY: Final[frozenset[Kind]] = _EQUALS | {"json", "tags", "hash"}
_EMPTIES: Final[frozenset[Kind]] = _TEXTS | {"hash"}

Text = ColumnElement[Any]


class position(GenericFunction[int]):  # noqa: N801 (SQLAlchemy registers functions by their SQL name)
    """Where a text begins in another, counted from 1; 0 when it does not. By code point on both databases."""

    type = Integer()
    inherit_cache = True


class alike(GenericFunction[bool]):  # noqa: N801 (as above)
    """Whether a text is as a pattern says, in which `%` is any text and `_` any letter; case counts."""

    type = Boolean()
    inherit_cache = True


_GLOB: Final = (("[", "[[]"), ("*", "[*]"), ("?", "[?]"), ("%", "*"), ("_", "?"))


@compiles(alike)
def _alike(element: alike, compiler: SQLCompiler, **options: Any) -> str:
    """LIKE of SQLite folds ASCII case, so GLOB takes its place there."""
    column, bind = (compiler.process(part, **options) for part in element.clauses)
    if compiler.dialect.name == "postgresql":
        return f"({column} LIKE {bind} ESCAPE '')"
    for letter, instead in _GLOB:
        bind = f"replace({bind}, '{letter}', '{instead}')"
    return f"({column} GLOB {bind})"


@compiles(position)
def _position(element: position, compiler: SQLCompiler, **options: Any) -> str:
    name = "strpos" if compiler.dialect.name == "postgresql" else "instr"
    return f"{name}{compiler.process(element.clause_expr, **options)}"


# `%` and `_` are letters here, so nothing is left to LIKE, which also folds ASCII case on SQLite alone.
def _contains(column: Text, bind: Text) -> ColumnElement[bool]:
    return position(column, bind) > 0


def _starts(column: Text, bind: Text) -> ColumnElement[bool]:
    return func.substr(column, 1, func.length(bind)) == bind


def _ends(column: Text, bind: Text) -> ColumnElement[bool]:
    return and_(
        func.length(column) >= func.length(bind),
        func.substr(column, func.length(column) - func.length(bind) + 1) == bind,
    )


def _without(condition: Condition) -> Condition:
    """The negation; rows without a value are skipped by both, as SQL does."""
    return lambda column, *binds: not_(condition(column, *binds))


def _op(
    name: str,
    operand: Operand,
    kinds: frozenset[Kind],
    condition: Condition,
    rest8: str | None,
    rest10: str | None,
    scim: str | None = None,
    *,
    folds: bool = False,
    also8: tuple[str, ...] = (),
) -> Operator:
    words: dict[Language, str | None] = {"rest8": rest8, "rest10": rest10, "scim": scim, "graphql": rest10}
    spoken = {language: word for language, word in words.items() if word}
    return Operator(name, operand, kinds, condition, spoken, folds, {"rest8": also8} if also8 else {})


OPERATORS: Final[tuple[Operator, ...]] = (
    _op("eq", "one", _EQUALS, lambda column, bind: column == bind, "eq", "_eq", "eq", also8=("=",)),
    _op("neq", "one", _EQUALS, lambda column, bind: column != bind, "neq", "_neq", "ne", also8=("<>", "!=")),
    _op("lt", "one", _RANGES, lambda column, bind: column < bind, "lt", "_lt", "lt", also8=("<",)),
    _op("lte", "one", _RANGES, lambda column, bind: column <= bind, "lte", "_lte", "le", also8=("<=",)),
    _op("gt", "one", _RANGES, lambda column, bind: column > bind, "gt", "_gt", "gt", also8=(">",)),
    _op("gte", "one", _RANGES, lambda column, bind: column >= bind, "gte", "_gte", "ge", also8=(">=",)),
    _op("in", "many", _SIMPLE, lambda _, within: within, "in", "_in"),
    _op("nin", "many", _SIMPLE, lambda _, within: not_(within), "nin", "_nin"),
    _op("null", "none", _ANY, lambda column: column.is_(None), "null", "_null"),
    _op("nnull", "none", _ANY, lambda column: column.is_not(None), "nnull", "_nnull", "pr"),
    _op("empty", "none", _EMPTIES, lambda column: or_(column.is_(None), column == ""), "empty", "_empty"),
    _op(
        "nempty",
        "none",
        _EMPTIES,
        lambda column: and_(column.is_not(None), column != ""),
        "nempty",
        "_nempty",
    ),
    _op("contains", "one", _TEXTS, _contains, "contains", "_contains", "co", also8=("like",)),
    _op("ncontains", "one", _TEXTS, _without(_contains), "ncontains", "_ncontains", also8=("nlike",)),
    _op("rlike", "one", _TEXTS, alike, "rlike", None),
    _op("nrlike", "one", _TEXTS, _without(alike), "nrlike", None),
    _op("starts_with", "one", _TEXTS, _starts, None, "_starts_with", "sw"),
    _op("nstarts_with", "one", _TEXTS, _without(_starts), None, "_nstarts_with"),
    _op("ends_with", "one", _TEXTS, _ends, None, "_ends_with", "ew"),
    _op("nends_with", "one", _TEXTS, _without(_ends), None, "_nends_with"),
    _op("ieq", "one", _TEXTS, lambda column, bind: column == bind, None, None, folds=True),
    _op("ineq", "one", _TEXTS, lambda column, bind: column != bind, None, None, folds=True),
    _op("icontains", "one", _TEXTS, _contains, None, "_icontains", folds=True),
    _op("nicontains", "one", _TEXTS, _without(_contains), None, "_nicontains", folds=True),
    _op("istarts_with", "one", _TEXTS, _starts, None, "_istarts_with", folds=True),
    _op("nistarts_with", "one", _TEXTS, _without(_starts), None, "_nistarts_with", folds=True),
    _op("iends_with", "one", _TEXTS, _ends, None, "_iends_with", folds=True),
    _op("niends_with", "one", _TEXTS, _without(_ends), None, "_niends_with", folds=True),
    _op(
        "between", "two", _RANGES, lambda column, low, high: column.between(low, high), "between", "_between"
    ),
    _op(
        "nbetween",
        "two",
        _RANGES,
        lambda column, low, high: not_(column.between(low, high)),
        "nbetween",
        "_nbetween",
    ),
)

NAMED: Final[Mapping[str, Operator]] = {operator.name: operator for operator in OPERATORS}


def spoken(language: Language) -> Mapping[str, Operator]:
    """The operators of a language under its own words."""
    return {
        word: operator
        for operator in OPERATORS
        if language in operator.words
        for word in (operator.words[language], *operator.also.get(language, ()))
    }
