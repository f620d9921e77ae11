"""The filters of rules, which may compare with what the caller's own row says: `$CURRENT_USER.role.name`."""

from typing import Final

from service.dialects import paths, subjects
from service.dialects.filters import BY_KEY, Reader
from service.dialects.nodes import Node
from service.dialects.places import Asked
from service.users.problems import BadQuery

_USERS: Final = "directus_users"


class RuleReader(Reader):
    """Reads a filter that an administrator wrote; what a caller's row says, the statement looks up."""

    def _term(self, asked: Asked, name: str, given: object) -> Node:
        path = subjects.named(given)
        if path is None:
            return super()._term(asked, name, given)
        return self._compared(asked, name, str(given), path)

    def _compared(self, asked: Asked, name: str, variable: str, text: str) -> Node:
        operator, field = self.fitting(asked, name)
        path, kind = subjects.read(text)
        subject = paths.field_of(self._language, paths.end(self._language, _USERS, path), path.word)
        folds = operator.folds or (field is not None and field.key is not None and operator.name in BY_KEY)
        has_key = subject is not None and subject.key is not None and not operator.folds
        fits = operator.operand == "one" and not path.function and subjects.alike(kind, asked.kind)
        if not fits or (folds and not has_key):
            raise BadQuery(f'"{variable[:64]}" cannot be the value of "{name[:64]}" on "{asked.word[:64]}"')
        return asked.term(field, operator.name, len(self.values), (*path.relations, path.word))
