"""The gate: starts a candidate and proves that it works. No image gets a tag without it."""

from __future__ import annotations

import hashlib
import time
from dataclasses import dataclass
from pathlib import Path

from factory.build.engine import Engine
from factory.build.softphone import FOLDER
from factory.console import Console
from factory.errors import EngineError, ProofError
from factory.proof.candidate import Candidate
from factory.proof.checks import CHECKS
from factory.proof.expectation import Expectation
from factory.proof.make_candidate import make_candidate
from factory.proof.trial import Trial
from fixtures.softphone import SoftphoneError

LABELS = {"asterisk-image-factory": "gate"}


@dataclass(frozen=True)
class Passed:
    """One check that a candidate passed: what was seen, and how long it took."""

    name: str
    seen: str
    seconds: float


@dataclass(frozen=True)
class Gate:
    """The checks for candidates of one image.

    Attributes:
        expected: What they have to show.
        softphone: Name or id of the softphone's image.
    """

    expected: Expectation
    softphone: str

    def fingerprint(self) -> str:
        """Return a digest of the gate: if it has changed, candidates have to pass it again."""
        here = Path(__file__).parent
        sources = sorted(here.glob("*.py"))
        sources.append(here.parent / "waiting.py")
        sources += sorted((here.parents[1] / FOLDER).glob("*.py"))
        text = b"".join(path.read_bytes() for path in sources) + repr(self).encode()
        return hashlib.sha256(text).hexdigest()[:12]

    def prove(self, engine: Engine, image: str, console: Console) -> tuple[Passed, ...]:
        """Run all checks on a candidate, in order; stop at the first that fails.

        Raises:
            ProofError: says which check failed and why; the logs of the candidate and the phones
                are in the log file.
        """
        passed: list[Passed] = []
        with make_candidate(engine, image, self.softphone, LABELS) as candidate:
            trial = Trial(candidate, self.expected, LABELS)
            for check in CHECKS:
                name = check.__name__.replace("_", " ")
                console.line(f"gate: {name}")
                start = time.monotonic()
                try:
                    seen = check(trial)
                except (ProofError, EngineError, TimeoutError, SoftphoneError) as error:
                    reason, *story = _cause(candidate, error).splitlines()
                    for line in [*story, *candidate.logs().splitlines()]:
                        console.line(f"candidate: {line}")
                    raise ProofError(f"the gate refuses: {name}: {reason}") from error
                passed.append(Passed(name, seen, round(time.monotonic() - start, 3)))
        return tuple(passed)


def _cause(candidate: Candidate, error: Exception) -> str:
    """Return why a check failed; if the candidate has ended, that is the reason."""
    if not isinstance(error, ProofError):
        try:
            candidate.check_that_it_runs()
        except ProofError as ended:
            return str(ended)
    return str(error)
