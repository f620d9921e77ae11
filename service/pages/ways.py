"""The providers that people may sign in with: what each is called, and where its button leads."""

from typing import NamedTuple
from urllib.parse import quote, urlencode

from providers.contract import Provider
from service.api.calls import Call
from service.pages.here import WELCOME
from service.pages.sheet import base
from service.users.projects import DEFAULT


class Button(NamedTuple):
    """`path` is one of ours, without what our host puts before them all."""

    label: str
    path: str


def ways(call: Call, project: str) -> list[Provider]:
    """The providers that people of a project may sign in with."""
    return [door.provider for door in call.house.doors.values() if door.policy.project == project]


def buttons(call: Call, project: str, *, only: str | None = None) -> list[Button]:
    """A button for each of them, or for the one of this name; they come back to a page of their project's."""
    return [
        Button(one.label, _path(call, project, one.name))
        for one in ways(call, project)
        if only in (None, one.name)
    ]


def called(call: Call, provider: str) -> str:
    """What a provider is called; nothing for a password, or one that is there no more."""
    door = call.house.doors.get(provider)
    return door.provider.label if door else ""


def _path(call: Call, project: str, name: str) -> str:
    """Where a browser leaves for a provider; within a project, and for all but the default one, people speak
    the 8 generation."""
    home = base(call.house.terms)
    if project == DEFAULT and not call.prefix:
        return f"/auth/login/{quote(name, safe='')}?{urlencode({'redirect': home + WELCOME}, safe='/')}"
    back = {"mode": "cookie", "redirect_url": f"{home}/{project}{WELCOME}"}
    return f"/{project}/auth/sso/{quote(name, safe='')}?{urlencode(back, safe='/')}"
