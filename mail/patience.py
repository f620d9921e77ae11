"""How long a worker leaves a server alone that is away or refuses us, and whether it may be trusted again."""

import asyncio

from mail.contract import Delivery, GiveUp, Pause, Retry, Sent

LONGEST_REST = 30.0  # seconds between two looks at a server that is away


class Patience:
    """`trusted`: whether the server has listened to a letter since we last had doubts."""

    def __init__(self) -> None:
        self.trusted = False
        self._outages = 0
        self._until = 0.0

    @property
    def rest(self) -> float:
        """Seconds until the next letter may be tried; nothing or less when it may be now."""
        return self._until - asyncio.get_running_loop().time()

    def learn(self, outcome: Delivery) -> bool:
        """Let the server, or whoever looks after our settings, have some peace. True: no letter goes now."""
        now = asyncio.get_running_loop().time()
        match outcome:
            case Pause(seconds=seconds):
                self.trusted = False
                self._until = max(self._until, now + seconds)
            case Retry(outage=True):
                self.trusted = False
                if now >= self._until:  # else this one was in flight when the first of them failed
                    self._outages += 1
                    self._until = now + min(2.0 ** min(self._outages - 1, 10), LONGEST_REST)
            case Sent() | Retry() | GiveUp():
                self.trusted, self._outages = True, 0
        return not self.trusted
