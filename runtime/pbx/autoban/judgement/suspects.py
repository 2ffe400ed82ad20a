"""Addresses that are named in events without proof, which anybody may have sent.

(unknown) --attempt--> counted --more than maxcount--> slow --jailtime--> (unknown)
                          |
                          +--watchtime--> (unknown)

A slow address is limited to a few requests a second, and never banned: the packets may be forged,
so the owner of the address must be able to go on. For the same reason, repeated limits do not get
longer.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from pbx.autoban.judgement.attempts import ATTEMPT
from pbx.autoban.judgement.bounded_register import BoundedRegister
from pbx.autoban.judgement.rules import Rules


@dataclass(frozen=True, slots=True)
class Suspect:
    """A suspect at one moment.

    Attributes:
        key: Its name; see addresses.key_of.
        slow: Whether it is rate-limited.
        left: Seconds until it is removed.
        points: Sum of the attempts; ATTEMPT is one.
        kind: The last event.
    """

    key: str
    slow: bool
    left: float
    points: int
    kind: str

    @property
    def count(self) -> int:
        """Attempts, rounded up."""
        return -(-self.points // ATTEMPT)


@dataclass(slots=True)
class _SuspectRecord:
    slow: bool
    until: float
    points: int
    kind: str


class Suspects:
    """All suspects, at most `rules.limit`; above that, the least important are removed.

    Times are seconds of a clock that never goes back.
    """

    def __init__(self, rules: Rules) -> None:
        self._rules = rules
        self._register = BoundedRegister(rules.limit, _importance)

    def __len__(self) -> int:
        return len(self._register)

    @property
    def changes(self) -> int:
        """Number of changes other than expiry."""
        return self._register.changes

    def is_slow(self, key: str, now: float) -> bool:
        """Return whether an address is rate-limited."""
        record = self._register.find(key, now)
        return record is not None and record.slow

    def attempt(
        self, key: str, points: int, kind: str, now: float, *, owner: bool = False
    ) -> Suspect | None:
        """Count an attempt; return the suspect if it is to be rate-limited from now on.

        Args:
            key: Name of the suspect.
            points: Weight of the attempt.
            kind: Its event.
            now: Its time.
            owner: Whether phones of the PBX are at this address: its threshold is ownercount.
        """
        record = self._register.find(key, now)
        if record is None:
            record = _SuspectRecord(False, now + self._rules.watchtime, 0, kind)
            self._register.put(key, record)
        else:
            self._register.changes += 1
        record.points += points
        record.kind = kind
        allowed = self._rules.ownercount if owner else self._rules.maxcount
        if record.slow or record.points <= allowed * ATTEMPT or not self._rules.slowrate:
            return None
        return self.slow(key, kind, now)

    def slow(self, key: str, kind: str, now: float) -> Suspect:
        """Rate-limit an address from now on, whatever it was."""
        record = self._register.find(key, now)
        points = record.points if record else 0
        seconds = self._rules.first_term()
        self._register.put(key, _SuspectRecord(True, now + seconds, points, kind))
        return Suspect(key, True, seconds, points, kind)

    def remove(self, key: str) -> bool:
        """Remove an address; return whether it was known."""
        return self._register.remove(key)

    def pass_time(self, now: float) -> None:
        """Remove all whose time is over."""
        self._register.pass_time(now)

    def entries(self, now: float) -> Iterator[Suspect]:
        """Yield all suspects."""
        for key, record in self._register.items(now):
            yield Suspect(key, record.slow, record.until - now, record.points, record.kind)

    def slow_beyond(self, moment: float) -> int:
        """Return the number of rate limits that last beyond a moment."""
        return sum(record.slow and record.until > moment for record in self._register.values())

    def restore(self, suspects: Iterable[Suspect], now: float) -> None:
        """Add suspects that entries() returned, each with the time that was left."""
        for one in suspects:
            self._register.put(
                one.key, _SuspectRecord(one.slow, now + one.left, one.points, one.kind)
            )


def _importance(record: _SuspectRecord) -> tuple[bool, int, float]:
    return (record.slow, record.points, record.until)
