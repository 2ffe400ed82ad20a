"""Turns a run into one page of HTML that needs nothing else to be read."""

from __future__ import annotations

import re
import statistics
import textwrap
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import jinja2

from tests.report.attachments import Album, Attachment
from tests.report.results import CaseResult, Run
from tests.report.tables import SYMBOLS, Tally, group_by_suite

_MOST_TEXT = 20_000
_GIST_LINES = 24


@dataclass(frozen=True)
class Failure:
    """A failed test and its evidence."""

    result: CaseResult
    gist: str
    text: str
    attachments: list[Attachment]


@dataclass(frozen=True)
class Latency:
    """Milliseconds to the first audio, of one image."""

    image: str
    values: tuple[float, ...]

    @property
    def median(self) -> float:
        """What half of the calls were faster than."""
        return statistics.median(self.values)


def render(run: Run, images: Sequence[str], folder: Path) -> str:
    """Returns the page.

    Args:
        run: What happened.
        images: The images in their order.
        folder: Where the page goes; the tests' evidence is below it.
    """
    album = Album(folder)
    results = run.results
    images = list(dict.fromkeys([*images, *(r.image for r in results if r.image)]))
    timed = [result for result in results if result.first_audio_ms]
    suites = group_by_suite(results, images)
    tests = (test for suite in suites for file in suite.files for test in file.tests)
    found = [result for test in tests for result in test.tally.results]
    failed = [result for result in found if result.outcome in ("failed", "flaky")]
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent),
        undefined=jinja2.StrictUndefined,
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["duration"] = duration
    return environment.get_template("page.html.j2").render(
        run=run,
        symbols=SYMBOLS,
        counts=Tally(tuple(results)).counts,
        failures=[_failure(result, album) for result in failed],
        unfinished=[result for result in results if result.outcome == "unfinished"],
        skips=Counter(r.text for r in results if r.outcome == "skipped").most_common(),
        suites=suites,
        latencies=[
            Latency(image, tuple(v for r in timed if r.image == image for v in r.first_audio_ms))
            for image in [*images, ""]
            if any(result.image == image for result in timed)
        ],
    )


def duration(seconds: float) -> str:
    """Returns a time as people read it: `0.02 s`, `1.2 s`, `12 s`, `3 min 20 s`."""
    if seconds < 9.95:
        return f"{seconds:.2f} s" if 0.005 <= seconds < 0.095 else f"{round(seconds, 1):g} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def gist(text: str) -> str:
    """Returns the lines of a failure that say what is wrong: the last that pytest marks with E."""
    account = text.split("\n----- Captured ", 1)[0]
    marked = re.findall(r"(?:^E(?: .*)?\n)+", f"{account}\n", re.MULTILINE)
    if marked:
        lines = (line[1:].rstrip() for line in marked[-1].splitlines()[:_GIST_LINES])
        return textwrap.dedent("\n".join(lines))
    return "\n".join([line for line in account.splitlines() if line.strip()][-3:])


def _failure(result: CaseResult, album: Album) -> Failure:
    text = result.text
    if len(text) > _MOST_TEXT:
        text = f"… {len(text) - _MOST_TEXT} characters left out\n{text[-_MOST_TEXT:]}"
    return Failure(result, gist(result.text), text, album.attachments(result.evidence))
