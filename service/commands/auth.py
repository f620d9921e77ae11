"""`idbridge auth check NAME`: asks a sign-on provider everything that can be asked without a person."""

import asyncio
from argparse import Namespace

from providers.contract import DescribesUs, Inspects, Misconfigured, ProviderError, Redirects
from providers.http import Outbound
from providers.kinds import Settings, open_provider
from service.api.eight.landing import Landing8
from service.api.landing import Landing10
from service.commands import Failure, tell
from service.commands.setting import configured
from service.config import Config
from service.users.model import LOCAL


def run(options: Namespace) -> None:
    """Run the command; it changes nothing, here or there."""
    config = configured(keep=False)
    settings = config.providers.get(options.name)
    if settings is None:
        known = ", ".join(config.providers) or "none"
        raise Failure(f"AUTH_PROVIDERS names no {options.name}; it names {known}.")
    found = [*_own(settings, config), *asyncio.run(_ask(options.name, settings, config))]
    if found:
        raise Failure(*found)
    tell(f"{options.name} is set up rightly, as far as this can be told without a person.")


def _own(settings: Settings, config: Config) -> list[str]:
    """What does not fit on our side, whatever the provider says."""
    policy, found = settings.policy, []
    key = getattr(settings, "identifier_key", None)
    if key in {"email", "preferred_username", "upn"}:
        found.append(
            f"IDENTIFIER_KEY is {key}: who gets somebody's old address there gets their account here. "
            "Take what never changes, such as sub."
        )
    if policy.allow_public_registration and not policy.require_verified_email:
        found.append(
            "Anybody may register, and with any address: REQUIRE_VERIFIED_EMAIL=true asks for proof."
        )
    if policy.role_mapping and policy.allow_administrators and not config.is_https:
        found.append("Groups may make administrators, and PUBLIC_URL is not https.")
    return found


def _callbacks(url: str, project: str, provider: Redirects) -> list[str]:
    """Where people of a project may come back to: the 9/10 paths are those of the default project alone."""
    end = f"{provider.name}/{provider.lands_at}"
    eight = f"{url}/{project}{Landing8.at}/{end}"
    return [f"{url}{Landing10.at}/{end}", eight] if project == LOCAL else [eight]


async def _ask(name: str, settings: Settings, config: Config) -> list[str]:
    outbound = Outbound(config.outbound_ip_allow_list)
    callback = ""
    try:
        provider = open_provider(name, settings, outbound)
        if isinstance(provider, Redirects):
            callback, *others = _callbacks(config.public_url, settings.policy.project, provider)
            tell(f"return address {callback}")
            for other in others:
                tell(f"  and, for clients of generation 8, {other}")
        if isinstance(provider, DescribesUs):
            tell(f"our metadata {callback.rpartition('/')[0]}/metadata")
        return await provider.inspect(callback) if isinstance(provider, Inspects) else []
    except Misconfigured as problem:
        return [f"{problem.cause}."]
    except ProviderError as problem:
        return [f"The provider cannot be asked: {problem.cause}."]
    finally:
        await outbound.shut()
