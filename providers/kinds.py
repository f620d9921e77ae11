"""Every kind of provider: a new one is one file and one word in `Settings`."""

from collections.abc import Mapping
from typing import get_args

from providers.contract import Provider
from providers.http import Outbound
from providers.mock import MockSettings
from providers.oidc import OpenIDSettings
from providers.settings import Mistake, read

Settings = OpenIDSettings | MockSettings

KINDS: Mapping[str, type[Settings]] = {kind.driver(): kind for kind in get_args(Settings)}


def read_settings(variables: Mapping[str, str]) -> Settings | list[Mistake]:
    """A provider's settings from its upper-case keys, `DRIVER` among them, or all that is wrong with them."""
    kind = KINDS.get(variables.get("DRIVER", ""))
    if kind is None:
        return [Mistake("DRIVER", f"must be one of {', '.join(KINDS)}")]
    return read(kind, variables)


def open_provider(name: str, settings: Settings, outbound: Outbound) -> Provider:
    """The provider called `name`, which calls others through `outbound` only."""
    return settings.open(name, outbound)
