"""A provider for a laptop: it asks nobody and believes what the developer says."""

import time
from collections.abc import Mapping
from secrets import token_bytes
from typing import Annotated
from urllib.parse import urlencode

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OctKey
from msgspec import Meta

from providers.contract import Departure, Identity, Prompt, Refused, Untrusted
from providers.http import Outbound
from providers.profile import read_email, read_identity
from providers.redirects import check_state, random_text, read_code
from providers.settings import Common

LIFETIME = 300  # seconds in which an answer counts

Email = Annotated[str, Meta(pattern=r"^[^@\s]+@[^@\s]+\Z", max_length=254, description="an e-mail address")]


class MockSettings(Common, frozen=True, kw_only=True, tag_field="driver", tag="mock"):
    """`email` is who signs on when nobody is hinted at."""

    email: Email = "developer@example.com"

    def open(self, name: str, outbound: Outbound) -> "Mock":
        return Mock(name, self)


class Mock:
    """Sends the browser straight back with the address in `login_hint`, signed with a key of this process.

    Anybody can be anybody, so the configuration takes it where PUBLIC_URL is this machine only. The signature
    makes a real provider's rules hold: an answer counts for its own departure, a changed one not at all.
    """

    lands_at = "callback"

    def __init__(self, name: str, settings: MockSettings) -> None:
        self.name, self.driver = name, settings.driver()
        self.label, self.icon = settings.label or name, settings.icon
        self._email = settings.email
        self._key = OctKey.import_key(token_bytes(32))

    async def depart(
        self, return_url: str, *, login_hint: str | None = None, prompt: Prompt | None = None
    ) -> Departure:
        email = read_email(login_hint or self._email)
        if email is None:
            raise Refused("The mock provider knows people by e-mail address only", code="access_denied")
        memory = {"state": random_text(), "nonce": random_text()}
        said = {"iss": self.name, "sub": email, "nonce": memory["nonce"], "exp": int(time.time()) + LIFETIME}
        code = jwt.encode({"alg": "HS256", "typ": "mock+jwt"}, said, self._key)
        return Departure(f"{return_url}?{urlencode({'state': memory['state'], 'code': code})}", memory)

    async def arrive(self, query: Mapping[str, str], memory: Mapping[str, str]) -> Identity:
        check_state(query, memory)
        try:
            claims = jwt.decode(read_code(query), self._key, algorithms=["HS256"]).claims
        except (JoseError, ValueError, TypeError) as problem:
            raise Untrusted("The answer was not signed by this process") from problem
        if claims["nonce"] != memory.get("nonce") or claims["exp"] <= time.time():
            raise Untrusted("The answer is stale or was made for another departure")
        said = {"iss": self.name, "sub": claims["sub"], "email": claims["sub"], "email_verified": True}
        return read_identity(self.name, said, {})
