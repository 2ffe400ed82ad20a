"""Whether the manager interface belongs to this container's Asterisk.

On the host's network, or on another container's, another program may use the port. Neither a login
nor an answer shows that for certain, but the kernel does: it lists the socket that listens there
(proc(5), /proc/net/tcp), and the open sockets of this container's Asterisk (/proc/PID/fd).
"""

import ipaddress
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from pbx.asterisk.console import CONSOLE
from pbx.autoban.judgement.addresses import Address, Spans, parse_address
from pbx.autoban.kernel import network

PID_FILE = CONSOLE.with_name("asterisk.pid")
_LISTENS = "0A"
_SOCKET = re.compile(r"socket:\[(\d+)\]")


def is_foreign(host: str, port: int, pid_file: Path = PID_FILE, proc: Path = Path("/proc")) -> bool:
    """Return whether another program listens at the manager's address and port.

    It is False if that is unknown: the host is another machine, Asterisk does not run, or no
    program listens.

    Args:
        host: Name or address.
        port: Of TCP.
        pid_file: File with Asterisk's process ID.
        proc: Where proc(5) is mounted.
    """
    address = _own_address(host)
    if address is None:
        return False
    found = listeners(network.read("tcp"), network.read("tcp6"), address, port)
    try:
        ours = _sockets(proc / pid_file.read_text().strip() / "fd")
    except OSError:
        return False
    return bool(found) and not found & ours


def listeners(tcp: str, tcp6: str, address: Address, port: int) -> frozenset[int]:
    """Return the sockets (inodes) that accept a connection to an address and port.

    A socket for that address takes precedence over one for all addresses.

    Args:
        tcp: Contents of /proc/net/tcp.
        tcp6: Contents of /proc/net/tcp6; "" without IPv6.
        address: Of the server.
        port: Of TCP.
    """
    listening = [*_listening(tcp), *_listening(tcp6)]
    exact = {inode for at, number, inode in listening if number == port and at == address}
    for_all = {inode for at, number, inode in listening if number == port and at.is_unspecified}
    return frozenset(exact or for_all)


def _listening(table: str) -> Iterator[tuple[Address, int, int]]:
    for line in table.splitlines()[1:]:
        _, local, _, state, _, _, _, _, _, inode, *_ = line.split()
        if state == _LISTENS:
            digits, _, port = local.partition(":")
            yield _address(digits), int(port, 16), int(inode)


def _address(digits: str) -> Address:
    """Read an address as the kernel writes it: numbers of 32 bits in the machine's own order."""
    words = [int(digits[i : i + 8], 16) for i in range(0, len(digits), 8)]
    packed = b"".join(word.to_bytes(4, sys.byteorder) for word in words)
    return parse_address(str(ipaddress.ip_address(packed)))


def _own_address(host: str) -> Address | None:
    try:
        address = parse_address("127.0.0.1" if host == "localhost" else host)
    except ValueError:
        return None  # a name: wherever that leads
    own = Spans(network.own_addresses(network.read("fib_trie"), network.read("if_inet6")))
    return address if address.is_loopback or address in own else None


def _sockets(folder: Path) -> set[int]:
    found = set()
    for link in folder.iterdir():
        try:
            match = _SOCKET.fullmatch(str(link.readlink()))
        except OSError:
            continue  # closed meanwhile
        if match:
            found.add(int(match[1]))
    return found
