"""The values of a multi-valued attribute: which are the same, which join, which go, which one is primary."""

from collections.abc import Sequence

from providers.scim.expression import And, Comparison, Expression
from providers.scim.matching import comparable
from providers.scim.problems import InvalidValue
from providers.scim.schema import Attribute, Resource, Value
from providers.scim.values import fingerprint


class _Known:
    """Finds the entry that another one stands for, without comparing each with each.

    RFC 7643, 2.4: (type, value) says which entry it is; here a missing type fits every one. What has no
    `value`, as an address, is the same only when everything is.
    """

    def __init__(self, attribute: Attribute, entries: Sequence[Value]) -> None:
        self._value, self._type = attribute.sub("value"), attribute.sub("type")
        self._places: dict[object, dict[object, int]] = {}
        for place, entry in enumerate(entries):
            self.note(entry, place)

    def _keys(self, entry: Value) -> tuple[object, object]:
        parts = entry if isinstance(entry, dict) else {}
        value, kind = parts.get("value"), parts.get("type")
        if self._value is None or value is None:
            return fingerprint(entry), None
        return comparable(self._value, value), comparable(self._type, kind) if self._type and kind else None

    def note(self, entry: Value, place: int) -> None:
        value, kind = self._keys(entry)
        self._places.setdefault(value, {}).setdefault(kind, place)

    def place(self, entry: Value) -> int | None:
        value, kind = self._keys(entry)
        kinds = self._places.get(value)
        if not kinds:
            return None
        return next(iter(kinds.values())) if kind is None else kinds.get(kind, kinds.get(None))


def added(attribute: Attribute, entries: Sequence[Value], new: Sequence[Value]) -> list[Value]:
    """RFC 7644, 3.5.2.1: what is there already is not added again, though the new one may say more."""
    after, known = list(entries), _Known(attribute, entries)
    written: list[int] = []
    for entry in new:
        place = known.place(entry)
        if place is None:
            place = len(after)
            after.append(entry)
            known.note(entry, place)
        else:
            after[place] = _merged(attribute, after[place], entry)
        written.append(place)
    return mark_primary(after, written, attribute.name)


def _merged(attribute: Attribute, old: Value, new: Value) -> Value:
    if not isinstance(old, dict) or not isinstance(new, dict):
        return old
    fixed = {sub.name for sub in attribute.sub_attributes if sub.mutability == "immutable"}
    return {**old, **{name: value for name, value in new.items() if name not in fixed or name not in old}}


def without(attribute: Attribute, entries: Sequence[Value], gone: Sequence[Value]) -> list[Value]:
    """The entries but for those named; naming one that is not there changes nothing."""
    named = _Known(attribute, gone)
    return [entry for entry in entries if named.place(entry) is None]


def mark_primary(entries: Sequence[Value], written: Sequence[int], name: str) -> list[Value]:
    """RFC 7644, 3.5.2: a value written as primary takes it from the others; two at once are refused."""
    chosen = {place for place in written if _is_primary(entries[place])}
    if len(chosen) > 1:
        raise InvalidValue(f'"{name}" would have more than one primary value.')
    if not chosen:
        return list(entries)
    return [
        {**entry, "primary": False}
        if isinstance(entry, dict) and _is_primary(entry) and n not in chosen
        else entry
        for n, entry in enumerate(entries)
    ]


def _is_primary(entry: Value) -> bool:
    return isinstance(entry, dict) and entry.get("primary") is True


def pinned(chosen: Expression | None) -> Resource | None:
    """What a filter of `eq` and `and` over type or primary says an entry is; None for any other filter."""
    terms = chosen.terms if isinstance(chosen, And) else (chosen,)
    known: Resource = {}
    for term in terms:
        if not isinstance(term, Comparison) or term.op != "eq" or term.path.name not in {"type", "primary"}:
            return None
        known[term.path.name] = term.value
    return known
