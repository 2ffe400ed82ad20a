"""Judges what happens: from a security event to a decision. No clock and no I/O."""

from collections import Counter
from collections.abc import Iterable

from pbx.autoban.addresses import NEVER_OFFENDERS, Address, Span, Spans, key_of
from pbx.autoban.attempts import ATTEMPT, Attempts
from pbx.autoban.challenges import Challenges
from pbx.autoban.events import Meaning, SecurityEvent
from pbx.autoban.offenders import Offenders, Sentence
from pbx.autoban.owners import Owners
from pbx.autoban.rules import Rules


class Guard:
    """All that AutoBan knows.

    Attributes:
        rules: What it goes by.
        offenders: Who is watched, jailed or on parole.
        owners: Where one's own phones and trunks are.
        lists: The whitelist and the blacklist; set_lists changes them.
        events: How often each kind of event came.
        sentences: How often somebody was jailed.
    """

    def __init__(self, rules: Rules) -> None:
        self.rules = rules
        self.offenders = Offenders(rules)
        self.owners = Owners()
        self.events: Counter[str] = Counter()
        self.sentences = 0
        self._attempts = Attempts()
        self._challenges = Challenges(rules)
        self._white = Spans()
        self._black = Spans()
        self._own = Spans()
        self._neighbours = Spans()

    def set_lists(self, white: Iterable[Span], black: Iterable[Span]) -> None:
        """Replaces the whitelist and the blacklist."""
        self._white, self._black = Spans(white), Spans(black)

    def set_own(self, addresses: Iterable[Span], networks: Iterable[Span]) -> None:
        """Replaces the machine's own addresses, and the networks that it is on."""
        self._own, self._neighbours = Spans(addresses), Spans(networks)

    def key_of(self, address: Address) -> str:
        """Returns what an offender at an address is called."""
        return key_of(address, self._neighbours)

    def is_spared(self, address: Address) -> bool:
        """Says whether an address is never jailed, whatever comes from there."""
        return address in NEVER_OFFENDERS or address in self._own or address in self._white

    def judge(self, event: SecurityEvent, now: float) -> Sentence | None:
        """Takes note of an event; returns the decision, if one follows.

        Args:
            event: What happened.
            now: When, in seconds by a clock that never goes back.
        """
        self.events[event.kind] += 1
        address = event.address
        key = self.key_of(address)
        if event.meaning is Meaning.WELCOME:
            self._challenges.answered(key)
            if not self.is_spared(address):
                self.owners.welcome(key, now + self.rules.ownertime)
            return None
        if event.meaning is Meaning.CHALLENGED:
            points = ATTEMPT * self._challenges.sent(key, now)
        else:
            if event.meaning is Meaning.WRONG_SECRET:
                self._challenges.answered(key)
            points = self._attempts.points(event, key, now)
        if not points or self.is_spared(address) or address in self._black:
            return None
        owner = self.owners.include(address, key, now)
        sentence = self.offenders.attempt(key, points, event.kind, now, owner=owner)
        self.sentences += sentence is not None
        return sentence

    def pass_time(self, now: float) -> None:
        """Moves on all whose time is over."""
        self.offenders.pass_time(now)
        self.owners.pass_time(now)
        self._challenges.pass_time(now)
