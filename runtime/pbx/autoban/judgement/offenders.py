"""Who is watched, jailed or on parole. No clock and no I/O: events and times in, decisions out.

nobody --attempt--> watch --more than maxcount--> jail --jailtime--> parole --attempt--> jail
                      |                                                |      (for longer)
                      +--watchtime--> nobody                           +--watchtime--> nobody
"""

import heapq
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from pbx.autoban.judgement.attempts import ATTEMPT
from pbx.autoban.judgement.rules import Rules


class Stage(StrEnum):
    """Where an offender stands."""

    WATCH = "watch"
    JAIL = "jail"
    PAROLE = "parole"


@dataclass(frozen=True, slots=True)
class Entry:
    """An offender, as told to others.

    Attributes:
        key: What it is called.
        stage: Where it stands.
        left: Seconds until that ends.
        points: What it has done in this stage.
        term: Seconds of the last jail; 0 if there was none.
        kind: What it did last.
    """

    key: str
    stage: Stage
    left: float
    points: int
    term: float
    kind: str

    @property
    def count(self) -> int:
        """Attempts, in whole numbers; any at all is one."""
        return -(-self.points // ATTEMPT)


Row = tuple[str, Stage, float, int, float, str]
"""The attributes of an entry."""


@dataclass(frozen=True, slots=True)
class Sentence:
    """A decision: this one goes to jail.

    Attributes:
        key: Who.
        seconds: For how long.
        count: Attempts that led to it.
        kind: The last of them.
        before: Whether it has been in jail before.
    """

    key: str
    seconds: float
    count: int
    kind: str
    before: bool


@dataclass(slots=True)
class _Offender:
    stage: Stage
    until: float
    points: int
    term: float
    kind: str


class Offenders:
    """All of them, as many as the rules allow; beyond that the least important are forgotten.

    Times are seconds, by a clock that never goes back.

    Attributes:
        changes: How often something happened other than that time passed.
    """

    def __init__(self, rules: Rules) -> None:
        self.changes = 0
        self._rules = rules
        self._known: dict[str, _Offender] = {}

    def __len__(self) -> int:
        return len(self._known)

    def __contains__(self, key: str) -> bool:
        return key in self._known

    def stage(self, key: str, now: float) -> Stage | None:
        """Return where somebody stands; None for one who is not known."""
        known = self._current(key, now)
        return known.stage if known else None

    def attempt(
        self, key: str, points: int, kind: str, now: float, *, owner: bool = False
    ) -> Sentence | None:
        """Take note of an attempt; return the decision, if one follows.

        Args:
            key: Who.
            points: How bad.
            kind: What.
            now: When.
            owner: Whether phones or trunks of our own are at this address: then much more is
                put up with.
        """
        known = self._current(key, now)
        if known is None:
            self._make_room()
            until = now + self._rules.watchtime
            known = self._known[key] = _Offender(Stage.WATCH, until, 0, 0.0, kind)
        self.changes += 1
        known.points += points
        known.kind = kind
        if known.stage is Stage.JAIL:
            return None  # what was on its way when the door closed
        allowed = self._rules.ownercount if owner else self._rules.maxcount
        if known.stage is Stage.PAROLE and not owner:
            guilty = known.points >= ATTEMPT
        else:
            guilty = known.points > allowed * ATTEMPT
        return self.jail(key, kind, now) if guilty else None

    def jail(self, key: str, kind: str, now: float) -> Sentence:
        """Jails somebody: for the first time, or for longer than the last time."""
        self.changes += 1
        known = self._current(key, now)
        if known is None:
            self._make_room()
            known = _Offender(Stage.WATCH, now, 0, 0.0, kind)
        term = self._rules.next_term(known.term) if known.term else self._rules.first_term()
        sentence = Sentence(key, term, -(-known.points // ATTEMPT), kind, bool(known.term))
        self._known[key] = _Offender(Stage.JAIL, now + term, known.points, term, kind)
        return sentence

    def put(self, key: str, stage: Stage, kind: str, now: float) -> None:
        """Has somebody watched, or on parole, from now on, whatever they were.

        Args:
            key: Who.
            stage: Watch or parole.
            kind: Why.
            now: When.
        """
        self.changes += 1
        known = self._known.pop(key, None)
        self._make_room()
        term = (known.term if known else 0.0) or self._rules.first_term()
        until = now + self._rules.watchtime
        self._known[key] = _Offender(stage, until, 0, term if stage is Stage.PAROLE else 0.0, kind)

    def remove(self, key: str) -> bool:
        """Forgets somebody; say whether they were known."""
        self.changes += 1
        return self._known.pop(key, None) is not None

    def pass_time(self, now: float) -> None:
        """Move on all whose time is over."""
        due = [key for key, known in self._known.items() if known.until <= now]
        for key in due:
            self._current(key, now)

    def entries(self, now: float) -> Iterator[Entry]:
        """Yield all, as they stand."""
        return (Entry(*row) for row in self.rows(now))

    def rows(self, now: float) -> list[Row]:
        """Return all, as they stand; for thousands of them this is much faster than entries."""
        self.pass_time(now)
        return [
            (key, known.stage, known.until - now, known.points, known.term, known.kind)
            for key, known in self._known.items()
        ]

    def sizes(self, now: float) -> Counter[Stage]:
        """Return how many stand where."""
        self.pass_time(now)
        return Counter(known.stage for known in self._known.values())

    def jailed_beyond(self, moment: float) -> int:
        """Return how many will still be in jail at a moment."""
        jail = Stage.JAIL
        return sum(known.stage is jail and known.until > moment for known in self._known.values())

    def restore(self, entries: Iterable[Entry], now: float) -> None:
        """Take back what entries() told: each with the time that was left."""
        for entry in entries:
            self._make_room()
            self._known[entry.key] = _Offender(
                entry.stage, now + entry.left, entry.points, entry.term, entry.kind
            )

    def _current(self, key: str, now: float) -> _Offender | None:
        known = self._known.get(key)
        if known and known.until <= now and known.stage is Stage.JAIL:
            until = known.until + self._rules.watchtime  # from the moment when the jail ended
            known = self._known[key] = _Offender(Stage.PAROLE, until, 0, known.term, known.kind)
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


def _importance(item: tuple[str, _Offender]) -> tuple[int, float, float]:
    _, known = item
    if known.stage is Stage.WATCH:
        return (0, known.points, known.until)
    return (1 if known.stage is Stage.PAROLE else 2, known.term, known.until)
