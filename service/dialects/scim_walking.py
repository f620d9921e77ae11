"""What a connection owns, as each database is asked for it so that it takes the index which has it so."""

from typing import Any

from sqlalchemy import ColumnElement, FromClause

from service.database.shapes import Kind
from service.dialects import access_paths
from service.dialects.sight import Sight
from service.dialects.statements import Shape


def is_led(shape: Shape) -> bool:
    """Whether indexes lead to the rows, so that they are sorted when they are found."""
    return access_paths.is_found(shape) or access_paths.is_known(shape.where)


def sight_of(shape: Shape, kind: Kind, table: FromClause | None = None, *, sorted_: bool = False) -> Sight:
    """The sight of who walks over resources in the order in which they came, unless `sorted_`, or looks at
    the few with known keys."""
    scope = shape.scope
    if scope == "owned" and kind == "postgresql" and not sorted_ and not is_led(shape):
        scope = "walked"
    elif scope == "owned" and kind == "sqlite" and access_paths.is_known(shape.where):
        scope = "checked"
    return Sight("scim", shape.collection, scope, kind, table)


def grouped(sight: Sight, *, turned: bool = False) -> list[ColumnElement[Any]]:
    """What comes before the keys in the order of a walk: see `access.walked`."""
    connection = sight.table.c.connection
    return [connection.desc() if turned else connection.asc()] if sight.scope == "walked" else []
