"""Rows judged by rules within a transaction: which hold of them, and whether what was written may stand."""

from collections.abc import Collection, Iterator, Mapping

from sqlalchemy import ColumnElement, bindparam, false, func, select, true

from service.database import Transaction, one_of
from service.database.shapes import Kind
from service.dialects import clauses
from service.dialects.asking import Asking, remembered, taking
from service.dialects.clauses import Terms
from service.dialects.dialect import COLLECTIONS, words
from service.dialects.grants import Granted
from service.dialects.nodes import Joined, Node, Not, Some, Term
from service.dialects.operators import NAMED
from service.users.leave import Item
from service.users.problems import Forbidden, Invalid


async def judge(
    tx: Transaction, terms: Terms, values: Mapping[str, object], ids: Collection[Item]
) -> Mapping[Item, tuple[bool, ...]]:
    """For each of these rows that is there, which of the clauses hold."""
    parts = tuple((clause.node, clause.prefix) if clause else None for clause in terms.clauses)
    asking = _asking(terms.collection, parts, tx.kind)
    found = await asking.rows(tx, {**values, "ids": list(ids)})
    return {row[0]: tuple(map(bool, row[1:])) for row in found}


async def check(
    tx: Transaction,
    collection: str,
    values: Mapping[str, object],
    written: Mapping[str, Granted],
    named: Mapping[str, Collection[str]] | None,
) -> None:
    """That written rows are what their rules ask for. Raises Forbidden, Invalid(field, "rule")."""
    alike: dict[tuple[Granted, frozenset[str] | None], list[str]] = {}
    for id_, grant in written.items():
        names = None if named is None else frozenset(named[id_])
        alike.setdefault((grant, names), []).append(id_)
    for (grant, names), ids in alike.items():
        where = (grant.where.node, grant.where.prefix) if grant.where and names is None else None
        parts = list(_parts(collection, grant, names))
        if where is None and not parts:
            continue
        asking = _asking(collection, (where, *parts), tx.kind)
        for _, inside, *met in await asking.rows(tx, {**values, "ids": ids}):
            if not inside:
                raise Forbidden
            for (node, _), holds in zip(parts, met, strict=True):
                if not holds:
                    raise _refusal(node)


def _parts(collection: str, grant: Granted, names: frozenset[str] | None) -> Iterator[tuple[Node, str]]:
    """The conditions of a validation, one by one; of a change, those about what it names."""
    clause = grant.validation
    node = None if clause is None else _kept(collection, clause.node, names)
    if clause is None or node is None:
        return
    for part in node.parts if isinstance(node, Joined) and node.how == "and" else (node,):
        yield part, clause.prefix


def _kept(collection: str, node: Node, names: frozenset[str] | None) -> Node | None:
    """What of a condition is about these attributes; one of several that may hold is kept whole or not."""
    if names is None:
        return node
    if isinstance(node, Joined):
        parts = [_kept(collection, part, names) for part in node.parts]
        left = tuple(part for part in parts if part is not None)
        if node.how == "or" and len(left) < len(parts):
            return None
        return Joined(node.how, left) if left else None
    if isinstance(node, Not):
        return node if _kept(collection, node.part, names) is not None else None
    if not isinstance(node, Term | Some):
        raise TypeError(node)  # only SCIM's filters have more
    word = node.word if isinstance(node, Some) else node.field
    first = node.relations[0] if node.relations else word
    known = words("rest10", collection)
    by_name = {field.name: field for field in known.values()}
    field = by_name.get(first) or known.get(first)
    return node if (field.attribute if field else first) in names else None


def _refusal(node: Node) -> Invalid:
    term = node
    while isinstance(term, Joined | Not):
        term = term.parts[0] if isinstance(term, Joined) else term.part
    if isinstance(term, Term):
        word = NAMED[term.operator].words.get("rest10", term.operator)
        return Invalid(term.relations[0] if term.relations else term.field, "rule", detail=word)
    if not isinstance(term, Some):
        raise TypeError(term)
    return Invalid(term.word, "rule", detail="_none" if term.none else "_some")


@remembered
def _asking(collection: str, parts: tuple[tuple[Node, str] | None, ...], kind: Kind) -> Asking:
    table = COLLECTIONS[collection].table
    verdicts: list[ColumnElement[bool]] = [
        true() if part is None else func.coalesce(clauses.about(*part, collection, table, kind), false())
        for part in parts
    ]
    columns = [verdict.label(f"c{place}") for place, verdict in enumerate(verdicts)]
    own = table.c.project == bindparam("caller_project")
    return taking(select(table.c.id, *columns).where(own, one_of(table.c.id, "ids", kind)), kind)
