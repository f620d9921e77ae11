"""Which addresses are the public internet: nobody else's word may lead us into our own network."""

import asyncio
import socket
from collections.abc import Iterable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from providers.contract import Unreachable

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

_NAT64 = ip_network("64:ff9b::/96")
_UNICAST = ip_network("2000::/3")  # all of IPv6 that is given out; IANA's registry, 2024
# What Python 3.11 calls global and IANA's special-purpose registries or clouds do not.
_NOT_PUBLIC = tuple(
    ip_network(text)
    for text in (
        "192.0.0.0/24",
        "192.88.99.0/24",  # 6to4 relays, and with 2002::/16 any IPv4 address behind them
        "168.63.129.16/32",  # Azure's wire server, reachable from its machines only
        "2002::/16",
        "3fff::/20",
    )
)


async def look_up(host: str, port: int) -> list[Address]:
    """The addresses of a name, in the order to try them. Raises Unreachable."""
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as problem:
        raise Unreachable(f"{host} cannot be resolved") from problem
    return list(dict.fromkeys(ip_address(place[0]) for *_, place in found))


def is_in(address: Address, networks: Iterable[Network]) -> bool:
    """Whether an address, or the IPv4 address inside it, belongs to one of the networks."""
    return any(address in network or unwrap(address) in network for network in networks)


def is_public(address: Address) -> bool:
    """Whether an address belongs to the public internet, where nobody's inner servers are."""
    address = unwrap(address)
    if any(address in network for network in _NOT_PUBLIC):
        return False
    if isinstance(address, IPv6Address) and address not in _UNICAST:
        return False
    return address.is_global and not address.is_multicast


def unwrap(address: Address) -> Address:
    """The IPv4 address that an IPv6 one stands for: mapped (RFC 4291 2.5.5.2) or behind NAT64 (RFC 6052)."""
    if isinstance(address, IPv4Address):
        return address
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address
