"""The state that survives a restart.

Times are what is left of them, because the time of a ban does not run while AutoBan is stopped.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from math import isfinite

from pbx.autoban.judgement.addresses import Span, parse_span
from pbx.autoban.judgement.attempts import ATTEMPT
from pbx.autoban.judgement.offenders import BanStage, Offender
from pbx.autoban.judgement.suspects import Suspect

LONGEST = 3650 * 86400.0
"""Seconds. No time is longer; see pbx.core.times."""

_MOST_POINTS = ATTEMPT * 10**6


@dataclass(frozen=True)
class BanState:
    """The state at one moment.

    Attributes:
        offenders: Addresses that are watched, banned or on parole.
        phones: Addresses of phones, and the seconds that each is still valid.
        white: Entries of the whitelist that were added by command.
        black: Entries of the blacklist that were added by command.
        suspects: Addresses that are named in events without proof.
    """

    offenders: tuple[Offender, ...] = ()
    phones: tuple[tuple[str, float], ...] = ()
    white: tuple[Span, ...] = ()
    black: tuple[Span, ...] = ()
    suspects: tuple[Suspect, ...] = ()

    @property
    def runs_out(self) -> bool:
        """Whether any of it is valid for a time only."""
        return bool(self.offenders or self.phones or self.suspects)

    def after(self, seconds: float) -> "BanState":
        """Return the state some time later, if nothing else happens; what is over stays in it."""
        return replace(
            self,
            offenders=tuple(replace(one, left=one.left - seconds) for one in self.offenders),
            phones=tuple((key, left - seconds) for key, left in self.phones),
            suspects=tuple(replace(one, left=one.left - seconds) for one in self.suspects),
        )


def checked_offender(
    key: str, stage: str, left: float, points: int, term: float, kind: str
) -> Offender:
    """Return an offender as it was stored.

    Raises:
        ValueError: a value is invalid.
    """
    return Offender(
        _key(key), BanStage(stage), seconds(left), _points(points), seconds(term), str(kind)
    )


def checked_suspect(key: str, slow: bool, left: float, points: int, kind: str) -> Suspect:
    """Return a suspect as it was stored.

    Raises:
        ValueError: a value is invalid.
    """
    return Suspect(_key(key), bool(slow), seconds(left), _points(points), str(kind))


def checked_phone(key: str, left: float) -> tuple[str, float]:
    """Return the address of a phone as it was stored.

    Raises:
        ValueError: a value is invalid.
    """
    return _key(key), seconds(left)


def checked_spans(texts: Iterable[str]) -> tuple[Span, ...]:
    """Return the entries of a list as they were stored.

    Raises:
        ValueError: one is invalid.
    """
    return tuple(parse_span(text) for text in texts)


def seconds(value: float) -> float:
    """Return a time as it was stored, clamped to what is possible.

    Raises:
        ValueError: it is no time.
    """
    if not isfinite(value):
        raise ValueError(f"{value} is no time")
    return min(max(-LONGEST, float(value)), LONGEST)


def _key(text: str) -> str:
    parse_span(text)
    return text


def _points(number: int) -> int:
    return min(max(0, int(number)), _MOST_POINTS)
