"""Leads to the rooms of the 8 generation: those that every generation shares, and its own."""

from typing import Final

from litestar import Router

from service.api import health, history, roles, user_changes, users
from service.api.eight import auth, people, revisions
from service.api.eight.generation import PREFIX

_SHARED: Final = (
    users.list_users,
    users.read_me,
    users.read_user,
    users.create_users,
    user_changes.change_me,
    user_changes.delete_user,
    roles.list_roles,
    roles.read_role,
    roles.create_roles,
    roles.change_role,
    roles.delete_role,
    history.list_activity,
    history.read_activity,
    history.list_revisions,
    history.read_revision,
    health.ping,
)

router = Router(
    PREFIX,
    route_handlers=[*_SHARED, *people.HANDLERS, *revisions.HANDLERS, *auth.HANDLERS],
    include_in_schema=False,
)
