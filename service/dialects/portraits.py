"""The files that anyone who is signed in may read: their own uploads, and the picture they are shown with.

No filter of the language says the latter, because a file does not know whom it shows.
"""

from typing import Final

from sqlalchemy import ColumnElement, FromClause
from sqlalchemy.sql.util import ClauseAdapter

from service.database.shapes import Kind
from service.database.tables import files
from service.dialects.clauses import Clause
from service.dialects.fields import FILES
from service.dialects.grants import Granted
from service.dialects.nodes import Joined
from service.users import file_access
from service.users.model import Caller


class _Portraits(Clause, frozen=True, eq=False):
    """A clause that is SQL already."""

    def values(self, caller: Caller) -> dict[str, object]:
        return {"caller_user": caller.user}

    def met(self, collection: str, table: FromClause, kind: Kind) -> ColumnElement[bool]:
        return file_access.OWN if table is files else ClauseAdapter(table).traverse(file_access.OWN)


PORTRAITS: Final = Granted(
    frozenset(field.attribute for field in FILES),
    _Portraits("directus_files", None, Joined("and", ()), "caller_", None),
    None,
    {},
    by_key=True,
)
