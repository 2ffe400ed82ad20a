"""Judges what happens: from a security event to a decision. No clock and no I/O."""

from collections import Counter
from collections.abc import Iterable

from pbx.autoban.judgement.addresses import NEVER_OFFENDERS, Address, Span, Spans, key_of
from pbx.autoban.judgement.attempts import ATTEMPT, Attempts
from pbx.autoban.judgement.challenges import Challenges
from pbx.autoban.judgement.events import Meaning, SecurityEvent
from pbx.autoban.judgement.flows import Flows
from pbx.autoban.judgement.offenders import Offenders, Sentence
from pbx.autoban.judgement.owners import Owners
from pbx.autoban.judgement.proofs import Proofs
from pbx.autoban.judgement.rules import Rules
from pbx.autoban.judgement.suspects import Suspect, Suspects

Decision = Sentence | Suspect
"""Jail, or a limit for one who may not be the sender."""


class Guard:
    """All that AutoBan knows.

    Attributes:
        rules: What it goes by.
        offenders: Who is watched, jailed or on parole.
        suspects: In whose name something came that anybody may have sent.
        flows: From which ports phones have logged in.
        proofs: Which challenges were sent to whom.
        owners: Where one's own phones and trunks are.
        lists: The whitelist and the blacklist; set_lists changes them.
        events: How often each kind of event came.
        sentences: How often somebody was jailed.
    """

    def __init__(self, rules: Rules) -> None:
        self.rules = rules
        self.offenders = Offenders(rules)
        self.suspects = Suspects(rules)
        self.flows = Flows()
        self.proofs = Proofs()
        self.owners = Owners()
        self.events: Counter[str] = Counter()
        self.sentences = 0
        self._attempts = Attempts()
        self._forgeable = Attempts()
        self._challenges = Challenges(rules)
        self._white = Spans()
        self._black = Spans()
        self._own = Spans()
        self._neighbours = Spans()

    def set_lists(self, white: Iterable[Span], black: Iterable[Span]) -> None:
        """Replace the whitelist and the blacklist."""
        self._white, self._black = Spans(white), Spans(black)

    def set_own(self, addresses: Iterable[Span], networks: Iterable[Span]) -> None:
        """Replace the machine's own addresses, and the networks that it is on."""
        self._own, self._neighbours = Spans(addresses), Spans(networks)

    def key_of(self, address: Address) -> str:
        """Return what an offender at an address is called."""
        return key_of(address, self._neighbours)

    def is_spared(self, address: Address) -> bool:
        """Says whether an address is never jailed, whatever comes from there."""
        return address in NEVER_OFFENDERS or address in self._own or address in self._white

    def judge(self, event: SecurityEvent, now: float) -> Decision | None:
        """Take note of an event; return the decision, if one follows.

        Only what the address itself has done leads to jail. What anybody may have sent in its name
        leads to a limit, and not even to that where a trunk of our own is: it has nothing to
        guess, and its calls are many.

        Args:
            event: What happened.
            now: When, in seconds by a clock that never goes back.
        """
        self.events[event.kind] += 1
        address = event.address
        key = self.key_of(address)
        if event.meaning is Meaning.WELCOME:
            self._welcome(event, key, now)
            return None
        proven = self.proofs.proves(event, key, now)
        if event.meaning is Meaning.CHALLENGED:
            self.proofs.sent(key, event.challenge, now)
            points = ATTEMPT * self._challenges.sent(key, now)
        else:
            if event.meaning is Meaning.WRONG_SECRET and proven:
                self._challenges.answered(key)
            points = (self._attempts if proven else self._forgeable).points(event, key, now)
        if not points or self.is_spared(address) or address in self._black:
            return None
        owner = self.owners.include(address, key, now)
        if not proven:
            if address in self.owners.trunk_spans:
                return None
            return self.suspects.attempt(key, points, event.kind, now, owner=owner)
        sentence = self.offenders.attempt(key, points, event.kind, now, owner=owner)
        self.sentences += sentence is not None
        return sentence

    def _welcome(self, event: SecurityEvent, key: str, now: float) -> None:
        self._challenges.answered(key)
        if self.is_spared(event.address):
            return
        until = now + self.rules.ownertime
        self.owners.welcome(key, until)
        if event.transport == "UDP" and event.port:
            self.flows.welcome(key, (str(event.address), event.port), until)

    def pass_time(self, now: float) -> None:
        """Move on all whose time is over."""
        self.offenders.pass_time(now)
        self.suspects.pass_time(now)
        self.flows.pass_time(now)
        self.proofs.pass_time(now)
        self.owners.pass_time(now)
        self._challenges.pass_time(now)
