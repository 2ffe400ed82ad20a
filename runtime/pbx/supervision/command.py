"""The command `pbx`."""

import argparse
import json
import subprocess
import sys
from collections.abc import Sequence

from pbx.supervision.health import Finding, format_table, parse_findings


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command; returns its exit status."""
    parser = argparse.ArgumentParser(prog="pbx", description="Looks after the PBX.")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    health = commands.add_parser(
        "health",
        help="is everything well?",
        description="Runs the container's health check and shows what it found.",
        epilog="Exit status: 0 if all is well, else 1.",
    )
    health.add_argument("--json", action="store_true", help="as JSON, for programs")
    health.set_defaults(run=_health)
    options = parser.parse_args(arguments)
    status: int = options.run(options)
    return status


def _health(options: argparse.Namespace) -> int:
    result = subprocess.run(["healthcheck"], stdout=subprocess.PIPE, check=False)
    findings = parse_findings(result.stdout.decode("utf-8", "replace"))
    healthy = result.returncode == 0 and all(finding.ok for finding in findings)
    if options.json:
        print(json.dumps({"healthy": healthy, "checks": [_as_json(f) for f in findings]}))
    else:
        print(format_table(findings, colour=sys.stdout.isatty()))
    return 0 if healthy else 1


def _as_json(finding: Finding) -> dict[str, object]:
    return {"check": finding.check, "ok": finding.ok, "detail": finding.detail}
