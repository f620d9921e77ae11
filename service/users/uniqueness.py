"""Which field of ours a unique index of the database speaks of."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Final

from service.database import MissingReference, NotUnique
from service.database.door import tell
from service.users.problems import GroupTaken, NoSuch, Taken

FIELDS: Final[Mapping[str, str]] = {
    "users_project_id_unique": "id",
    "users_project_email_key_retired_unique": "email",
    "users_project_token_fingerprint_unique": "token",
    "users_project_connection_user_name_key_retired_unique": "user_name",
    "users_project_connection_external_identifier_retired_unique": "external_identifier",
    "identities_key": "external_identifier",
    "roles_key": "id",
    "files_project_id_unique": "id",
    "projects_key": "name",
    "connections_project_provider_unique": "provider",
}
_OF_GROUPS: Final[Mapping[str, str]] = {
    "groups_project_connection_display_name_key_unique": "display_name",
    "groups_project_connection_external_identifier_unique": "external_identifier",
}


def taken(problem: NotUnique | MissingReference) -> Exception:
    """What a problem of a row means that was to be written: Taken(field) where another has the value already.

    A role that was there when it was asked for, and was removed before it was written, is NoSuch("role").
    """
    if isinstance(problem, MissingReference):
        return NoSuch("role")
    if problem.index in _OF_GROUPS:
        return GroupTaken(_OF_GROUPS[problem.index])
    return Taken(FIELDS[problem.index]) if problem.index in FIELDS else problem


@contextmanager
def unique() -> Iterator[None]:
    """Around statements that write: `taken` for what they meet."""
    try:
        yield
    except (MissingReference, NotUnique) as problem:
        tell(problem, taken)
