"""Leads to the rooms of the 8 generation: those that every generation shares, and its own."""

from typing import Final

from litestar import Router

from service.api import health, history, remarks, roles, users
from service.api.eight import auth, people, revisions, sessions, sso
from service.api.eight.generation import PREFIX

_SHARED: Final = (
    users.DOORS.list,
    users.DOORS.one,
    users.DOORS.create,
    users.DOORS.remove,
    users.read_me,
    users.change_me,
    roles.DOORS.list,
    roles.DOORS.one,
    roles.DOORS.create,
    roles.DOORS.change,
    roles.DOORS.remove,
    *history.ACTIVITY_DOORS.handlers,
    *history.REVISIONS_DOORS.handlers,
    *remarks.HANDLERS,
    health.ping,
)

_OWN: Final = tuple(handler for room in (people, revisions, auth, sso, sessions) for handler in room.HANDLERS)

router = Router(
    PREFIX,
    route_handlers=[*_SHARED, *_OWN],
    include_in_schema=False,
)
