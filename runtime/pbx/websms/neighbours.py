"""Which addresses are neighbours: machines in the networks of the container's own interfaces; pure.

A proxy such as Traefik that shares a network of the engine with the container is one. The engine's
gateways are none: behind them stands whoever reaches a published port (userland proxy, rootless
engines, Docker Desktop). Neither is the network of a real machine, where everybody on the LAN would
be a neighbour: the host's own (`--network host`), or one that macvlan, ipvlan or a tap joins.
Only a veth is sure to lead to other containers, and only where there is no bridge beside it: that
is how a namespace looks in which the engine, or the host, itself lives.
"""

import ipaddress
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from pbx.websms.values import Network

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

LOOPBACK: tuple[Network, ...] = (
    ipaddress.ip_network("127.0.0.0/8"),
    ipaddress.ip_network("::1/128"),
)
_UP, _GATEWAY = 0x1, 0x2
"""RTF_UP and RTF_GATEWAY of linux/route.h."""


@dataclass(frozen=True)
class Believed:
    """Addresses whose word is taken for where a request comes from.

    Attributes:
        networks: Where they are.
        excepted: Who is not believed all the same.
    """

    networks: tuple[Network, ...]
    excepted: frozenset[Address] = frozenset()

    def __contains__(self, address: Address) -> bool:
        return address not in self.excepted and any(address in x for x in self.networks)


@dataclass(frozen=True)
class Route:
    """A route of the kernel; the gateway is None where the network is reached directly."""

    interface: str
    network: Network
    gateway: Address | None


def neighbours(drivers: Mapping[str, str], routes: Iterable[Route]) -> Believed:
    """Return whom to believe if the user names nobody: neighbours and loopback.

    Args:
        drivers: Name of the driver of each interface; "" where it is not known.
        routes: All routes of the main tables.
    """
    if "bridge" in drivers.values():
        return Believed(LOOPBACK)
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
    # The engine has the first address also in networks that the default route does not lead to.
    first = {network.network_address + 1 for network in networks if network.num_addresses > 2}
    gateways = {x.gateway for x in routes if x.gateway is not None}
    ordered = sorted(networks, key=lambda x: (x.version, int(x.network_address), x.prefixlen))
    return Believed((*LOOPBACK, *ordered), frozenset(gateways | first))


def read_routes(table: str, table6: str) -> list[Route]:
    """Read the kernel's routes.

    Args:
        table: /proc/net/route: a head, then interface, destination, gateway, flags, …, mask (the
            eighth); numbers of IPv4 in the machine's own order of bytes (proc(5): little-endian on
            all platforms of the images).
        table6: /proc/net/ipv6_route: destination, its prefix length, source, its prefix length,
            next hop, metric, references, uses, flags, interface.

    Raises:
        ValueError: it is none.
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
