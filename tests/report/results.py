"""What became of each test, put together from pytest's reports of its phases."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal, cast

import pytest

Outcome = Literal["passed", "flaky", "failed", "skipped", "unfinished"]
Report = pytest.TestReport | pytest.CollectReport

_ANSI = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


@dataclass(frozen=True)
class CaseResult:
    """One test on one image.

    Attributes:
        node: pytest's id of the test.
        outcome: `unfinished` if the run ended before the test did, `flaky` if it failed at first
            and passed when it was run again.
        seconds: How long it took, with its own fixtures.
        image: The image it ran on, '' if on none.
        phase: What failed: `setup`, `call`, `teardown` or `collection`.
        text: The whole failure, or the reason of a skip.
        first_audio_ms: How long until audio was heard, as often as the test measured it.
        evidence: The folder with its evidence, in the folder of the report; '' without.
    """

    node: str
    outcome: Outcome
    seconds: float = 0
    image: str = ""
    phase: str = ""
    text: str = ""
    first_audio_ms: tuple[float, ...] = ()
    evidence: str = ""

    @property
    def file(self) -> str:
        """The file that holds the test."""
        return self.node.split("::", 1)[0]

    @property
    def suite(self) -> str:
        """The folder below tests that holds the file."""
        parts = self.file.removeprefix("tests/").split("/")
        return parts[0] if len(parts) > 1 else "tests"

    @property
    def name(self) -> str:
        """The test's name with its parameters, but without the image."""
        _, _, name = self.node.partition("::")
        head, bracket, parameters = name.removesuffix("]").partition("[")
        values = parameters.split("-")
        if self.image in values:
            values.remove(self.image)
        return f"{head}[{'-'.join(values)}]" if bracket and values else head


@dataclass
class Run:
    """A run of pytest.

    Attributes:
        started: When it started.
        seconds: How long it took.
        stopped: Why it ended early, '' if it did not.
        results: All its tests, in the order in which they started.
    """

    started: datetime = field(default_factory=lambda: datetime.now(UTC))
    seconds: float = 0
    stopped: str = ""
    results: list[CaseResult] = field(default_factory=list)


def result_of(node: str, reports: Sequence[Report]) -> CaseResult:
    """Returns what became of a test.

    Args:
        node: pytest's id of the test.
        reports: Those of its phases so far; none if it has just started.
    """
    properties = [pair for report in reports for pair in _properties(report)]
    failed = [report for report in reports if report.failed]
    # The outcome that pytest-rerunfailures gives to an attempt which is not the last.
    rerun = [report for report in reports if str(report.outcome) == "rerun"]
    skipped = [report for report in reports if report.skipped]
    outcome: Outcome = "unfinished"
    if failed:
        outcome = "failed"
    elif skipped:
        outcome = "skipped"
    elif any(report.when == "teardown" for report in reports):
        outcome = "flaky" if rerun else "passed"
    last = dict(properties)
    return CaseResult(
        node=re.sub(r"(?<=\])@[\w-]+$", "", node),  # xdist adds the name of the group
        outcome=outcome,
        seconds=sum(getattr(report, "duration", 0.0) for report in reports),
        image=str(last.get("image", "")),
        phase=next((report.when or "" for report in [*failed, *rerun]), ""),
        text="\n\n".join(map(failure_text, [*rerun, *failed]))
        or "".join(map(_skip_reason, skipped)),
        # Every report repeats what the test has recorded so far: the last has all.
        first_audio_ms=tuple(
            float(cast(str, value))
            for report in reports[-1:]
            for key, value in _properties(report)
            if key == "first_audio_ms"
        ),
        evidence=str(last.get("evidence", "")),
    )


def failure_text(report: Report) -> str:
    """Returns pytest's whole account of a failure, with what the test printed."""
    captured = [
        f"----- {title} -----\n{content}"
        for title, content in report.sections
        if title.startswith("Captured")
    ]
    return _ANSI.sub("", "\n\n".join([report.longreprtext, *captured])).strip() + "\n"


def _properties(report: Report) -> list[tuple[str, object]]:
    return list(getattr(report, "user_properties", ()))


def _skip_reason(report: Report) -> str:
    if expected := getattr(report, "wasxfail", None):
        return f"expected to fail: {expected}"
    if isinstance(report.longrepr, tuple):
        return str(report.longrepr[2]).removeprefix("Skipped: ")
    return report.longreprtext
