"""What survives a restart, as text. Times are what is left, so that time stopped does not count."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, replace

from pbx.autoban.judgement.addresses import Span, parse_span
from pbx.autoban.judgement.attempts import ATTEMPT
from pbx.autoban.judgement.offenders import Entry, Stage
from pbx.autoban.judgement.suspects import Suspect

_VERSION = 1


class StateError(Exception):
    """A text is not what to_text returned."""


@dataclass(frozen=True)
class State:
    """What survives a restart.

    Attributes:
        offenders: As they stand.
        phones: Where phones are, and the seconds for which that holds.
        white: What was added to the whitelist by command.
        black: What was added to the blacklist by command.
        suspects: In whose name something came that anybody may have sent.
    """

    offenders: tuple[Entry, ...] = ()
    phones: tuple[tuple[str, float], ...] = ()
    white: tuple[Span, ...] = ()
    black: tuple[Span, ...] = ()
    suspects: tuple[Suspect, ...] = ()

    def after(self, seconds: float) -> "State":
        """Return the state some time later, if nothing else happened: who is due stays due."""
        return replace(
            self,
            offenders=tuple(replace(entry, left=entry.left - seconds) for entry in self.offenders),
            phones=tuple((key, left - seconds) for key, left in self.phones),
            suspects=tuple(replace(one, left=one.left - seconds) for one in self.suspects),
        )

    def to_text(self) -> str:
        """Return it as text."""
        offenders = [
            [e.key, e.stage, round(e.left, 3), e.points, round(e.term, 3), e.kind]
            for e in self.offenders
        ]
        fields: dict[str, Iterable[object]] = {
            "version": [_VERSION],
            "offenders": offenders,
            "phones": [[key, round(left, 3)] for key, left in self.phones],
            "whitelist": [str(span) for span in self.white],
            "blacklist": [str(span) for span in self.black],
            "suspects": [
                [s.key, s.slow, round(s.left, 3), s.points, s.kind] for s in self.suspects
            ],
        }
        # Row by row: other threads get their turn in between, and people can read it.
        texts = (
            f"{json.dumps(name)}: [\n" + ",\n".join(json.dumps(row) for row in rows) + "\n]"
            for name, rows in fields.items()
        )
        return "{" + ",\n".join(texts) + "}\n"


def read_state(text: str) -> State:
    """Read what to_text returned.

    Raises:
        StateError: it is something else.
    """
    try:
        fields = json.loads(text, parse_constant=_refuse)
        if fields["version"] != [_VERSION]:
            raise StateError(f"it is of version {fields['version']}")
        return State(
            tuple(_entry(*row) for row in fields["offenders"]),
            tuple((str(key), float(left)) for key, left in fields["phones"]),
            _spans(fields["whitelist"]),
            _spans(fields["blacklist"]),
            tuple(_suspect(*row) for row in fields.get("suspects", ())),  # not in older files
        )
    except (ValueError, KeyError, TypeError, OverflowError, RecursionError) as error:
        raise StateError("it was not written by AutoBan, or is damaged") from error


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is no time")


def _entry(key: str, stage: str, left: float, points: int, term: float, kind: str) -> Entry:
    parse_span(key)
    points = min(max(0, int(points)), ATTEMPT * 10**6)
    return Entry(str(key), Stage(stage), float(left), points, float(term), str(kind))


def _suspect(key: str, slow: bool, left: float, points: int, kind: str) -> Suspect:
    parse_span(key)
    points = min(max(0, int(points)), ATTEMPT * 10**6)
    return Suspect(str(key), bool(slow), float(left), points, str(kind))


def _spans(texts: Iterable[str]) -> tuple[Span, ...]:
    return tuple(parse_span(text) for text in texts)
