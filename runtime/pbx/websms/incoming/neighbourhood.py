"""Asks the kernel for network interfaces and routes, to find the neighbours."""

import ctypes
import fcntl
import socket
import struct
import time
from pathlib import Path

from pbx.websms.incoming.neighbours import LOOPBACK, TrustedProxies, neighbours, read_routes

KNOWN_SECONDS = 5.0
"""Networks may come and go while the service runs: `docker network connect`."""
_SIOCETHTOOL, _GET_DRIVER = 0x8946, 3
"""Of linux/sockios.h, and ETHTOOL_GDRVINFO of linux/ethtool.h."""
_DRIVER_INFO_SIZE = 196
"""Of struct ethtool_drvinfo: command (4 bytes), driver (32), and others that are not needed."""


class Neighbourhood:
    """The proxies that are trusted by default; looked up every few seconds."""

    def __init__(self) -> None:
        self._trusted = TrustedProxies(LOOPBACK)
        self._until = 0.0

    def trusted(self) -> TrustedProxies:
        """Return neighbours and loopback; only loopback if the kernel cannot be asked."""
        if time.monotonic() >= self._until:
            self._until = time.monotonic() + KNOWN_SECONDS
            try:
                self._trusted = _look()
            except (OSError, ValueError):
                self._trusted = TrustedProxies(LOOPBACK)
        return self._trusted


def _look() -> TrustedProxies:
    drivers = {name: _driver(name) for _, name in socket.if_nameindex()}
    table, table6 = Path("/proc/net/route"), Path("/proc/net/ipv6_route")
    six = table6.read_text() if table6.exists() else ""  # a kernel without IPv6
    return neighbours(drivers, read_routes(table.read_text(), six))


def _driver(interface: str) -> str:
    """Return the name of an interface's driver, such as veth; "" if there is none."""
    info = ctypes.create_string_buffer(struct.pack("=I", _GET_DRIVER), _DRIVER_INFO_SIZE)
    request = struct.pack("16sP16x", interface.encode(), ctypes.addressof(info))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        try:
            fcntl.ioctl(any_socket, _SIOCETHTOOL, request)
        except OSError:
            return ""
    return info.raw[4:36].partition(b"\0")[0].decode("ascii", "replace")
