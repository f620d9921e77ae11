"""Does the SCIM requests that were accepted to be done later: those of a connection in their order."""

import asyncio
from typing import Final, NoReturn

from service.api.house import House
from service.api.scim_noting import Interrupted
from service.api.scim_performing import perform
from service.database import new_key
from service.rounds import Rounds
from service.users import deferred
from service.users.deferred import DEFERRED, Lost, Waiting

_MOST: Final = 10  # times that a request is begun
_SLOWEST: Final = 60.0  # seconds until what failed is begun again


class Performer:
    """One of any number, with a name that no other has; begins with run()."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._owner = new_key()
        self._rounds = Rounds(
            house.database,
            wake=DEFERRED,
            look=deferred.ready,
            key=lambda request: request.connection,
            work=self._perform,
            name="perform",
        )

    async def run(self) -> NoReturn:
        """Go on until cancelled; what is under way then another goes on with when its lease is over."""
        await self._rounds.run()

    async def _perform(self, request: Waiting) -> None:
        """One after the other, as long as the connection has some."""
        turn: Waiting | None = request
        while turn is not None:
            held = await self._house.database.write(deferred.claim, turn, self._owner)
            if held is None:
                return
            try:
                await perform(self._house, held, most=_MOST)
            except Lost:
                return
            except asyncio.CancelledError:  # we are to end; the next one need not wait for our lease
                await self._house.database.write(deferred.release, held, 0.0)
                raise
            except Exception as problem:
                delay = min(2.0**held.attempts, _SLOWEST)
                await self._house.database.write(deferred.release, held, delay)
                if isinstance(problem, Interrupted):
                    return
                raise
            turn = await self._house.database.read(deferred.next_of, request)
