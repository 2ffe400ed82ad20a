"""Scanners that ask to be challenged and never answer: they learn which users there are.

An honest phone answers each challenge, so answers set the count to nothing. Those who lose packets
do not, for a while; that is why this is off unless a number is set.
"""

from collections import OrderedDict
from dataclasses import dataclass

from pbx.autoban.judgement.rules import Rules

MOST = 10_000
"""Addresses; the longest quiet is forgotten first."""


@dataclass(slots=True)
class _Unanswered:
    since: float
    number: int = 0


class Challenges:
    """Counts unanswered challenges in a row."""

    def __init__(self, rules: Rules) -> None:
        self._rules = rules
        self._open: OrderedDict[str, _Unanswered] = OrderedDict()

    def __len__(self) -> int:
        return len(self._open)

    def sent(self, key: str, now: float) -> int:
        """Take note of a challenge; return how many attempts it counts: 1, or 0 as a rule."""
        if not self._rules.maxchallenges:
            return 0
        row = self._open.setdefault(key, _Unanswered(now))
        if now - row.since > self._rules.watchtime:
            row.since, row.number = now, 0
        row.number += 1
        self._open.move_to_end(key)
        if len(self._open) > MOST:
            self._open.popitem(last=False)
        return int(row.number > self._rules.maxchallenges)

    def answered(self, key: str) -> None:
        """Take note of an answer, right or wrong: what is wrong counts by itself."""
        self._open.pop(key, None)

    def pass_time(self, now: float) -> None:
        """Forgets rows that began too long ago."""
        limit = now - self._rules.watchtime
        for key in [key for key, row in self._open.items() if row.since < limit]:
            del self._open[key]
