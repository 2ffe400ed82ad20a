"""Addresses that are watched, banned (in the set jail) or on parole.

(unknown) --attempt--> watch --more than maxcount--> jail --jailtime--> parole --attempt--> jail
                         |                                                |      (for longer)
                         +--watchtime--> (unknown)                        +--watchtime--> (unknown)
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from pbx.autoban.judgement.attempts import ATTEMPT
from pbx.autoban.judgement.bounded_register import BoundedRegister
from pbx.autoban.judgement.rules import Rules


class BanStage(StrEnum):
    """The set that an offender is in."""

    WATCH = "watch"
    JAIL = "jail"
    PAROLE = "parole"


@dataclass(frozen=True, slots=True)
class Offender:
    """An offender at one moment.

    Attributes:
        key: Its name; see addresses.key_of.
        stage: Its set.
        left: Seconds until that stage ends.
        points: Sum of its attempts in this stage; ATTEMPT is one.
        term: Seconds of its last ban; 0 if there was none.
        kind: Its last event.
    """

    key: str
    stage: BanStage
    left: float
    points: int
    term: float
    kind: str

    @property
    def count(self) -> int:
        """Attempts, rounded up."""
        return -(-self.points // ATTEMPT)


OffenderFields = tuple[str, BanStage, float, int, float, str]
"""The attributes of an offender."""


@dataclass(frozen=True, slots=True)
class Ban:
    """The decision to ban an address.

    Attributes:
        key: Name of the offender.
        seconds: Length of the ban.
        count: Attempts that led to it.
        kind: The last of them.
        before: Whether it has been banned before.
    """

    key: str
    seconds: float
    count: int
    kind: str
    before: bool


@dataclass(slots=True)
class _OffenderRecord:
    stage: BanStage
    until: float
    points: int
    term: float
    kind: str


class Offenders:
    """All offenders, at most `rules.limit`; above that, the least important are removed.

    Times are seconds of a clock that never goes back.
    """

    def __init__(self, rules: Rules) -> None:
        self._rules = rules
        self._register = BoundedRegister(rules.limit, _importance, self._parole_after)

    def __len__(self) -> int:
        return len(self._register)

    def __contains__(self, key: str) -> bool:
        return key in self._register

    @property
    def changes(self) -> int:
        """Number of changes other than expiry."""
        return self._register.changes

    def stage(self, key: str, now: float) -> BanStage | None:
        """Return the stage of an address; None if it is unknown."""
        record = self._register.find(key, now)
        return record.stage if record else None

    def attempt(
        self, key: str, points: int, kind: str, now: float, *, owner: bool = False
    ) -> Ban | None:
        """Count an attempt; return the ban if one follows.

        Args:
            key: Name of the offender.
            points: Weight of the attempt.
            kind: Its event.
            now: Its time.
            owner: Whether phones or trunks of the PBX are at this address: its threshold is
                ownercount, on parole, too.
        """
        record = self._register.find(key, now)
        if record is None:
            record = _OffenderRecord(BanStage.WATCH, now + self._rules.watchtime, 0, 0.0, kind)
            self._register.put(key, record)
        else:
            self._register.changes += 1
        record.points += points
        record.kind = kind
        if record.stage is BanStage.JAIL:
            return None  # it arrived before the ban took effect
        if record.stage is BanStage.PAROLE and not owner:
            exceeds = record.points >= ATTEMPT
        else:
            allowed = self._rules.ownercount if owner else self._rules.maxcount
            exceeds = record.points > allowed * ATTEMPT
        return self.ban(key, kind, now) if exceeds else None

    def ban(self, key: str, kind: str, now: float) -> Ban:
        """Ban an address; after an earlier ban, for longer than that one."""
        record = self._register.find(key, now)
        points, before = (record.points, record.term) if record else (0, 0.0)
        term = self._rules.next_term(before) if before else self._rules.first_term()
        self._register.put(key, _OffenderRecord(BanStage.JAIL, now + term, points, term, kind))
        return Ban(key, term, -(-points // ATTEMPT), kind, bool(before))

    def put(self, key: str, stage: BanStage, kind: str, now: float) -> None:
        """Put an address on watch or on parole, whatever its stage was.

        Args:
            key: Name of the offender.
            stage: Watch or parole.
            kind: Why.
            now: The time.
        """
        record = self._register.find(key, now)
        term = 0.0
        if stage is BanStage.PAROLE:
            term = (record.term if record else 0.0) or self._rules.first_term()
        self._register.put(key, _OffenderRecord(stage, now + self._rules.watchtime, 0, term, kind))

    def remove(self, key: str) -> bool:
        """Remove an address and its history; return whether it was known."""
        return self._register.remove(key)

    def pass_time(self, now: float) -> None:
        """Move on all whose stage has ended."""
        self._register.pass_time(now)

    def entries(self, now: float) -> Iterator[Offender]:
        """Yield all offenders."""
        return (Offender(*fields) for fields in self.fields(now))

    def fields(self, now: float) -> list[OffenderFields]:
        """Return the attributes of all offenders; for thousands, faster than entries()."""
        return [
            (key, record.stage, record.until - now, record.points, record.term, record.kind)
            for key, record in self._register.items(now)
        ]

    def sizes(self, now: float) -> Counter[BanStage]:
        """Return the number of offenders in each stage."""
        return Counter(record.stage for _, record in self._register.items(now))

    def banned_beyond(self, moment: float) -> int:
        """Return the number of bans that last beyond a moment."""
        jail = BanStage.JAIL
        return sum(
            record.stage is jail and record.until > moment for record in self._register.values()
        )

    def restore(self, offenders: Iterable[Offender], now: float) -> None:
        """Add offenders that entries() returned, each with the time that was left."""
        for one in offenders:
            record = _OffenderRecord(one.stage, now + one.left, one.points, one.term, one.kind)
            self._register.put(one.key, record)

    def _parole_after(self, record: _OffenderRecord) -> _OffenderRecord | None:
        if record.stage is not BanStage.JAIL:
            return None
        until = record.until + self._rules.watchtime  # from the moment when the ban ended
        return _OffenderRecord(BanStage.PAROLE, until, 0, record.term, record.kind)


def _importance(record: _OffenderRecord) -> tuple[int, float, float]:
    if record.stage is BanStage.WATCH:
        return (0, record.points, record.until)
    return (1 if record.stage is BanStage.PAROLE else 2, record.term, record.until)
