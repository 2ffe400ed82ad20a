"""Security events as Asterisk reports them, and what each of them means."""

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
"""Not access lists: the registrar refuses a phone with these names, which may be a good one."""

CONNECTED = frozenset({"TCP", "TLS", "WS", "WSS"})
"""Transports with a handshake, which proves that the address is the sender's.

The names are those of main/security_events.c (transport2str) of Asterisk 22."""


class Meaning(Enum):
    """What an event says about its address."""

    UNKNOWN_ACCOUNT = auto()
    WRONG_SECRET = auto()
    REFUSED = auto()
    MINOR = auto()  # a good phone may cause it, too
    CHALLENGED = auto()
    LOGIN = auto()


_MEANINGS = {
    "InvalidAccountID": Meaning.UNKNOWN_ACCOUNT,
    "InvalidPassword": Meaning.WRONG_SECRET,
    "ChallengeResponseFailed": Meaning.WRONG_SECRET,
    "FailedACL": Meaning.REFUSED,
    "ChallengeSent": Meaning.CHALLENGED,
    "SuccessfulAuth": Meaning.LOGIN,
}


@dataclass(frozen=True, slots=True)
class SecurityEvent:
    """A security event.

    Attributes:
        kind: Asterisk's name for it.
        meaning: What it means.
        address: Source address.
        service: Such as PJSIP or AMI.
        account: Name of the account; chosen by the sender.
        session: The Call-ID; chosen by the sender, too.
        transport: Such as UDP or TLS; "" if it is not named.
        port: Source port; 0 if it is not named.
        local_port: Destination port; 0 if it is not named.
        challenge: The nonce of the response. Over UDP, the sender may have invented it.
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
    """Return the security event in a message of AMI; None if it is no such event, or invalid."""
    kind = message.get("Event", "")
    meaning = _MEANINGS.get(kind)
    if meaning is None:
        return None
    address = read_remote_address(message.get("RemoteAddress", ""))
    if address is None:
        return None
    if meaning is Meaning.REFUSED and message.get("ACLName") in HONEST_ACLS:
        meaning = Meaning.MINOR
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
