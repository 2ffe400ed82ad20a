"""Reads copies of the challenges that leave this machine over UDP.

A rule of AutoBan's table copies each `SIP/2.0 401` to a socket (NFLOG). The copy arrives before
the packet is sent, so a nonce is known before any client can respond to it. This takes NET_ADMIN,
and nfnetlink_log in the kernel.

Source of the messages' form: linux/netfilter/nfnetlink_log.h and nfnetlink.h.
"""

import errno
import re
import socket
import struct
from collections.abc import Callable, Iterator

from pbx.autoban.judgement.addresses import Address, parse_address

GROUPS = range(25060, 25076)
"""NFLOG groups; the first that no other program uses is taken."""

_NETFILTER = 12  # NETLINK_NETFILTER of linux/netlink.h, which Python's socket has no name for
_HEADER = struct.Struct("=IHHII")
_ERROR, _PACKET, _CONFIG = 2, 4 << 8, 4 << 8 | 1
_REQUEST_AND_ACKNOWLEDGE = 1 | 4
_COMMAND, _MODE, _THRESHOLD = 1, 2, 5  # NFULA_CFG_CMD, _MODE, _QTHRESH
_BIND, _COPY_PACKET = 1, 2
_PAYLOAD = 9  # NFULA_PAYLOAD
_BUFFER = 1 << 20
_NONCE = re.compile(rb'nonce="([^"]{1,63})')  # Asterisk's events cut it there, too


class ChallengeLog:
    """A socket that receives copies of challenges.

    Args:
        on_challenge: Called with the address that a challenge was sent to, and its nonce.

    Attributes:
        group: The NFLOG group for the rule.

    Raises:
        OSError: the kernel or the container's rights do not allow it.
    """

    def __init__(self, on_challenge: Callable[[Address, str], None]) -> None:
        self._on_challenge = on_challenge
        self._socket = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, _NETFILTER)
        try:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER)
            self._socket.bind((0, 0))
            self._socket.settimeout(2)
            self.group = self._bind()
            self._configure(self.group, _MODE, struct.pack("!IBx", 0xFFFF, _COPY_PACKET))
            self._configure(self.group, _THRESHOLD, struct.pack("!I", 1))
        except OSError:
            self._socket.close()
            raise
        self._socket.setblocking(False)

    def fileno(self) -> int:
        """Return the socket's descriptor, to wait for data."""
        return self._socket.fileno()

    def read(self) -> None:
        """Pass on all challenges that have arrived; does not wait."""
        while True:
            try:
                data = self._socket.recv(_BUFFER)
            except OSError as error:
                if error.errno == errno.ENOBUFS:  # some are lost; they are not proof
                    continue
                return
            for address, nonce in read_challenges(data):
                self._on_challenge(address, nonce)

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()

    def _bind(self) -> int:
        for group in GROUPS:
            try:
                self._configure(group, _COMMAND, struct.pack("!B", _BIND))
            except OSError as error:
                if error.errno == errno.EBUSY:
                    continue
                raise
            return group
        raise OSError(errno.EBUSY, "all NFLOG groups are in use")

    def _configure(self, group: int, kind: int, value: bytes) -> None:
        attribute = struct.pack("=HH", 4 + len(value), kind) + _padded(value)
        body = struct.pack("!BBH", socket.AF_UNSPEC, 0, group) + attribute
        length = _HEADER.size + len(body)
        header = _HEADER.pack(length, _CONFIG, _REQUEST_AND_ACKNOWLEDGE, 0, 0)
        self._socket.send(header + body)
        while True:
            data = self._socket.recv(_BUFFER)
            _, type_, *_ = _HEADER.unpack_from(data)
            if type_ == _ERROR:
                (status,) = struct.unpack_from("=i", data, _HEADER.size)
                if status:
                    raise OSError(-status, "the kernel does not hand over packets")
                return


def read_challenges(data: bytes) -> Iterator[tuple[Address, str]]:
    """Yield the destination and the nonce of each challenge in the kernel's messages."""
    for type_, body in _parts(data, _HEADER.size, _split_message):
        if type_ != _PACKET:
            continue
        for kind, packet in _parts(body[4:], 4, _split_attribute):
            if kind == _PAYLOAD and (address := _destination(packet)):
                for nonce in dict.fromkeys(_NONCE.findall(packet)):
                    yield address, nonce.decode("ascii", "replace")


def _split_message(data: bytes) -> tuple[int, int]:
    length, type_, *_ = _HEADER.unpack_from(data)
    return length, type_


def _split_attribute(data: bytes) -> tuple[int, int]:
    length, kind = struct.unpack_from("=HH", data)
    return length, kind & 0x3FFF  # without the flags of linux/netlink.h


def _parts(
    data: bytes, header: int, split: Callable[[bytes], tuple[int, int]]
) -> Iterator[tuple[int, bytes]]:
    """Yield kind and contents of consecutive parts, each of which begins with its length."""
    while len(data) >= header:
        length, kind = split(data)
        if not header <= length <= len(data):
            return
        yield kind, data[header:length]
        data = data[(length + 3) & ~3 :]


def _destination(packet: bytes) -> Address | None:
    version = packet[0] >> 4 if packet else 0
    if version == 4 and len(packet) >= 20:
        return parse_address(socket.inet_ntop(socket.AF_INET, packet[16:20]))
    if version == 6 and len(packet) >= 40:
        return parse_address(socket.inet_ntop(socket.AF_INET6, packet[24:40]))
    return None


def _padded(value: bytes) -> bytes:
    return value + bytes(-len(value) % 4)
