"""The filters of rules, which may compare with what the caller's own row says: `$CURRENT_USER.role.name`."""

from collections.abc import Mapping
from typing import Final

from service.dialects import paths
from service.dialects.filters import BY_KEY, Reader
from service.dialects.nodes import Node
from service.dialects.places import Asked
from service.users.model import Kind
from service.users.problems import BadQuery

_USERS: Final = "directus_users"
_BEFORE: Final[Mapping[str, str]] = {"$CURRENT_USER.": "", "$CURRENT_ROLE.": "role."}
_TEXTS: Final[frozenset[Kind]] = frozenset({"string", "text"})


class RuleReader(Reader):
    """Reads a filter that an administrator wrote; what a caller's row says, the statement looks up."""

    def _term(self, asked: Asked, name: str, given: object) -> Node:
        for variable, before in _BEFORE.items():
            if isinstance(given, str) and given.startswith(variable):
                return self._compared(asked, name, given, before + given.removeprefix(variable))
        return super()._term(asked, name, given)

    def _compared(self, asked: Asked, name: str, variable: str, text: str) -> Node:
        operator, field = self.fitting(asked, name)
        path, kind = paths.read(self._language, _USERS, text)
        subject = paths.field_of(self._language, paths.end(self._language, _USERS, path), path.word)
        folds = operator.folds or (field is not None and field.key is not None and operator.name in BY_KEY)
        alike = kind == asked.kind or {kind, asked.kind} <= _TEXTS
        has_key = subject is not None and subject.key is not None and not operator.folds
        if operator.operand != "one" or path.function or not alike or (folds and not has_key):
            raise BadQuery(f'"{variable[:64]}" cannot be the value of "{name[:64]}" on "{asked.word[:64]}"')
        return asked.term(field, operator.name, len(self.values), (*path.relations, path.word))
