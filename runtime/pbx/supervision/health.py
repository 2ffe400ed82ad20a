"""What the health check prints: text in, findings out, and back as a table."""

import argparse
import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from pbx.core.terminal import GREEN, RED, paint, shows_colour


@dataclass(frozen=True)
class Finding:
    """One line of the health check."""

    check: str
    ok: bool
    detail: str


def parse_findings(output: str) -> tuple[Finding, ...]:
    """Read lines of three columns: ok or fail, what was checked, details.

    A line of another form is what a check said before it broke: it counts as a failure.
    """
    findings = []
    for line in output.splitlines():
        columns = line.split("\t", 2)
        if len(columns) == 3 and columns[0] in ("ok", "fail"):
            findings.append(Finding(columns[1], columns[0] == "ok", columns[2]))
        elif line.strip():
            findings.append(Finding("health check", False, line.strip()))
    return tuple(findings)


def format_table(findings: Sequence[Finding], *, colour: bool) -> str:
    """Return the findings as a table, one line each."""
    width = max((len(finding.check) for finding in findings), default=0)
    lines = []
    for finding in findings:
        state = "ok  " if finding.ok else "FAIL"
        state = paint(state, GREEN if finding.ok else RED, colours=colour)
        lines.append(f"{state}  {finding.check:{width}}  {finding.detail}")
    return "\n".join(lines)


def run(options: argparse.Namespace) -> int:
    """Run the health check and show what it found; return the exit status."""
    result = subprocess.run(["healthcheck"], stdout=subprocess.PIPE, check=False)
    findings = parse_findings(result.stdout.decode("utf-8", "replace"))
    healthy = result.returncode == 0 and all(finding.ok for finding in findings)
    if options.json:
        print(json.dumps({"healthy": healthy, "checks": [asdict(f) for f in findings]}))
    else:
        print(format_table(findings, colour=shows_colour(sys.stdout)))
    return 0 if healthy else 1
