"""As much SIP as it takes to ask a server whether it is there."""

from __future__ import annotations

import secrets
import socket


def answers_options(host: str, port: int = 5060, seconds: float = 0.05) -> bool:
    """Tell whether a server answers an OPTIONS request over UDP (RFC 3261 section 11).

    Args:
        host: Its IPv4 address.
        port: Its port.
        seconds: How long to wait.
    """
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as channel:
        channel.settimeout(seconds)
        try:
            channel.connect((host, port))
            channel.send(_request(host, port, "{}:{}".format(*channel.getsockname())))
            return channel.recv(65535).startswith(b"SIP/2.0 ")
        except OSError:
            return False


def _request(host: str, port: int, own: str) -> bytes:
    unique = secrets.token_hex(8)
    lines = (
        f"OPTIONS sip:{host}:{port} SIP/2.0",
        f"Via: SIP/2.0/UDP {own};rport;branch=z9hG4bK{unique}",
        f"From: <sip:bench@{own}>;tag={unique}",
        f"To: <sip:{host}:{port}>",
        f"Call-ID: {unique}",
        "CSeq: 1 OPTIONS",
        f"Contact: <sip:bench@{own}>",
        "Max-Forwards: 70",
        "Content-Length: 0",
    )
    return ("\r\n".join(lines) + "\r\n\r\n").encode()
