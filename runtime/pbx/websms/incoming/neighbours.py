"""Which addresses are neighbours: machines in the networks of the container's own interfaces; pure.

A proxy such as Traefik that shares a network of the engine with the container is one.
Gateways are not: every client that reaches a published port can appear under a gateway's address
(userland proxy, rootless engines, Docker Desktop). Machines in the network of a host are not, since
the whole LAN would be neighbours: with `--network host`, macvlan, ipvlan or a tap. Only a veth is
sure to lead to other containers, and only if there is no bridge beside it: a namespace with a
bridge is that of the engine or the host.
"""

import ipaddress
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from pbx.websms.configuration.values import Network

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

LOOPBACK: tuple[Network, ...] = (
    ipaddress.ip_network("127.0.0.0/8"),
    ipaddress.ip_network("::1/128"),
)
_UP, _GATEWAY = 0x1, 0x2
"""RTF_UP and RTF_GATEWAY of linux/route.h."""


@dataclass(frozen=True)
class TrustedProxies:
    """The proxies that are trusted to report the client's address.

    Attributes:
        networks: Their networks.
        excepted: Addresses in these networks that are not trusted.
    """

    networks: tuple[Network, ...]
    excepted: frozenset[Address] = frozenset()

    def __contains__(self, address: Address) -> bool:
        return address not in self.excepted and any(address in x for x in self.networks)


@dataclass(frozen=True)
class Route:
    """A route of the kernel; the gateway is None if the network is reached directly."""

    interface: str
    network: Network
    gateway: Address | None


def neighbours(drivers: Mapping[str, str], routes: Iterable[Route]) -> TrustedProxies:
    """Return the proxies that are trusted by default: neighbours and loopback.

    Args:
        drivers: Driver of each network interface; "" if it is not known.
        routes: All routes of the main tables.
    """
    if "bridge" in drivers.values():
        return TrustedProxies(LOOPBACK)
    routes = list(routes)
    networks = {
        x.network
        for x in routes
        if drivers.get(x.interface) == "veth"
        and x.gateway is None
        and x.network.prefixlen > 0
        and not x.network.is_link_local
        and not x.network.is_multicast
    }
    # The engine has the first address of every network, not only of the default route's.
    first = {network.network_address + 1 for network in networks if network.num_addresses > 2}
    gateways = {x.gateway for x in routes if x.gateway is not None}
    ordered = sorted(networks, key=lambda x: (x.version, int(x.network_address), x.prefixlen))
    return TrustedProxies((*LOOPBACK, *ordered), frozenset(gateways | first))


def read_routes(table: str, table6: str) -> list[Route]:
    """Read the kernel's routes.

    Args:
        table: /proc/net/route: a head, then interface, destination, gateway, flags, …, mask (the
            eighth); addresses in the machine's byte order (proc(5)), which is little-endian on all
            platforms of the images.
        table6: /proc/net/ipv6_route: destination, its prefix length, source, its prefix length,
            next hop, metric, references, uses, flags, interface.

    Raises:
        ValueError: a table cannot be read.
    """
    routes = []
    for line in table.splitlines()[1:]:
        interface, destination, gateway, flags, *rest = line.split()
        if int(flags, 16) & _UP:
            network = ipaddress.ip_network(f"{_ipv4(destination)}/{_ipv4(rest[3])}", strict=False)
            hop = _ipv4(gateway) if int(flags, 16) & _GATEWAY else None
            routes.append(Route(interface, network, hop))
    for line in table6.splitlines():
        destination, length, _, _, hop6, _, _, _, flags, interface = line.split()
        if int(flags, 16) & _UP:
            network6 = ipaddress.ip_network((_ipv6(destination), int(length, 16)), strict=False)
            next_hop = _ipv6(hop6) if int(flags, 16) & _GATEWAY else None
            routes.append(Route(interface, network6, next_hop))
    return routes


def _ipv4(text: str) -> ipaddress.IPv4Address:
    return ipaddress.IPv4Address(bytes.fromhex(text)[::-1])


def _ipv6(text: str) -> ipaddress.IPv6Address:
    return ipaddress.IPv6Address(bytes.fromhex(text))
