"""What every room of the API is given: the doors, the keys, the terms, and who may sign people on."""

from collections.abc import Mapping
from time import perf_counter_ns
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import msgspec

from providers.client_assertion import ClientKeys
from providers.contract import Provider
from providers.settings import Policy, seconds
from service.api.allowance import Allowance
from service.api.event_tokens import EventTokens
from service.api.feed_bells import FeedBells
from service.api.known_projects import Projects
from service.api.watch import Watch
from service.database import Database
from service.journal import AccessLog
from service.sealing import Sealer
from service.tokens import Tokens
from service.users.challenges import Site, site
from service.users.claims import Policy as Rules
from service.users.grants import Grants
from service.users.passwords import Hasher
from service.users.pictures import Pictures
from service.users.second_factor import SecondFactor
from service.users.secrets import Secrets

if TYPE_CHECKING:
    from providers.transmitter import Transmitter
    from service.api.callers import Callers
    from service.api.calls import Call
    from service.api.connecting import Connecting
    from service.api.deferral import Deferral
    from service.api.scim_walks import Walks
    from service.api.sync import Sync


class Terms(msgspec.Struct, frozen=True):
    """What the administrator decided; lifetimes in seconds."""

    public_url: str
    access_ttl: int
    refresh_ttl: int
    session_ttl: int  # of the cookie in mode `session`
    invite_ttl: int
    invite_urls: tuple[str, ...]
    reset_urls: tuple[str, ...]
    registers: bool  # whether people may register themselves
    register_role: str | None
    register_urls: tuple[str, ...]
    most_rows: int | None  # the largest page; None: as many as are asked for
    cors_origins: tuple[str, ...]  # whose pages may call us from a browser
    disable_default: bool  # no sign-in with passwords or passkeys of ours
    version: str

    @property
    def secure(self) -> bool:
        """Whether cookies travel over https only."""
        return self.public_url.startswith("https:")

    @property
    def place(self) -> str:
        """Our host, as people see it in the address bar, and in their app where the project has no title."""
        return urlsplit(self.public_url).netloc

    @property
    def site(self) -> Site | None:
        """Who asks for passkeys; None where browsers keep none. Never by Host: anybody can write that."""
        return site(self.public_url)


class Door(msgspec.Struct, frozen=True):
    """A provider together with the administrator's rules for it."""

    provider: Provider
    policy: Policy
    transmitter: "Transmitter | None" = None  # of its Shared Signals
    # Anybody can send forged answers: the log hears of all of them, the activity of one in a second.
    notes: Allowance = msgspec.field(default_factory=lambda: Allowance(each=1.0, at_once=60))

    @property
    def rules(self) -> Rules:
        """The rules in the core's words."""
        said = self.policy
        return Rules(
            registers=said.allow_public_registration,
            default_role=said.default_role_id,
            verified_email=said.require_verified_email,
            domains=tuple(said.allowed_domains) or None,
            links=said.link_by_email,
            sync=said.sync_user_info,
            roles=said.role_mapping,
            administrators=said.allow_administrators,
            acr=said.second_factor_acr,
            lifetime=seconds(said.session_ttl) if said.session_ttl else None,
        )


class House(msgspec.Struct, frozen=True, eq=False):
    """One per process; made by the composition, read by the handlers."""

    database: Database
    tokens: Tokens
    sealer: Sealer
    secrets: Secrets
    hasher: Hasher
    pictures: Pictures
    factor: SecondFactor
    grants: Grants
    callers: "Callers"
    connecting: "Connecting"
    walks: "Walks"
    sync: "Sync"
    deferral: "Deferral"
    event_tokens: EventTokens
    feed_bells: FeedBells
    watch: Watch
    client_keys: ClientKeys
    doors: Mapping[str, Door]
    projects: Projects
    terms: Terms
    log: AccessLog

    def access_log(self, call: "Call", method: str, status: int) -> None:
        """One line for an answered request; its query is left out, because tokens travel in it."""
        self.log.note(
            method=method,
            path=call.path,
            status=status,
            seconds=(perf_counter_ns() - call.started) / 1e9,
            client=call.ip or "",
            request=call.id,
            user=call.known_user,
        )
