"""From a security event to a decision."""

from collections import Counter
from collections.abc import Iterable

from pbx.autoban.judgement.addresses import NEVER_OFFENDERS, Address, Span, Spans, key_of
from pbx.autoban.judgement.attempts import ATTEMPT, Attempts
from pbx.autoban.judgement.challenges import Challenges
from pbx.autoban.judgement.events import Meaning, SecurityEvent
from pbx.autoban.judgement.flows import Flows
from pbx.autoban.judgement.offenders import Ban, Offenders
from pbx.autoban.judgement.owners import Owners
from pbx.autoban.judgement.proofs import Proofs
from pbx.autoban.judgement.rules import Rules
from pbx.autoban.judgement.suspects import Suspect, Suspects

Decision = Ban | Suspect
"""A ban, or a rate limit if the address may not be the sender's."""


class Guard:
    """All that AutoBan knows about addresses.

    Attributes:
        rules: Thresholds and times.
        offenders: Addresses that are watched, banned or on parole.
        suspects: Addresses that are named in events without proof.
        flows: Ports from which phones have logged in.
        proofs: Challenges that were sent.
        owners: Addresses of phones and trunks of the PBX.
        events: Number of events by kind.
        bans: Number of bans.
    """

    def __init__(self, rules: Rules) -> None:
        self.rules = rules
        self.offenders = Offenders(rules)
        self.suspects = Suspects(rules)
        self.flows = Flows()
        self.proofs = Proofs()
        self.owners = Owners()
        self.events: Counter[str] = Counter()
        self.bans = 0
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
        """Return the name of the offender at an address."""
        return key_of(address, self._neighbours)

    def is_spared(self, address: Address) -> bool:
        """Return whether an address is never banned, whatever its events are."""
        return address in NEVER_OFFENDERS or address in self._own or address in self._white

    def judge(self, event: SecurityEvent, now: float) -> Decision | None:
        """Count an event; return the decision if one follows.

        Only events with proof of the address lead to a ban. Events without proof lead to a rate
        limit. Addresses of trunks are exempt from that: they guess no passwords, and have many
        calls.

        Args:
            event: The event.
            now: Its time, in seconds of a clock that never goes back.
        """
        self.events[event.kind] += 1
        address = event.address
        key = self.key_of(address)
        if event.meaning is Meaning.LOGIN:
            self._count_login(event, key, now)
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
        ban = self.offenders.attempt(key, points, event.kind, now, owner=owner)
        self.bans += ban is not None
        return ban

    def _count_login(self, event: SecurityEvent, key: str, now: float) -> None:
        self._challenges.answered(key)
        if self.is_spared(event.address):
            return
        until = now + self.rules.ownertime
        self.owners.logged_in(key, until)
        if event.transport == "UDP" and event.port:
            self.flows.logged_in(key, (str(event.address), event.port), until)

    def pass_time(self, now: float) -> None:
        """Remove or move on everything whose time is over."""
        self.offenders.pass_time(now)
        self.suspects.pass_time(now)
        self.flows.pass_time(now)
        self.proofs.pass_time(now)
        self.owners.pass_time(now)
        self._challenges.pass_time(now)
