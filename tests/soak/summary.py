"""What a soak found, on one page for people, and for programs; pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from statistics import median
from typing import Any

from tests.soak.blame import cut_short
from tests.soak.course import Course
from tests.soak.journal import Act, Kill
from tests.soak.samples import ProcessSample, Sample, trends

_WIDTH = 14


@dataclass(frozen=True)
class SoakResult:
    """What a soak found.

    Attributes:
        course: How it was meant to go.
        acts: All that was done.
        kills: All kills.
        messages: What was taken, came, came again and was told, by way.
        rest: Samples at rest, before and after the load.
        samples: Those during the load.
        figures: What else is worth a number.
        violations: What is wrong, a line each; the soak has failed if there are any.
    """

    course: Course
    acts: Sequence[Act]
    kills: Sequence[Kill]
    messages: dict[str, dict[str, int]]
    rest: tuple[Sample, Sample]
    samples: Sequence[Sample]
    figures: Mapping[str, float] = field(default_factory=dict)
    violations: Sequence[str] = ()


def page(result: SoakResult) -> str:
    """Returns the page, in plain text."""
    verdict = f"{len(result.violations)} violations" if result.violations else "no rule was broken"
    lines = [
        f"Soak of {result.course.seconds / 60:g} minutes, seed {result.course.seed}: {verdict}",
        "",
        _row("done", "well", "cut by kills", "failed"),
        *(_row(what, *counts) for what, counts in _done(result).items()),
        "",
        _row("messages", "taken", "came", "again", "told"),
        *(_row(way, *counts.values()) for way, counts in result.messages.items()),
        "",
        _row("killed", "times", "s back", "s well", "longest"),
        *(_row(service, *times) for service, times in _returns(result.kills).items()),
        "",
        _row("at rest", "KiB", "", "descriptors", "", "threads", ""),
        *_at_rest(*result.rest),
        "",
        _row("trend", "KiB an hour", "KiB", "descriptors", "threads", "over s"),
        *_trends(result),
        "",
    ]
    lines += [f"{name}: {value:g}" for name, value in result.figures.items()]
    lines += ["", *result.violations] if result.violations else []
    return "\n".join(line.rstrip() for line in lines) + "\n"


def document(result: SoakResult) -> dict[str, Any]:
    """Returns the same, and each sample, as what JSON can hold."""
    return {
        "seed": result.course.seed,
        "seconds": result.course.seconds,
        "done": {
            what: dict(zip(("well", "cut", "failed"), counts, strict=True))
            for what, counts in _done(result).items()
        },
        "messages": result.messages,
        "kills": [asdict(kill) for kill in result.kills],
        "rest": [asdict(sample) for sample in result.rest],
        "samples": [_brief(sample) for sample in result.samples],
        "trends": [
            {"service": service, "measure": measure, **asdict(found)}
            for service, measure, found in trends(result.samples, result.course.warm)
        ],
        "figures": dict(result.figures),
        "violations": list(result.violations),
    }


def _done(result: SoakResult) -> dict[str, tuple[int, int, int]]:
    """How often each thing went well, was cut short, and failed."""
    counts: dict[str, tuple[int, int, int]] = {}
    for act in result.acts:
        well, cut, failed = counts.get(act.what, (0, 0, 0))
        excused = cut_short(act, result.kills)
        counts[act.what] = (
            well + (not act.failure),
            cut + excused,
            failed + (bool(act.failure) and not excused),
        )
    return counts


def _returns(kills: Sequence[Kill]) -> dict[str, tuple[int, float, float, float]]:
    """How often each service was killed, and how many seconds its return took."""
    found = {}
    for service in sorted({kill.service for kill in kills}):
        mine = [kill for kill in kills if kill.service == service]
        well = [kill.well - kill.at for kill in mine]
        back = median(kill.back - kill.at for kill in mine)
        found[service] = (len(mine), round(back, 1), round(median(well), 1), round(max(well), 1))
    return found


def _at_rest(before: Sample, after: Sample) -> list[str]:
    lines = []
    gone = ProcessSample(0, 0, 0, 0, 0)
    for service, was in before.processes.items():
        now = after.processes.get(service, gone)
        pairs = (
            (was.memory, now.memory),
            (was.descriptors, now.descriptors),
            (was.threads, now.threads),
        )
        lines.append(_row(service, *(number for pair in pairs for number in pair)))
    lines.append(_row("files in /srv", len(before.files), len(after.files)))
    lines.append(_row("bytes in /srv", before.size, after.size))
    return lines


def _trends(result: SoakResult) -> list[str]:
    rows: dict[tuple[str, float], list[float]] = {}
    for service, measure, found in trends(result.samples, result.course.warm):
        columns = rows.setdefault((service, found.seconds), [])
        columns += [round(found.an_hour)] if measure == "memory" else []
        columns.append(round(found.by))
    return [_row(service, *columns, round(span)) for (service, span), columns in rows.items()]


def _brief(sample: Sample) -> dict[str, Any]:
    known = asdict(sample) | {"files": len(sample.files), "bytes": sample.size}
    return {name: value for name, value in known.items() if name != "held"}


def _row(first: str, *others: object) -> str:
    return f"{first:<{_WIDTH}}" + "".join(f"{other!s:>{_WIDTH}}" for other in others)
