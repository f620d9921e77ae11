"""Signing out at the provider, too: where to send the browser after a session of ours has ended."""

import logging

from providers.afterwards import CarriesLogouts, Ends
from providers.contract import ProviderError
from service.api import kept
from service.api.calls import Call
from service.api.house import Door
from service.api.onward import onward
from service.users.sessions import Ended

_log = logging.getLogger(__name__)


async def farewell(call: Call, ended: Ended | None, target: str) -> str:
    """The provider's address that ends its session and leads to `target`; `target` where there is none."""
    door = call.house.doors.get(ended.provider) if ended else None
    if ended is None or door is None:
        return target
    try:
        return await _away(call, door, ended, target) or target
    except ProviderError as problem:  # signed out here they are; there they have to do it themselves
        _log.warning(
            "no sign-out at the provider", extra={"provider": ended.provider, "cause": problem.cause}
        )
        return target


async def _away(call: Call, door: Door, ended: Ended, target: str) -> str | None:
    house, provider, name = call.house, door.provider, ended.provider
    if isinstance(provider, Ends):
        hint = None
        if ended.identifier is not None:
            hint = await house.database.read(house.grants.hint, call.project, (name, ended.identifier))
        return await provider.leave(hint, target)
    if not isinstance(provider, CarriesLogouts) or ended.hint is None:
        return None
    departure = await provider.ask_logout(ended.hint, kept.address(call, name, "logout"))
    if departure is None:
        return None
    # The browser brings this secret back, and with it nothing but the way to `target`.
    await kept.keep(call, departure.memory["state"], f"out {name}", departure.memory, target)
    return await onward(call, name, departure)
