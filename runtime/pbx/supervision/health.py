"""What the health check prints: text in, findings out, and back as a table."""

from collections.abc import Sequence
from dataclasses import dataclass

GREEN, RED, PLAIN = "\x1b[32m", "\x1b[31m", "\x1b[0m"


@dataclass(frozen=True)
class Finding:
    """One line of the health check."""

    check: str
    ok: bool
    detail: str


def parse_findings(output: str) -> tuple[Finding, ...]:
    """Reads lines of three columns: ok or fail, what was checked, details.

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
    """Returns the findings as a table, one line each."""
    width = max((len(finding.check) for finding in findings), default=0)
    lines = []
    for finding in findings:
        state = "ok  " if finding.ok else "FAIL"
        if colour:
            state = f"{GREEN if finding.ok else RED}{state}{PLAIN}"
        lines.append(f"{state}  {finding.check:{width}}  {finding.detail}")
    return "\n".join(lines)
