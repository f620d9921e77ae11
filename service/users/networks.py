"""Networks that somebody may call from: CIDR or single addresses, as people write them."""

from functools import lru_cache
from ipaddress import ip_address, ip_network
from typing import Any, Final

from providers.addresses import Network, is_in
from service.users.problems import Invalid

MOST: Final = 1000  # of one list


def checked(name: str, value: Any) -> list[str]:
    """The list in its one spelling; host bits are forgiven, as people write `10.1.2.3/8`. Raises Invalid."""
    if len(value) > MOST:
        raise Invalid(name, "type", detail=f"must contain less than or equal to {MOST} items")
    try:
        return [str(network) for network in _read(tuple(value))]
    except ValueError:
        detail = "must be an array of networks such as 192.0.2.0/24 or 2001:db8::/32"
        raise Invalid(name, "type", detail=detail) from None


def hold(networks: tuple[str, ...], ip: str | None) -> bool:
    """Whether an address is in one of them; none at all let everybody in."""
    if not networks:
        return True
    try:
        return ip is not None and is_in(ip_address(ip), _read(networks))
    except ValueError:  # a socket has no address: what is behind a proxy gets one by IP_TRUST_PROXY
        return False


@lru_cache(1024)
def _read(networks: tuple[str, ...]) -> tuple[Network, ...]:
    return tuple(ip_network(network.strip(), strict=False) for network in networks)
