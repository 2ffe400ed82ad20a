"""From which ports phones have logged in over UDP: those packets are let through at full speed."""

from collections import OrderedDict

MOST = 10_000
"""Offenders' names to remember ports for; the longest quiet is forgotten first."""

MOST_PORTS = 64
"""Ports of each."""

Flow = tuple[str, int]
"""Address and port."""


class Flows:
    """Remembers ports of phones, by what an offender there would be called."""

    def __init__(self) -> None:
        self._known: OrderedDict[str, OrderedDict[Flow, float]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._known)

    def welcome(self, key: str, flow: Flow, until: float) -> None:
        """Remembers that somebody has logged in from there, until a time."""
        flows = self._known.setdefault(key, OrderedDict())
        flows[flow] = until
        flows.move_to_end(flow)
        self._known.move_to_end(key)
        if len(flows) > MOST_PORTS:
            flows.popitem(last=False)
        if len(self._known) > MOST:
            self._known.popitem(last=False)

    def of(self, key: str, now: float) -> list[tuple[Flow, float]]:
        """Return the flows of a key, and the seconds for which each holds."""
        flows = self._known.get(key) or OrderedDict[Flow, float]()
        return [(flow, until - now) for flow, until in flows.items() if until > now]

    def pass_time(self, now: float) -> None:
        """Forgets those whose time is over."""
        for key, flows in list(self._known.items()):
            for flow in [flow for flow, until in flows.items() if until <= now]:
                del flows[flow]
            if not flows:
                del self._known[key]
