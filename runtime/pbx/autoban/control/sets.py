"""The six sets as people see them. No clock and no I/O."""

from collections.abc import Iterable, Mapping

from pbx.autoban.control.member import Member
from pbx.autoban.control.orders import LISTS, OFFENDERS, SETS, SLOW
from pbx.autoban.judgement.addresses import Span, Spans
from pbx.autoban.judgement.guard import Guard
from pbx.autoban.judgement.offenders import BanStage, Offender
from pbx.autoban.judgement.suspects import Suspect
from pbx.autoban.kernel.contents import BannedSource, SlowSource

BY_COMMAND = "command"
BY_FILE = "autoban.conf"


class Sets:
    """Watch, jail, parole and slow, which the guard knows; whitelist and blacklist.

    Args:
        guard: Knows offenders and suspects.
        fixed: By list, its entries in autoban.conf.
        added: By list, its entries that were added by command.

    Attributes:
        changes: Number of changes of the lists.
    """

    def __init__(
        self, guard: Guard, fixed: Mapping[str, Iterable[Span]], added: Mapping[str, Iterable[Span]]
    ) -> None:
        self.changes = 0
        self._guard = guard
        self._fixed = {name: tuple(fixed[name]) for name in LISTS}
        self._added = {name: tuple(added[name]) for name in LISTS}
        self._update_guard()

    def fixed(self, name: str) -> tuple[Span, ...]:
        """Return the entries of a list in autoban.conf."""
        return self._fixed[name]

    def added(self, name: str) -> tuple[Span, ...]:
        """Return the entries of a list that were added by command."""
        return self._added[name]

    def spans(self, name: str) -> tuple[Span, ...]:
        """Return all entries of a list."""
        return (*self._fixed[name], *self._added[name])

    def merged(self, name: str) -> tuple[Span, ...]:
        """Return all entries of a list without overlaps, which nft refuses."""
        return Spans(self.spans(name)).merged

    def set_added(self, name: str, spans: Iterable[Span]) -> None:
        """Replace the entries of a list that were added by command."""
        self._added[name] = tuple(spans)
        self.changes += 1
        self._update_guard()

    def banned(self, now: float) -> list[BannedSource]:
        """Return all members of jail, for the kernel."""
        return [
            BannedSource(one.key, one.term, one.left)
            for one in self._guard.offenders.entries(now)
            if one.stage is BanStage.JAIL
        ]

    def slow(self, now: float) -> list[SlowSource]:
        """Return all members of slow, for the kernel."""
        return [self.slow_source(x, now) for x in self._guard.suspects.entries(now) if x.slow]

    def slow_source(self, suspect: Suspect, now: float) -> SlowSource:
        """Return a rate-limited suspect, for the kernel."""
        return SlowSource(suspect.key, suspect.left, tuple(self._guard.flows.of(suspect.key, now)))

    def sizes(self, now: float) -> dict[str, int]:
        """Return the number of members of each set."""
        stages = self._guard.offenders.sizes(now)
        suspects = self._suspects(now)
        sizes = {name: stages[BanStage(name)] for name in OFFENDERS}
        sizes[BanStage.WATCH] += sum(name == BanStage.WATCH for name, _ in suspects)
        lists = {name: len(self.spans(name)) for name in LISTS}
        return {**sizes, SLOW: sum(name == SLOW for name, _ in suspects), **lists}

    def members(self, now: float, names: Iterable[str] = SETS) -> list[Member]:
        """Return the members of some sets; offenders with the most attempts first."""
        offenders = sorted(self._guard.offenders.entries(now), key=_severity)
        suspects = self._suspects(now)
        members: list[Member] = []
        for name in names:
            members += [
                Member(name, one.key, round(one.left, 3), one.count, _suspect_note(one))
                for place, one in suspects
                if place == name
            ]
            if name in OFFENDERS:
                members += [
                    Member(name, one.key, round(one.left, 3), one.count, one.kind)
                    for one in offenders
                    if one.stage == name
                ]
            elif name in LISTS:
                members += [Member(name, str(x), None, None, BY_FILE) for x in self._fixed[name]]
                members += [Member(name, str(x), None, None, BY_COMMAND) for x in self._added[name]]
        return members

    def _suspects(self, now: float) -> list[tuple[str, Suspect]]:
        """Return suspects and their sets: slow, or watch if they are not offenders as well."""
        return [
            (SLOW if one.slow else BanStage.WATCH, one)
            for one in self._guard.suspects.entries(now)
            if one.slow or one.key not in self._guard.offenders
        ]

    def _update_guard(self) -> None:
        self._guard.set_lists(self.spans("whitelist"), self.spans("blacklist"))


def _suspect_note(suspect: Suspect) -> str:
    return suspect.kind if suspect.kind == BY_COMMAND else f"{suspect.kind}, may be forged"


def _severity(offender: Offender) -> tuple[float, float, str]:
    return (-offender.points, -offender.left, offender.key)
