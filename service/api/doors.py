"""The door of a provider: found by its name, and what its failures are to the caller."""

import logging

from providers.contract import Misconfigured, ProviderError, Redirects, Unreachable
from service.api.calls import Call
from service.api.house import Door
from service.users import sign_on
from service.users.problems import Problem, RouteUnknown, WrongCredentials
from service.users.problems import Unreachable as Down

_log = logging.getLogger(__name__)


def check_ours(call: Call) -> None:
    """Raises RouteUnknown where providers alone sign people on, by nothing of ours (AUTH_DISABLE_DEFAULT)."""
    if call.house.terms.disable_default:
        raise RouteUnknown(call.address)


def of_project(call: Call) -> list[Door]:
    """The doors of the call's project, in the order in which they were set up."""
    return [door for door in call.house.doors.values() if door.policy.project == call.project]


def find(call: Call, name: str) -> Door:
    """The door of the provider called so in the call's project. Raises RouteUnknown."""
    door = call.house.doors.get(name)
    if door is None or door.policy.project != call.project:
        raise RouteUnknown(call.address)
    return door


def redirecting(call: Call, name: str) -> tuple[Door, Redirects]:
    """The door of a provider that takes browsers. Raises RouteUnknown for any other."""
    door = find(call, name)
    if not isinstance(door.provider, Redirects):
        raise RouteUnknown(call.address)
    return door, door.provider


async def note(call: Call, name: str, problem: ProviderError) -> None:
    """Let the administrator find out why a sign-on ended before anybody was proven."""
    if call.house.doors[name].notes.allow():
        await call.house.database.write(sign_on.note_failure, call.public, name, problem.cause)


def told(problem: ProviderError, name: str) -> Problem:
    """What a provider's failure is to the caller: what is down is said, what was tried is not."""
    _log.warning("sign-on failed", extra={"provider": name, "cause": problem.cause, "code": problem.code})
    if isinstance(problem, Unreachable | Misconfigured):
        return Down(f"The provider {name} cannot be used now")
    return WrongCredentials()
