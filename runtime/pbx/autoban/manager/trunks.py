"""Queries Asterisk for the addresses of phones and trunks. No I/O: actions out, messages in.

The AMI user needs `write = system`.
"""

import ipaddress
import re
from dataclasses import dataclass, field

from pbx.asterisk.ami import Message
from pbx.autoban.judgement.addresses import Span, parse_span

ACTION_ID = "owners"
_HOST = re.compile(r"^<?sips?:(?:[^@]*@)?(\[[0-9a-fA-F:.]+\]|[^:;>?]+)")

AmiAction = tuple[str, dict[str, str]]
"""Name and fields of an action."""


@dataclass
class Inquiry:
    """One round of queries.

    Attributes:
        spans: Addresses that the configuration names.
        phones: Addresses from which phones have registered.
        names: Hosts whose addresses have to be looked up.
        denied: Whether the AMI user may not query addresses.
    """

    spans: set[Span] = field(default_factory=set)
    phones: set[Span] = field(default_factory=set)
    names: set[str] = field(default_factory=set)
    denied: bool = False
    _open: int = 0

    def begin(self) -> list[AmiAction]:
        """Return the first actions."""
        return self._asked(["PJSIPShowEndpoints", "PJSIPShowRegistrationsOutbound"])

    @property
    def done(self) -> bool:
        """Whether all answers have arrived."""
        return self._open == 0

    def hear(self, message: Message) -> list[AmiAction]:
        """Process an answer; return further actions."""
        event = message.get("Event", "")
        if message.get("Response") == "Error":
            self._open -= 1
            self.denied |= "ermission" in message.get("Message", "")
        elif message.get("EventList") == "Complete":
            self._open -= 1
        elif event == "EndpointList":
            return self._asked(["PJSIPShowEndpoint"], Endpoint=message.get("ObjectName", ""))
        elif event == "ContactStatusDetail":
            # Only what has registered has a Call-ID (pjsip_options.c, ast_sip_format_contact_ami).
            self._add_uri(message.get("URI", ""), registered="CallID" in message)
        elif event == "OutboundRegistrationDetail":
            self._add_uri(message.get("ServerUri", ""))
        elif event == "IdentifyDetail":
            self._add_matches(message.get("Match", ""))
        return []

    def _asked(self, actions: list[str], **fields: str) -> list[AmiAction]:
        self._open += len(actions)
        return [(action, {"ActionID": ACTION_ID, **fields}) for action in actions]

    def _add_uri(self, uri: str, *, registered: bool = False) -> None:
        found = _HOST.match(uri)
        if not found:
            return
        host = found[1].strip("[]")
        try:
            (self.phones if registered else self.spans).add(parse_span(host))
        except ValueError:
            if not registered:
                self.names.add(host)

    def _add_matches(self, matches: str) -> None:
        for match in matches.split(","):
            network, _, mask = match.partition("/")
            try:
                if ":" in mask:
                    bits = int(ipaddress.IPv6Address(mask)).bit_count()
                    self.spans.add(parse_span(f"{network}/{bits}"))
                elif network:
                    self.spans.add(parse_span(match))
            except ValueError:
                continue  # a name that Asterisk could not look up either
