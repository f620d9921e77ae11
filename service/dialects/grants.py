"""One rule of a role, read: from what was kept, and checked before it is kept."""

from collections.abc import Mapping
from typing import Any, Final, cast

import msgspec

from service.database import Transaction
from service.dialects import clauses, dialect, subjects, variables
from service.dialects.clauses import Clause
from service.dialects.dialect import COLLECTIONS, Collection, words
from service.dialects.nodes import Term
from service.dialects.paths import Path
from service.dialects.relations import relations
from service.users import checks, leave, model
from service.users.model import SECRETS, Caller
from service.users.permissions import Rule
from service.users.problems import BadPayload, BadQuery, Invalid

LONGEST: Final = 16_384  # bytes of a rule's documents
_BY_OWN: Final = {home.own: home for home in COLLECTIONS.values()}
_ATTRIBUTES: Final = {
    model.USERS: model.ATTRIBUTES,
    model.ROLES: model.ROLE_ATTRIBUTES,
    model.FILES: model.FILE_ATTRIBUTES,
}


class Granted(msgspec.Struct, frozen=True, eq=False):
    """A rule: rows that meet `where` (None: all), `names` of fields and of lists that lead to other rows.

    `own` are the presets that the caller's own row says.
    """

    names: frozenset[str]
    where: Clause | None
    validation: Clause | None
    presets: Mapping[str, object]
    by_key: bool = False
    own: Mapping[str, Path] = {}

    async def preset(self, tx: Transaction, caller: Caller) -> dict[str, object]:
        """What it fills in where the caller says nothing."""
        known = variables.of(caller)
        filled = {name: known.within(value) for name, value in self.presets.items() if name not in self.own}
        return {**filled, **await subjects.told(tx, caller, self.own)} if self.own else filled


def granted(rule: Rule, prefix: str) -> Granted | None:
    """A kept rule. One that is not understood, as an older release may have left it, grants nothing."""
    home = _BY_OWN.get(rule.collection)
    if home is None:
        return None
    try:
        where = clauses.read(home.name, _decoded(rule.permissions), prefix)
        validation = clauses.read(home.name, _decoded(rule.validation), f"{prefix}c")
        presets = _presets(home, _decoded(rule.presets))
        own = _own(home, presets)
        names = _names(home, cast(list[str] | None, _decoded(rule.fields)) or [])
    except (BadQuery, BadPayload, Invalid):
        return None
    if rule.action in ("create", "update"):
        names -= leave.RESERVED.get(rule.collection, frozenset())
    if rule.action == "read" and not names:
        return None
    return Granted(names, where, validation, presets, _is_by_key(where), own)


def check(row: Mapping[str, Any]) -> None:
    """That a permission can be understood. Raises Invalid and BadPayload, which name what cannot."""
    home = _BY_OWN.get(row["collection"])
    if home is None or not home.ruled:
        ruled = (known.name for known in COLLECTIONS.values() if known.ruled)
        raise Invalid("collection", "choice", limit=", ".join(ruled))
    if row["action"] not in home.ruled:
        raise Invalid("action", "choice", limit=", ".join(home.ruled))
    for name in ("permissions", "validation", "presets", "fields"):
        if row[name] is not None and len(msgspec.json.encode(row[name])) > LONGEST:
            raise BadPayload(f'"{name}" is longer than {LONGEST} bytes')
    for name in ("permissions", "validation"):
        try:
            clauses.read(home.name, row[name], "")
        except BadQuery as problem:
            raise BadPayload(f'"{name}" is no rule: {problem.reason}') from None
    _names(home, row["fields"] or [])
    try:
        presets = _presets(home, row["presets"])
        own = _own(home, presets)
    except BadQuery as problem:
        raise BadPayload(f'"presets" cannot be filled in: {problem.reason}') from None
    _check_presets(home, presets, own)


def _check_presets(home: Collection, presets: Mapping[str, object], own: Mapping[str, Path]) -> None:
    for name, value in presets.items():
        if name in leave.RESERVED.get(home.own, ()) or name in SECRETS or home.own not in _ATTRIBUTES:
            raise BadPayload(f'"presets" cannot set "{name}"')
        if name not in own and not (isinstance(value, str) and value.startswith("$")):
            checks.check(name, value, _ATTRIBUTES[home.own])


def _presets(home: Collection, given: object) -> dict[str, object]:
    """By our own names; variables are left for later, and are known ones."""
    if given is None:
        return {}
    if not isinstance(given, dict):
        raise BadPayload('"presets" must be of type object')
    presets = dialect.settle(home.name, dialect.take("rest10", home.name, given), {})
    for value in presets.values():
        if subjects.named(value) is None:
            clauses.SAMPLE.within(value)
    return presets


def _own(home: Collection, presets: Mapping[str, object]) -> dict[str, Path]:
    """The presets that the caller's own row says. Raises BadQuery for what cannot be their value."""
    kinds = {field.name: field.kind for field in home.fields}
    found: dict[str, Path] = {}
    for name, value in presets.items():
        text = subjects.named(value)
        if text is not None:
            found[name], kind = subjects.read(text)
            if found[name].function or not subjects.alike(kind, kinds[name]):
                raise BadQuery(f'"{text[:64]}" of the caller is no value of "{name}"')
    return found


def _names(home: Collection, fields: list[str]) -> frozenset[str]:
    """Attributes and lists by the words of generation 10; `*` is every one. Raises BadPayload."""
    known = {word: field.attribute for word, field in words("rest10", home.name).items()}
    known |= {word: word for word, one in relations("rest10", home.name).items() if one.many}
    if "*" in fields:
        return frozenset({*(field.attribute for field in home.fields), *known.values()})
    for word in fields:
        if word not in known:
            raise BadPayload(f'"fields" names "{word[:64]}", which "{home.name}" does not have')
    return frozenset(known[word] for word in fields)


def _is_by_key(where: Clause | None) -> bool:
    """Whether the rows are found by an index."""
    node = where.node if where else None
    return isinstance(node, Term) and not node.relations and (node.field, node.operator) == ("id", "eq")


def _decoded(text: str | None) -> object:
    return None if text is None else msgspec.json.decode(text)
