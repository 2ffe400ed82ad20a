"""Unanswered challenges: scanners request them to find users, and never respond.

A phone responds to each challenge, which resets the count. On a bad line it does not for a while;
that is why this is off unless `maxchallenges` is set.
"""

from collections import OrderedDict
from dataclasses import dataclass

from pbx.autoban.judgement.rules import Rules

MOST = 10_000
"""Addresses to store; the one with the oldest challenge is removed first."""


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
        """Count a challenge; return 1 if it is an attempt, else 0."""
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
        """Reset the count; a wrong response is an attempt by itself."""
        self._open.pop(key, None)

    def pass_time(self, now: float) -> None:
        """Remove counts that began too long ago."""
        limit = now - self._rules.watchtime
        for key in [key for key, row in self._open.items() if row.since < limit]:
            del self._open[key]
