"""The full gate: every test suite for containers, run on one candidate."""

from __future__ import annotations

import hashlib
import importlib.util
import re
import subprocess
import sys
from pathlib import Path

from factory.console import Console
from factory.errors import FactoryError, ProofError

SUITES = ("tests/image", "tests/integration", "tests/hostile")
SOURCES = ("tests", "fixtures", "factory", "runtime", "stages")
"""Folders with the suites, and with all that they read of the checkout."""


def fingerprint(root: Path) -> str:
    """Return a digest of the suites: if it has changed, candidates have to pass them again."""
    digest = hashlib.sha256()
    for path in sorted(path for name in SOURCES for path in (root / name).rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts:
            text = path.read_bytes()
            digest.update(f"{path.relative_to(root).as_posix()} {len(text)}\n".encode() + text)
    return digest.hexdigest()[:12]


def run(root: Path, image: str, image_id: str, report: Path, console: Console) -> str:
    """Run the suites on a candidate; return pytest's last line, such as `212 passed in 301.2s`.

    Args:
        root: The checkout.
        image: Name of the image in the catalog.
        image_id: The candidate.
        report: Folder for the report.
        console: Gets each line.

    Raises:
        ProofError: a test failed; the hint names the report.
        FactoryError: pytest is not installed.
    """
    if importlib.util.find_spec("pytest") is None:
        raise FactoryError(
            "--gate full needs the packages for tests",
            "run `make test` once, or .venv/bin/pip install -r requirements-dev.lock",
        )
    command = [sys.executable, "-m", "pytest", *SUITES, "-q", "-n", "3", "--dist", "loadgroup"]
    command += ["--image", f"{image}={image_id}", f"--report={report}"]
    said = counts = ""
    with (
        console.activity(f"run all suites on {image}"),
        subprocess.Popen(
            command,
            cwd=root,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        ) as process,
    ):
        for line in process.stdout or ():
            console.line(line.rstrip())
            said = line.strip("= \n") or said
            if re.search(r"\d+ (passed|failed|error)", line):
                counts = said
    if process.returncode or "passed" not in counts:
        page = report / "report.html"
        raise ProofError(
            f"{image}: the full gate refuses: "
            + (counts or f"pytest ended with {process.returncode}: {said}"),
            f"no tag was moved; the report is {page}" if page.exists() else "no tag was moved",
        )
    return counts
