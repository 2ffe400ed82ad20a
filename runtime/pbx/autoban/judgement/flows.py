"""Ports from which phones have logged in over UDP: their packets are not rate-limited."""

from collections import OrderedDict

MOST = 10_000
"""Addresses whose ports are stored; the one with the oldest login is removed first."""

MOST_PORTS = 64
"""Ports of each address."""

Flow = tuple[str, int]
"""Address and port."""


class Flows:
    """Stores ports of phones, by the name that an offender there would have."""

    def __init__(self) -> None:
        self._known: OrderedDict[str, OrderedDict[Flow, float]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._known)

    def logged_in(self, key: str, flow: Flow, until: float) -> None:
        """Store that a phone has logged in from a port, until a time."""
        flows = self._known.setdefault(key, OrderedDict())
        flows[flow] = until
        flows.move_to_end(flow)
        self._known.move_to_end(key)
        if len(flows) > MOST_PORTS:
            flows.popitem(last=False)
        if len(self._known) > MOST:
            self._known.popitem(last=False)

    def of(self, key: str, now: float) -> list[tuple[Flow, float]]:
        """Return the flows of a key, and the seconds that each is still valid."""
        flows = self._known.get(key) or OrderedDict[Flow, float]()
        return [(flow, until - now) for flow, until in flows.items() if until > now]

    def pass_time(self, now: float) -> None:
        """Remove all whose time is over."""
        for key, flows in list(self._known.items()):
            for flow in [flow for flow, until in flows.items() if until <= now]:
                del flows[flow]
            if not flows:
                del self._known[key]
