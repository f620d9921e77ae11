"""Opens all that requests are answered with: the database, what the secrets make, the providers."""

from contextlib import AsyncExitStack
from importlib.metadata import version
from typing import Final

from providers.client_assertion import ClientKeys
from providers.http import Outbound
from providers.kinds import Settings, open_provider
from service.api.behind import Behind
from service.api.callers import Callers
from service.api.connecting import Connecting
from service.api.deferral import Deferral
from service.api.event_tokens import EventTokens
from service.api.feed_bells import FeedBells
from service.api.house import Door, House, Terms
from service.api.known_projects import Projects
from service.api.scim_walks import Walks
from service.api.sync import Sync
from service.api.watch import Watch
from service.config import Config
from service.database import open_database
from service.journal import AccessLog
from service.sealing import Sealer
from service.tokens import Tokens
from service.users.event_keys import EventKeys
from service.users.grants import Grants
from service.users.passwords import Hasher
from service.users.pictures import Pictures
from service.users.second_factor import SecondFactor
from service.users.secrets import Secrets

VERSION: Final = version("idbridge")


async def furnish(config: Config, stack: AsyncExitStack) -> House:
    """Open everything; the stack closes it again, the last first. Raises Unavailable."""
    database = await open_database(config.database_url)
    stack.push_async_callback(database.close)
    outbound = Outbound(config.outbound_ip_allow_list)
    stack.push_async_callback(outbound.shut)
    hasher = Hasher()
    stack.callback(hasher.close)
    pictures = Pictures()
    stack.callback(pictures.close)
    tokens, sealer = Tokens(config.secrets), Sealer(config.secrets)
    behind = Behind()
    stack.push_async_callback(behind.close)
    sync = Sync(database)
    stack.push_async_callback(sync.close)
    log = AccessLog()
    stack.callback(log.flush)
    return House(
        database=database,
        tokens=tokens,
        sealer=sealer,
        secrets=Secrets(hasher, sealer),
        hasher=hasher,
        pictures=pictures,
        factor=SecondFactor(sealer),
        grants=Grants(sealer),
        callers=Callers(database, tokens, behind),
        connecting=Connecting(database, behind, sync),
        walks=Walks(database),
        sync=sync,
        deferral=Deferral(database),
        event_tokens=EventTokens(database, EventKeys(sealer), config.public_url),
        feed_bells=FeedBells(database),
        watch=Watch(database),
        client_keys=ClientKeys(outbound),
        doors={name: _door(name, settings, config, outbound) for name, settings in config.providers.items()},
        projects=Projects(database),
        terms=_terms(config),
        log=log,
    )


def _door(name: str, settings: Settings, config: Config, outbound: Outbound) -> Door:
    provider = open_provider(name, settings, outbound)
    if not settings.signals.ssf_issuer:
        return Door(provider, settings.policy)
    from providers.transmitter import Transmitter  # with Authlib behind it: only where somebody transmits

    hears = Transmitter(settings.signals, f"{config.public_url}/ssf/{name}", outbound)
    return Door(provider, settings.policy, hears)


def _terms(config: Config) -> Terms:
    return Terms(
        public_url=config.public_url,
        access_ttl=config.access_token_ttl,
        refresh_ttl=config.refresh_token_ttl,
        session_ttl=config.session_cookie_ttl,
        invite_ttl=config.user_invite_token_ttl,
        invite_urls=config.user_invite_url_allow_list,
        reset_urls=config.password_reset_url_allow_list,
        registers=config.public_registration,
        register_role=config.public_registration_role,
        register_urls=config.user_register_url_allow_list,
        most_rows=config.query_limit_max,
        cors_origins=config.cors_origin,
        disable_default=config.auth_disable_default,
        version=VERSION,
    )
