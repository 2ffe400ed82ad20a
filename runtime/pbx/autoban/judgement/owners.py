"""Addresses of one's own phones and trunks, as far as they are known now."""

from collections import OrderedDict
from collections.abc import Iterable, Iterator

from pbx.autoban.judgement.addresses import Address, Span, Spans

MOST = 10_000
"""Addresses where a phone has logged in; the longest ago is forgotten first."""


class Owners:
    """Knows where phones have logged in, and what Asterisk is configured to talk to.

    Attributes:
        changes: How often a phone has logged in.
        trunk_spans: The addresses that the configuration names.
    """

    def __init__(self) -> None:
        self.changes = 0
        self._phones: OrderedDict[str, float] = OrderedDict()
        self.trunk_spans = Spans()
        self._registered = Spans()

    def welcome(self, key: str, until: float) -> None:
        """Remembers that somebody with the right password is there, until a time."""
        self.changes += 1
        self._phones[key] = max(until, self._phones.get(key, until))
        self._phones.move_to_end(key)
        if len(self._phones) > MOST:
            self._phones.popitem(last=False)

    def set_trunks(self, spans: Iterable[Span], registered: Iterable[Span] = ()) -> None:
        """Replace what Asterisk tells.

        Args:
            spans: Addresses that the configuration names.
            registered: Addresses from which phones have registered.
        """
        self.trunk_spans = Spans(spans)
        self._registered = Spans(registered)

    @property
    def registered(self) -> tuple[Span, ...]:
        """Addresses from which phones have registered, as Asterisk tells."""
        return self._registered.merged

    @property
    def trunks(self) -> int:
        """How many addresses, networks and ranges the configuration names."""
        return len(self.trunk_spans.merged)

    def include(self, address: Address, key: str, now: float) -> bool:
        """Says whether phones or trunks of our own are at an address."""
        logged_in = self._phones.get(key, now) > now or address in self._registered
        return logged_in or address in self.trunk_spans

    def pass_time(self, now: float) -> None:
        """Forgets those whose time is over."""
        for key in [key for key, until in self._phones.items() if until <= now]:
            del self._phones[key]

    def phones(self, now: float) -> Iterator[tuple[str, float]]:
        """Yield each address where a phone is, and the seconds for which that holds."""
        for key, until in self._phones.items():
            if until > now:
                yield key, until - now
