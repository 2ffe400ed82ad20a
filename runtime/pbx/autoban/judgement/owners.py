"""Addresses of phones and trunks of this PBX, as far as they are known."""

from collections import OrderedDict
from collections.abc import Iterable, Iterator

from pbx.autoban.judgement.addresses import Address, Span, Spans

MOST = 10_000
"""Addresses from which phones have logged in; the oldest login is removed first."""


class Owners:
    """Addresses from which phones have logged in, and addresses in Asterisk's configuration.

    Attributes:
        changes: Number of logins.
        trunk_spans: Addresses that Asterisk's configuration names.
    """

    def __init__(self) -> None:
        self.changes = 0
        self._phones: OrderedDict[str, float] = OrderedDict()
        self.trunk_spans = Spans()
        self._registered = Spans()

    def logged_in(self, key: str, until: float) -> None:
        """Store that a phone has logged in from an address, until a time."""
        self.changes += 1
        self._phones[key] = max(until, self._phones.get(key, until))
        self._phones.move_to_end(key)
        if len(self._phones) > MOST:
            self._phones.popitem(last=False)

    def set_trunks(self, spans: Iterable[Span], registered: Iterable[Span] = ()) -> None:
        """Replace the addresses that Asterisk reports.

        Args:
            spans: Addresses that the configuration names.
            registered: Addresses from which phones have registered.
        """
        self.trunk_spans = Spans(spans)
        self._registered = Spans(registered)

    @property
    def registered(self) -> tuple[Span, ...]:
        """Addresses from which phones have registered, as Asterisk reports."""
        return self._registered.merged

    @property
    def trunks(self) -> int:
        """How many addresses, networks and ranges the configuration names."""
        return len(self.trunk_spans.merged)

    def include(self, address: Address, key: str, now: float) -> bool:
        """Return whether phones or trunks of this PBX are at an address."""
        logged_in = self._phones.get(key, now) > now or address in self._registered
        return logged_in or address in self.trunk_spans

    def pass_time(self, now: float) -> None:
        """Remove all whose time is over."""
        for key in [key for key, until in self._phones.items() if until <= now]:
            del self._phones[key]

    def phones(self, now: float) -> Iterator[tuple[str, float]]:
        """Yield each address of phones, and the seconds that it is still valid."""
        for key, until in self._phones.items():
            if until > now:
                yield key, until - now
