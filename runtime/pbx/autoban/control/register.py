"""The sets as people see and change them. No clock and no I/O."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from pbx.autoban.control.orders import LISTS, OFFENDERS, SETS, SLOW, Order
from pbx.autoban.judgement.addresses import Address, Span, Spans, parse_address, parse_span
from pbx.autoban.judgement.guard import Guard
from pbx.autoban.judgement.offenders import Entry, Stage
from pbx.autoban.judgement.suspects import Suspect
from pbx.autoban.kernel.ruleset import Prisoner, Slow
from pbx.core.errors import OrderError
from pbx.core.times import format_time

BY_COMMAND = "command"
_FILE = "autoban.conf"


@dataclass(frozen=True)
class Row:
    """One member of a set.

    Attributes:
        set: Name of the set.
        address: Address, network or range.
        left: Seconds until it leaves the set; None if it stays.
        count: Attempts.
        note: What the last of them was, or who put it there.
    """

    set: str
    address: str
    left: float | None
    count: int | None
    note: str


@dataclass
class Effect:
    """What an order has changed.

    Attributes:
        said: Lines for whoever gave it.
        jailed: Whom the kernel has to drop.
        released: Whom no more.
        slowed: Whom it has to limit.
        hastened: Whom no more.
        lists: Whether the whitelist or the blacklist is another.
    """

    said: list[str] = field(default_factory=list)
    jailed: list[Prisoner] = field(default_factory=list)
    released: list[str] = field(default_factory=list)
    slowed: list[Slow] = field(default_factory=list)
    hastened: list[str] = field(default_factory=list)
    lists: bool = False


class Register:
    """The six sets.

    Args:
        guard: Who knows the offenders.
        fixed: By list, what autoban.conf names.
        added: By list, what was added by command.
    """

    def __init__(
        self, guard: Guard, fixed: Mapping[str, Iterable[Span]], added: Mapping[str, Iterable[Span]]
    ) -> None:
        self._guard = guard
        self._fixed = {name: tuple(fixed[name]) for name in LISTS}
        self._added = {name: tuple(added[name]) for name in LISTS}
        self._tell_guard()

    def added(self, name: str) -> tuple[Span, ...]:
        """Return what was added to a list by command."""
        return self._added[name]

    def spans(self, name: str) -> tuple[Span, ...]:
        """Return all that is in a list."""
        return (*self._fixed[name], *self._added[name])

    def merged(self, name: str) -> tuple[Span, ...]:
        """Return all that is in a list, without overlaps, which the kernel does not like."""
        return Spans(self.spans(name)).merged

    def prisoners(self, now: float) -> list[Prisoner]:
        """Return all that are in jail."""
        return [
            Prisoner(entry.key, entry.term, entry.left)
            for entry in self._guard.offenders.entries(now)
            if entry.stage is Stage.JAIL
        ]

    def slow(self, now: float) -> list[Slow]:
        """Return all that are limited."""
        return [self.limit(one, now) for one in self._guard.suspects.entries(now) if one.slow]

    def limit(self, suspect: Suspect, now: float) -> Slow:
        """Return what the kernel has to know of one that is limited."""
        return Slow(suspect.key, suspect.left, tuple(self._guard.flows.of(suspect.key, now)))

    def sizes(self, now: float) -> dict[str, int]:
        """Return how many are in each set."""
        stages = self._guard.offenders.sizes(now)
        suspects = self._suspects(now)
        sizes = {name: stages[Stage(name)] for name in OFFENDERS}
        sizes[Stage.WATCH] += sum(name == Stage.WATCH for name, _ in suspects)
        lists = {name: len(self.spans(name)) for name in LISTS}
        return {**sizes, SLOW: sum(name == SLOW for name, _ in suspects), **lists}

    def rows(self, now: float, names: Iterable[str] = SETS) -> list[Row]:
        """Return the members of some sets; of offenders the worst first."""
        offenders = sorted(self._guard.offenders.entries(now), key=_badness)
        suspects = self._suspects(now)
        rows: list[Row] = []
        for name in names:
            rows += [
                Row(name, one.key, round(one.left, 3), one.count, _forgeable(one))
                for place, one in suspects
                if place == name
            ]
            if name == SLOW:
                continue
            if name in OFFENDERS:
                rows += [
                    Row(name, entry.key, round(entry.left, 3), entry.count, entry.kind)
                    for entry in offenders
                    if entry.stage == name
                ]
            else:
                rows += [Row(name, str(x), None, None, _FILE) for x in self._fixed[name]]
                rows += [Row(name, str(x), None, None, BY_COMMAND) for x in self._added[name]]
        return rows

    def carry_out(self, order: Order, now: float) -> Effect:
        """Do what an order says.

        Raises:
            OrderError: it cannot be done; nothing has changed.
        """
        effect = Effect()
        carry = self._add if order.verb == "add" else self._delete
        for target, spans in [
            (target, self._meant(order, target, now)) for target in order.targets
        ]:
            carry(target, spans, now, effect)
        if effect.lists:
            self._tell_guard()
        if not effect.said:
            effect.said.append("nothing of that is there")
        return effect

    def _meant(self, order: Order, target: str, now: float) -> list[Span]:
        """Return what an order means for a set, and refuses what cannot be."""
        everything = (target,) if order.verb == "del" else SETS
        sources = everything if order.everything else order.sources
        texts = [row.address for row in self.rows(now, sources)] if sources else []
        spans = list(dict.fromkeys([*order.spans, *map(parse_span, texts)]))
        if order.verb == "add" and target in (*OFFENDERS, SLOW):
            for span in spans:
                self._check_offender(target, span)
        return spans

    def _check_offender(self, target: str, span: Span) -> None:
        address = _address(span)
        if self._key(span) is None:
            raise OrderError(f"{span} is not one address: add it to the blacklist instead")
        if target in ("jail", SLOW) and self._guard.is_spared(address):
            never = "jailed" if target == "jail" else "slowed"
            raise OrderError(f"{span} is whitelisted or the machine's own: it is never {never}")

    def _add(self, target: str, spans: list[Span], now: float, effect: Effect) -> None:
        offenders = self._guard.offenders
        for span in spans:
            if target in LISTS:
                if span in self.spans(target):
                    effect.said.append(f"{target}: {span} is there already")
                    continue
                self._added[target] = (*self._added[target], span)
                effect.lists = True
                offenders.changes += 1
                effect.said.append(f"{target}: added {span}")
                if target == "whitelist":
                    self._forget((*OFFENDERS, SLOW), [span], now, effect)
                continue
            key = self._key(span) or str(span)
            if target == SLOW:
                suspect = self._guard.suspects.slow(key, BY_COMMAND, now)
                effect.slowed.append(self.limit(suspect, now))
                effect.said.append(f"slow: added {key} for {format_time(suspect.left)}")
                continue
            if target == "jail":
                if offenders.stage(key, now) is Stage.JAIL:
                    effect.said.append(f"jail: {key} is there already")
                    continue
                sentence = offenders.jail(key, BY_COMMAND, now)
                effect.jailed.append(Prisoner(key, sentence.seconds, sentence.seconds))
                effect.said.append(f"jail: added {key} for {format_time(sentence.seconds)}")
                continue
            if offenders.stage(key, now) is Stage.JAIL:
                effect.released.append(key)
            offenders.put(key, Stage(target), BY_COMMAND, now)
            effect.said.append(f"{target}: added {key}")

    def _delete(self, target: str, spans: list[Span], now: float, effect: Effect) -> None:
        if target in (*OFFENDERS, SLOW):
            self._forget([target], spans, now, effect)
            return
        for span in spans:
            if span in self._added[target]:
                self._added[target] = tuple(x for x in self._added[target] if x != span)
                effect.lists = True
                self._guard.offenders.changes += 1
                effect.said.append(f"{target}: removed {span}")
            for whole in self.spans(target):
                if _overlap(whole, span):
                    place = f"stands in {_FILE}" if whole in self._fixed[target] else "is there"
                    effect.said.append(f"{target}: {whole} {place}, and stays")

    def _forget(
        self, stages: Collection[str], spans: list[Span], now: float, effect: Effect
    ) -> None:
        offenders = self._guard.offenders
        for key in dict.fromkeys(key for span in spans for key in self._keys(span, now)):
            stage = offenders.stage(key, now)
            if stage and stage in stages and offenders.remove(key):
                effect.said.append(f"{stage}: removed {key}")
                if stage is Stage.JAIL:
                    effect.released.append(key)
            suspects = self._guard.suspects
            place = SLOW if suspects.is_slow(key, now) else Stage.WATCH
            if place in stages and suspects.remove(key):
                effect.said.append(f"{place}: removed {key}")
                if place == SLOW:
                    effect.hastened.append(key)

    def _keys(self, span: Span, now: float) -> list[str]:
        """Return all offenders who may be at some addresses."""
        if key := self._key(span):
            return [key]
        keys = [key for key, *_ in self._guard.offenders.rows(now)]
        keys += [one.key for one in self._guard.suspects.entries(now)]
        return [key for key in keys if _overlap(parse_span(key), span)]

    def _key(self, span: Span) -> str | None:
        """Return what an offender at these addresses is called; None if that is not just one."""
        key = self._guard.key_of(_address(span))
        return key if span.first == span.last or str(span) == key else None

    def _suspects(self, now: float) -> list[tuple[str, Suspect]]:
        """Return suspects and their sets: slow, or watch if they are not offenders anyway."""
        return [
            (SLOW if one.slow else Stage.WATCH, one)
            for one in self._guard.suspects.entries(now)
            if one.slow or one.key not in self._guard.offenders
        ]

    def _tell_guard(self) -> None:
        self._guard.set_lists(self.spans("whitelist"), self.spans("blacklist"))


def _forgeable(suspect: Suspect) -> str:
    return suspect.kind if suspect.kind == BY_COMMAND else f"{suspect.kind}, may be forged"


def _badness(entry: Entry) -> tuple[float, float, str]:
    return (-entry.points, -entry.left, entry.key)


def _overlap(one: Span, other: Span) -> bool:
    return one.version == other.version and one.first <= other.last and other.first <= one.last


def _address(span: Span) -> Address:
    return parse_address(str(span).partition("/")[0].partition("-")[0])
