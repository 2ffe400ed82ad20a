"""Changes of the sets by command. No clock and no I/O."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

from pbx.autoban.control.orders import LISTS, OFFENDERS, SETS, SLOW, SetChange
from pbx.autoban.control.sets import BY_COMMAND, BY_FILE, Sets
from pbx.autoban.judgement.addresses import Address, Span, parse_address, parse_span
from pbx.autoban.judgement.guard import Guard
from pbx.autoban.judgement.offenders import BanStage
from pbx.autoban.kernel.contents import BannedSource, SlowSource
from pbx.core.errors import OrderError
from pbx.core.times import format_time


@dataclass
class Effect:
    """What a change did, and what the kernel has to do for it.

    Attributes:
        lines: Lines for the administrator.
        banned: Addresses to ban.
        unbanned: Addresses to unban.
        slowed: Addresses to rate-limit.
        unslowed: Addresses whose rate limit ends.
        lists: Whether the whitelist or the blacklist has changed.
    """

    lines: list[str] = field(default_factory=list)
    banned: list[BannedSource] = field(default_factory=list)
    unbanned: list[str] = field(default_factory=list)
    slowed: list[SlowSource] = field(default_factory=list)
    unslowed: list[str] = field(default_factory=list)
    lists: bool = False


def change_sets(sets: Sets, guard: Guard, change: SetChange, now: float) -> Effect:
    """Change sets; return what that did.

    Raises:
        OrderError: the change is not possible; nothing has changed.
    """
    return _Changer(sets, guard, now).change(change)


class _Changer:
    def __init__(self, sets: Sets, guard: Guard, now: float) -> None:
        self._sets = sets
        self._guard = guard
        self._now = now
        self._effect = Effect()

    def change(self, change: SetChange) -> Effect:
        work = [(target, self._meant(change, target)) for target in change.targets]
        for target, spans in work:
            if change.verb == "del":
                self._delete(target, spans)
            elif target in LISTS:
                self._add_to_list(target, spans)
            else:
                for key in (self._key(span) or str(span) for span in spans):
                    self._add_offender(target, key)
        if not self._effect.lines:
            self._effect.lines.append("nothing of that is there")
        return self._effect

    def _meant(self, change: SetChange, target: str) -> list[Span]:
        """Return the addresses that a change concerns in a set; refuse what is not possible."""
        everything = (target,) if change.verb == "del" else SETS
        sources = everything if change.everything else change.sources
        members = self._sets.members(self._now, sources) if sources else []
        texts = [member.address for member in members]
        spans = list(dict.fromkeys([*change.spans, *map(parse_span, texts)]))
        if change.verb == "add" and target in (*OFFENDERS, SLOW):
            for span in spans:
                self._check_offender(target, span)
        return spans

    def _check_offender(self, target: str, span: Span) -> None:
        if self._key(span) is None:
            raise OrderError(f"{span} is not one address: add it to the blacklist instead")
        if target in ("jail", SLOW) and self._guard.is_spared(_address(span)):
            never = "banned" if target == "jail" else "rate-limited"
            raise OrderError(f"{span} is whitelisted or the machine's own: it is never {never}")

    def _add_to_list(self, target: str, spans: Iterable[Span]) -> None:
        for span in spans:
            if span in self._sets.spans(target):
                self._effect.lines.append(f"{target}: {span} is there already")
                continue
            self._sets.set_added(target, (*self._sets.added(target), span))
            self._effect.lists = True
            self._effect.lines.append(f"{target}: added {span}")
            if target == "whitelist":
                self._forget((*OFFENDERS, SLOW), [span])

    def _add_offender(self, target: str, key: str) -> None:
        offenders, effect = self._guard.offenders, self._effect
        if target == SLOW:
            suspect = self._guard.suspects.slow(key, BY_COMMAND, self._now)
            effect.slowed.append(self._sets.slow_source(suspect, self._now))
            effect.lines.append(f"slow: added {key} for {format_time(suspect.left)}")
            return
        is_banned = offenders.stage(key, self._now) is BanStage.JAIL
        if target != BanStage.JAIL:
            if is_banned:
                effect.unbanned.append(key)
            offenders.put(key, BanStage(target), BY_COMMAND, self._now)
            effect.lines.append(f"{target}: added {key}")
        elif is_banned:
            effect.lines.append(f"jail: {key} is there already")
        else:
            ban = offenders.ban(key, BY_COMMAND, self._now)
            effect.banned.append(BannedSource(key, ban.seconds, ban.seconds))
            effect.lines.append(f"jail: added {key} for {format_time(ban.seconds)}")

    def _delete(self, target: str, spans: list[Span]) -> None:
        if target not in LISTS:
            self._forget([target], spans)
            return
        for span in spans:
            added = self._sets.added(target)
            if span in added:
                self._sets.set_added(target, (x for x in added if x != span))
                self._effect.lists = True
                self._effect.lines.append(f"{target}: removed {span}")
            for whole in self._sets.spans(target):
                if _overlap(whole, span):
                    in_file = whole in self._sets.fixed(target)
                    place = f"stands in {BY_FILE}" if in_file else "is there"
                    self._effect.lines.append(f"{target}: {whole} {place}, and stays")

    def _forget(self, names: Collection[str], spans: Iterable[Span]) -> None:
        offenders, suspects, effect = self._guard.offenders, self._guard.suspects, self._effect
        for key in dict.fromkeys(key for span in spans for key in self._keys(span)):
            stage = offenders.stage(key, self._now)
            if stage and stage in names and offenders.remove(key):
                effect.lines.append(f"{stage}: removed {key}")
                if stage is BanStage.JAIL:
                    effect.unbanned.append(key)
            place = SLOW if suspects.is_slow(key, self._now) else BanStage.WATCH
            if place in names and suspects.remove(key):
                effect.lines.append(f"{place}: removed {key}")
                if place == SLOW:
                    effect.unslowed.append(key)

    def _keys(self, span: Span) -> list[str]:
        """Return the names of all offenders and suspects that some addresses concern."""
        if key := self._key(span):
            return [key]
        keys = [key for key, *_ in self._guard.offenders.fields(self._now)]
        keys += [one.key for one in self._guard.suspects.entries(self._now)]
        return [key for key in keys if _overlap(parse_span(key), span)]

    def _key(self, span: Span) -> str | None:
        """Return the name of the offender at these addresses; None if it is not just one."""
        key = self._guard.key_of(_address(span))
        return key if span.first == span.last or str(span) == key else None


def _overlap(one: Span, other: Span) -> bool:
    return one.version == other.version and one.first <= other.last and other.first <= one.last


def _address(span: Span) -> Address:
    return parse_address(str(span).partition("/")[0].partition("-")[0])
