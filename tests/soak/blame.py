"""What a kill may spoil, and what not; pure. Times are seconds since 1970."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from tests.soak.journal import Act, Kill, clock

TIMEOUT = 30
"""Seconds for which something may wait in vain before it is given up, and a kill be noticed."""
SETTLE = 5
"""Seconds after which what was killed has found its fixture services again."""


def excused(
    kills: Sequence[Kill], services: Collection[str], begun: float, ended: float
) -> Kill | None:
    """Returns a kill of one of some services that touches a span of time."""
    touching = (
        kill
        for kill in kills
        if kill.service in services and kill.at <= ended and begun <= kill.well + SETTLE
    )
    return next(touching, None)


def cut_short(act: Act, kills: Sequence[Kill]) -> bool:
    """Says whether what failed did so because of a kill that was allowed to do that."""
    begun = max(act.begun, act.ended - TIMEOUT)
    return bool(act.failure) and excused(kills, act.excuses, begun, act.ended) is not None


def last_before(kills: Sequence[Kill], moment: float) -> str:
    """Says in words what was killed last before a moment."""
    before = [kill for kill in kills if kill.at <= moment]
    if not before:
        return "nothing had been killed before"
    last = max(before, key=lambda kill: kill.at)
    return f"{last.service} was killed at {clock(last.at)}, {moment - last.at:.1f} s before"


def failures(acts: Sequence[Act], kills: Sequence[Kill]) -> list[str]:
    """Returns a line for each thing that failed and no kill excuses."""
    return [
        f"{act.what}, {clock(act.begun)} to {clock(act.ended)}: {act.failure}; "
        f"{last_before(kills, act.ended)}"
        for act in acts
        if act.failure and not cut_short(act, kills)
    ]


def never_again(kills: Sequence[Kill], acts: Sequence[Act], end: float) -> list[str]:
    """Returns a line for each kill of Asterisk after which no call came about.

    Args:
        kills: All of them.
        acts: All that was done.
        end: Of the load; a kill shortly before it may be the last that happened.
    """
    calls = [act.begun for act in acts if act.what == "calls" and not act.failure]
    return [
        f"no call came about after Asterisk was killed at {clock(kill.at)}"
        for kill in kills
        if kill.service == "asterisk"
        and kill.well + TIMEOUT < end
        and not any(kill.at < begun for begun in calls)
    ]
