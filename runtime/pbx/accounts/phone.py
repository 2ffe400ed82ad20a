"""What to enter in a phone, for people and as a code that an app reads; pure."""

import ipaddress
import re
from collections.abc import Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

from pbx.accounts.user import User
from pbx.asterisk.sections import Configuration
from pbx.core.errors import CommandError
from pbx.core.terminal import BOLD, harmless, paint

_PORTS = {"udp": 5060, "tcp": 5060, "tls": 5061}
_CONTAINER_ID = re.compile(r"[0-9a-f]{12}")
_HOST_NAME = re.compile(r"(?:[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?(?:\.|$))+")
_DIALPLAN = r"{x+|\+x+|*x+}"  # what may be dialled: also numbers that begin with +


@dataclass(frozen=True)
class Server:
    """How phones reach this server.

    Attributes:
        host: Name or address; empty if nothing here knows it.
        ports: By protocol.
    """

    host: str
    ports: dict[str, int]


def check_host(typed: str) -> str:
    """Return a name or address of a host as it was typed; nothing if nothing was.

    Raises:
        CommandError: it is neither.
    """
    host = typed[1:-1] if typed.startswith("[") and typed.endswith("]") else typed
    try:
        return str(ipaddress.ip_address(host)) if host else ""
    except ValueError:
        if _HOST_NAME.fullmatch(host) and len(host) < 254:
            return host
    raise CommandError(
        f"--server '{typed}' is neither a name nor an address", "as in 192.0.2.10", status=2
    )


def server_of(configuration: Configuration, hostname: str, chosen: str) -> Server:
    """Return how phones reach this server, as far as its configuration tells.

    Args:
        configuration: The SIP files.
        hostname: The container's; one that an engine made up is of no use to phones.
        chosen: What to say in any case.
    """
    transports = [
        s for s in configuration.sections if s.get("type").lower() == "transport" and not s.template
    ]
    ports: dict[str, int] = {}
    for transport in transports:
        protocol = transport.get("protocol").lower() or "udp"
        if protocol in _PORTS:
            port = re.search(r"(?:^[^:]*|\]):([0-9]{1,5})$", transport.get("bind"))
            ports.setdefault(protocol, int(port[1]) if port else _PORTS[protocol])
    names = [chosen]
    for setting in ("external_signaling_address", "domain"):
        names += [transport.get(setting) for transport in transports]
    if not _CONTAINER_ID.fullmatch(hostname) and hostname != "localhost":
        names.append(hostname)
    return Server(next((name for name in names if name), ""), ports)


def describe(user: User, server: Server, *, colours: bool) -> str:
    """Return what to type into a phone, a line each."""
    transports = ", ".join(f"{name.upper()} port {port}" for name, port in server.ports.items())
    rows: Sequence[tuple[str, str]] = (
        ("server", server.host or "the name or address of the machine that runs the container"),
        ("user name", user.account),
        *([("auth name", user.login)] if user.login else []),
        ("password", user.password),
        ("transport", transports or "none: see pjsip_transport.conf"),
        ("number", user.number),
        ("shown as", user.name),
        ("voicemail to", user.mailbox or "nobody"),
    )
    width = max(len(name) for name, _ in rows)
    return "\n".join(
        f"{name:{width}}  {paint(harmless(value), BOLD, colours=colours)}" for name, value in rows
    )


def account_document(user: User, server: Server) -> str:
    """Return the account in the form that the app Grandstream Wave reads from a QR code."""
    port = server.ports.get("udp") or next(iter(server.ports.values()), 5060)
    host = in_address(server.host)
    fields = {
        "RegisterServer": host if port == 5060 else f"{host}:{port}",
        "UserID": user.account,
        "AuthID": user.login or user.account,
        "AuthPass": user.password,
        "AccountName": user.number,
        "DisplayName": user.name,
        "Dialplan": _DIALPLAN,
    }
    inside = "".join(
        f"<{name}>{escape(harmless(value))}</{name}>" for name, value in fields.items()
    )
    return (
        '<?xml version="1.0" encoding="utf-8"?><AccountConfig version="1"><Account>'
        f"{inside}</Account></AccountConfig>"
    )


def in_address(host: str) -> str:
    """Return a host as it is written in addresses: with brackets if it is one of IPv6."""
    return f"[{host}]" if ":" in host else host


def draw(modules: Sequence[Sequence[int]], *, colours: bool, border: int = 2) -> str:
    """Return a QR code as text, two rows of its squares in a line.

    Args:
        modules: Rows of 1 (dark) and 0.
        colours: Whether to say which colours are meant; else light squares are drawn in the
            colour of text, as is right where that is light on dark.
        border: Width of the light margin, in squares; apps want some.
    """
    width = len(modules[0]) + 2 * border
    empty = [0] * width
    rows = [empty] * border
    rows += [[0] * border + list(row) + [0] * border for row in modules]
    rows += [empty] * (border + (len(rows) + border) % 2)
    lines = []
    for upper, lower in zip(rows[::2], rows[1::2], strict=True):
        blocks = "".join(_BLOCKS[bool(a), bool(b)] for a, b in zip(upper, lower, strict=True))
        lines.append(f"\x1b[97;40m{blocks}\x1b[0m" if colours else blocks)
    return "\n".join(lines)


_BLOCKS = {(False, False): "█", (False, True): "▀", (True, False): "▄", (True, True): " "}
