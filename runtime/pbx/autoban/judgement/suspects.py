"""Addresses that only forgeable packets speak against. No clock and no I/O.

nobody --attempt--> counted --more than maxcount--> slow --jailtime--> nobody
                       |
                       +--watchtime--> nobody

Whoever is slow is limited to a few requests a second, and never more than that: the packets may be
anybody's, so the owner of the address must be able to go on. For the same reason nothing gets worse
by repetition.
"""

import heapq
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from pbx.autoban.judgement.attempts import ATTEMPT
from pbx.autoban.judgement.rules import Rules


@dataclass(frozen=True, slots=True)
class Suspect:
    """An address that is counted or slow, as told to others.

    Attributes:
        key: What it is called.
        slow: Whether it is limited already.
        left: Seconds until it is forgotten.
        points: What was done in its name.
        kind: What was done last.
    """

    key: str
    slow: bool
    left: float
    points: int
    kind: str

    @property
    def count(self) -> int:
        """Attempts, in whole numbers; any at all is one."""
        return -(-self.points // ATTEMPT)


@dataclass(slots=True)
class _Known:
    slow: bool
    until: float
    points: int
    kind: str


class Suspects:
    """All of them, as many as the rules allow; beyond that the least important are forgotten.

    Times are seconds, by a clock that never goes back.

    Attributes:
        changes: How often something happened other than that time passed.
    """

    def __init__(self, rules: Rules) -> None:
        self.changes = 0
        self._rules = rules
        self._known: dict[str, _Known] = {}

    def __len__(self) -> int:
        return len(self._known)

    def is_slow(self, key: str, now: float) -> bool:
        """Says whether an address is limited."""
        known = self._current(key, now)
        return known is not None and known.slow

    def attempt(
        self, key: str, points: int, kind: str, now: float, *, owner: bool = False
    ) -> Suspect | None:
        """Take note of an attempt; return the suspect if it is to be slow from now on.

        Args:
            key: In whose name.
            points: How bad.
            kind: What.
            now: When.
            owner: Whether phones of our own are at this address: the threshold is higher then.
        """
        known = self._current(key, now)
        if known is None:
            self._make_room()
            known = self._known[key] = _Known(False, now + self._rules.watchtime, 0, kind)
        self.changes += 1
        known.points += points
        known.kind = kind
        allowed = self._rules.ownercount if owner else self._rules.maxcount
        if known.slow or known.points <= allowed * ATTEMPT or not self._rules.slowrate:
            return None
        return self._slow(key, known, now)

    def slow(self, key: str, kind: str, now: float) -> Suspect:
        """Has an address slow from now on, whatever it was."""
        self.changes += 1
        known = self._current(key, now)
        if known is None:
            self._make_room()
            known = self._known[key] = _Known(True, now, 0, kind)
        known.kind = kind
        return self._slow(key, known, now)

    def remove(self, key: str) -> bool:
        """Forgets an address; say whether it was known."""
        self.changes += 1
        return self._known.pop(key, None) is not None

    def pass_time(self, now: float) -> None:
        """Forgets all whose time is over."""
        for key in [key for key, known in self._known.items() if known.until <= now]:
            del self._known[key]

    def entries(self, now: float) -> Iterator[Suspect]:
        """Yield all, as they stand."""
        self.pass_time(now)
        for key, known in self._known.items():
            yield Suspect(key, known.slow, known.until - now, known.points, known.kind)

    def slow_beyond(self, moment: float) -> int:
        """Return how many will still be slow at a moment."""
        return sum(known.slow and known.until > moment for known in self._known.values())

    def restore(self, suspects: Iterable[Suspect], now: float) -> None:
        """Take back what entries() told: each with the time that was left."""
        for one in suspects:
            self._make_room()
            self._known[one.key] = _Known(one.slow, now + one.left, one.points, one.kind)

    def _slow(self, key: str, known: _Known, now: float) -> Suspect:
        seconds = self._rules.first_term()
        known.slow, known.until = True, now + seconds
        return Suspect(key, True, seconds, known.points, known.kind)

    def _current(self, key: str, now: float) -> _Known | None:
        known = self._known.get(key)
        if known and known.until <= now:
            del self._known[key]
            return None
        return known

    def _make_room(self) -> None:
        """Forgets a sixteenth of all when full, so that this seldom happens."""
        if len(self._known) < self._rules.limit:
            return
        number = max(1, self._rules.limit // 16)
        for key, _ in heapq.nsmallest(number, self._known.items(), key=_importance):
            del self._known[key]


def _importance(item: tuple[str, _Known]) -> tuple[bool, int, float]:
    _, known = item
    return (known.slow, known.points, known.until)
