"""Events as signed tokens (RFC 8417): who issues them, for whom, and where both are found."""

import asyncio
from collections.abc import Sequence

from joserfc import jwt

from service.database import Database
from service.dialects import scim_events
from service.users.event_keys import ALGORITHM, EventKeys
from service.users.feed import Event
from service.users.model import LOCAL

FEEDS = "/ssf/feeds"
KEYS = "/ssf/keys"
_TURN = 10  # tokens made without a pause
_HEADER = {"alg": ALGORITHM, "typ": "secevent+jwt"}  # RFC 8417, 2.3: not to be taken for another kind


class EventTokens:
    """Signs events; one per process."""

    def __init__(self, database: Database, keys: EventKeys, public_url: str) -> None:
        self._database = database
        self._keys = keys
        self._public_url = public_url

    def audience(self, connection: str) -> str:
        """Whom tokens of a connection's events are for: its feed, by the address where it is fetched."""
        return f"{self._public_url}{FEEDS}/{connection}"

    def issuer(self, project: str) -> str:
        """Who issues the tokens of a project."""
        return self._public_url if project == LOCAL else f"{self._public_url}/{project}"

    async def sign(self, project: str, connection: str, events: Sequence[Event]) -> dict[str, str]:
        """The tokens of events, by their `jti`."""
        if not events:
            return {}
        key = self._keys.known(project)
        if key is None:
            key = await self._database.write(self._keys.settle, project)
        header = {**_HEADER, "kid": str(key.kid)}
        said, signed = (self.issuer(project), self.audience(connection)), dict[str, str]()
        for place, one in enumerate(events):
            if place % _TURN == 0:
                await asyncio.sleep(0)  # a thousand take a while, and others have requests
            signed[one.id] = jwt.encode(header, scim_events.claims(one, *said), key, [ALGORITHM])
        return signed
