"""As much SIP as it takes to ask a server whether it is there."""

from __future__ import annotations

import secrets
import socket
import ssl
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Literal

Protocol = Literal["udp", "tcp", "tls"]


class NoAnswerError(Exception):
    """What came back is no SIP response."""


def options(host: str, port: int, protocol: Protocol, timeout: float = 3.0) -> str:
    """Send one OPTIONS request (RFC 3261 section 11) and return the response's status.

    A certificate is not verified: a container that was just started has a self-signed one.

    Args:
        host: IP address of the server.
        port: Its port.
        protocol: The transport.
        timeout: Seconds for each step.

    Returns:
        Status code and reason, such as `200 OK`; any final response counts as an answer.

    Raises:
        OSError: no connection, or no response in time.
        NoAnswerError: the response is not SIP.
    """
    kind = socket.SOCK_DGRAM if protocol == "udp" else socket.SOCK_STREAM
    with ExitStack() as stack:
        channel = stack.enter_context(
            socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, kind)
        )
        channel.settimeout(timeout)
        channel.connect((host, port))
        if protocol == "tls":
            channel = stack.enter_context(_tls_context().wrap_socket(channel))
        channel.sendall(_request(channel.getsockname(), host, port, protocol))
        for answer in _statuses(channel):
            if not answer.startswith("1"):
                return answer
    raise NoAnswerError("the connection was closed without a final response")


def _statuses(channel: socket.socket) -> Iterator[str]:
    """Give the status of each response (RFC 3261 section 7.2), however it is cut in parts."""
    received = b""
    while chunk := channel.recv(65535):
        received += chunk
        while b"\r\n\r\n" in received or not _may_be_sip(received):
            head, _, received = received.partition(b"\r\n\r\n")
            status, _, _ = head.partition(b"\r\n")
            version, _, answer = status.decode("utf-8", "replace").partition(" ")
            if version != "SIP/2.0":
                raise NoAnswerError(f"not SIP: {status[:60]!r}")
            yield answer


def _may_be_sip(received: bytes) -> bool:
    return received[:8] == b"SIP/2.0 "[: len(received)]


def connects(host: str, port: int, timeout: float = 1.0) -> bool:
    """Says whether a TCP connection to a port is accepted."""
    try:
        socket.create_connection((host, port), timeout).close()
    except OSError:
        return False
    return True


def _request(local: tuple[str, int], host: str, port: int, protocol: Protocol) -> bytes:
    unique = secrets.token_hex(8)
    there, here = (f"[{h}]" if ":" in h else h for h in (host, local[0]))
    lines = (
        f"OPTIONS sip:{there}:{port} SIP/2.0",
        f"Via: SIP/2.0/{protocol.upper()} {here}:{local[1]};rport;branch=z9hG4bK{unique}",
        f"From: <sip:gate@{here}>;tag={unique}",
        f"To: <sip:{there}:{port}>",
        f"Call-ID: {unique}",
        "CSeq: 1 OPTIONS",
        f"Contact: <sip:gate@{here}:{local[1]}>",
        "Max-Forwards: 70",
        "Content-Length: 0",
    )
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def _tls_context() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context
