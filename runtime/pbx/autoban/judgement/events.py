"""Security events as Asterisk reports them, and what each one means to us."""

from dataclasses import dataclass
from enum import Enum, auto

from pbx.asterisk.ami import Message
from pbx.autoban.judgement.addresses import Address, parse_address

HONEST_ACLS = frozenset(
    {
        "registrar_attempt_exceeds_maximum_configured_contacts",
        "registrar_attempt_without_configured_aors",
    }
)
"""Not access lists at all: the registrar's way to refuse a phone that may well be honest."""

CONNECTED = frozenset({"TCP", "TLS", "WS", "WSS"})
"""Transports whose sender has answered the kernel's handshake, so that its address is its own.

The names are those of main/security_events.c (transport2str) of Asterisk 22."""


class Meaning(Enum):
    """What an event says about the address that it names."""

    UNKNOWN_ACCOUNT = auto()
    WRONG_SECRET = auto()
    REFUSED = auto()
    ODDITY = auto()  # an honest phone may do that
    CHALLENGED = auto()
    WELCOME = auto()


_MEANINGS = {
    "InvalidAccountID": Meaning.UNKNOWN_ACCOUNT,
    "InvalidPassword": Meaning.WRONG_SECRET,
    "ChallengeResponseFailed": Meaning.WRONG_SECRET,
    "FailedACL": Meaning.REFUSED,
    "ChallengeSent": Meaning.CHALLENGED,
    "SuccessfulAuth": Meaning.WELCOME,
}


@dataclass(frozen=True, slots=True)
class SecurityEvent:
    """What somebody did.

    Attributes:
        kind: Asterisk's name for it.
        meaning: What it means.
        address: Where from.
        service: Such as PJSIP or AMI.
        account: As whom; chosen by the other side.
        session: The Call-ID, chosen by the other side, too.
        transport: Such as UDP or TLS; "" if it is not named.
        port: Where the packet came from; 0 if that is not named.
        local_port: Where it came in; 0 if that is not named.
        challenge: The nonce that was answered. Over UDP it is whatever the sender wrote there.
    """

    kind: str
    meaning: Meaning
    address: Address
    service: str
    account: str
    session: str
    transport: str = ""
    port: int = 0
    local_port: int = 0
    challenge: str = ""


def read_event(message: Message) -> SecurityEvent | None:
    """Return what a message of AMI says; None if it says nothing of concern, or makes no sense."""
    kind = message.get("Event", "")
    meaning = _MEANINGS.get(kind)
    if meaning is None:
        return None
    address = read_remote_address(message.get("RemoteAddress", ""))
    if address is None:
        return None
    if meaning is Meaning.REFUSED and message.get("ACLName") in HONEST_ACLS:
        meaning = Meaning.ODDITY
    return SecurityEvent(
        kind,
        meaning,
        address,
        message.get("Service", ""),
        message.get("AccountID", ""),
        message.get("SessionID", ""),
        read_transport(message.get("RemoteAddress", "")),
        read_port(message.get("RemoteAddress", "")),
        read_port(message.get("LocalAddress", "")),
        message.get("Challenge", ""),
    )


def read_remote_address(text: str) -> Address | None:
    """Return the address in `IPV4/UDP/203.0.113.7/5060`; the second part may be missing."""
    parts = text.split("/")
    if len(parts) < 3:
        return None
    try:
        return parse_address(parts[-2])
    except ValueError:
        return None


def read_transport(text: str) -> str:
    """Return the transport in `IPV4/UDP/203.0.113.7/5060`; "" if there is none."""
    parts = text.split("/")
    return parts[1].upper() if len(parts) > 3 else ""


def read_port(text: str) -> int:
    """Return the port in `IPV4/UDP/203.0.113.7/5060`; 0 if there is none."""
    digits = text.rpartition("/")[2]
    port = int(digits) if digits.isascii() and digits.isdigit() and len(digits) < 6 else 0
    return port if port < 65536 else 0
