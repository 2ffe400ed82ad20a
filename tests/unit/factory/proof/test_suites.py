"""The full gate: what pytest's exit status and last line make of a candidate."""

import importlib.util
import sys
from pathlib import Path

import pytest

from factory.console import Console
from factory.errors import FactoryError, ProofError
from factory.proof import suites

LINES = """\
tests/image/test_files.py: 3 failed attempts, 1 passed on
E   AssertionError: 2 passed
"""


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "build.log"


def run(folder: Path, monkeypatch: pytest.MonkeyPatch, end: str, status: int = 0) -> str:
    """Runs the suites with a program in Python's place, which ends with a line and a status."""
    (folder / "end").write_bytes(f"{LINES}{end}\n".encode("latin-1"))
    program = folder / "python"
    program.write_text(f"#!/bin/sh\npwd\nprintf '%s\\n' \"$@\"\ncat end\necho >&2\nexit {status}\n")
    program.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(program))
    with Console(folder / "build.log", verbosity=-1) as console:
        return suites.run(folder, "full", "sha256:12", folder / "build/full/report", console)


def test_suites_that_pass_return_the_last_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    last = run(tmp_path, monkeypatch, "212 passed, 3 skipped in 301.20s (0:05:01)")
    assert last == "212 passed, 3 skipped in 301.20s (0:05:01)"
    assert run(tmp_path, monkeypatch, "===== 1 passed in 2s =====") == "1 passed in 2s"


def test_suites_run_in_the_checkout_on_the_candidate(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, log: Path
) -> None:
    run(tmp_path, monkeypatch, "1 passed in 2s")
    said = [line.split(" ", 1)[1] for line in log.read_text().splitlines()]
    assert said[1] == str(tmp_path)
    assert said[2:7] == ["-m", "pytest", "tests/image", "tests/integration", "tests/hostile"]
    assert said[said.index("--image") + 1] == "full=sha256:12"
    assert f"--report={tmp_path}/build/full/report" in said
    assert "E   AssertionError: 2 passed" in said


@pytest.mark.parametrize(
    ("end", "status", "why"),
    [
        ("=== 2 failed, 210 passed in 300s ===", 1, "2 failed, 210 passed in 300s"),
        ("1 error in 0.5s", 2, "1 error in 0.5s"),
        ("1 passed in 1s", 3, "1 passed in 1s"),
    ],
)
def test_suites_failure_names_last_line_and_report(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, end: str, status: int, why: str
) -> None:
    page = tmp_path / "build/full/report/report.html"
    page.parent.mkdir(parents=True)
    page.touch()
    with pytest.raises(ProofError) as caught:
        run(tmp_path, monkeypatch, end, status)
    assert caught.value.cause == f"full: the full gate refuses: {why}"
    assert caught.value.hint == f"no tag was moved; the report is {page}"


def test_suites_without_a_result_quote_the_last_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.unit.factory.proof.test_suites.LINES", "")
    with pytest.raises(ProofError) as caught:
        run(tmp_path, monkeypatch, "ERROR: file or directory not found", 4)
    assert caught.value.cause == (
        "full: the full gate refuses: pytest ended with 4: ERROR: file or directory not found"
    )
    assert caught.value.hint == "no tag was moved"


def test_suites_output_may_be_other_than_utf_8(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, log: Path
) -> None:
    assert run(tmp_path, monkeypatch, "caf\xe9\n1 passed in 2s") == "1 passed in 2s"
    assert "caf" in log.read_text()


def test_suites_without_pytest_fail_with_a_hint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, log: Path
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: {"pytest": None}[name])
    with pytest.raises(FactoryError, match="--gate full needs the packages for tests") as caught:
        run(tmp_path, monkeypatch, "1 passed in 2s")
    assert "make test" in caught.value.hint
    assert log.read_text() == ""


def test_suites_fingerprint_depends_on_tests_and_sources(tmp_path: Path) -> None:
    test = tmp_path / "tests" / "test_one.py"
    test.parent.mkdir()
    test.write_text("def test_one() -> None: ...\n")
    before = suites.fingerprint(tmp_path)
    (tmp_path / "README.md").touch()
    (test.parent / "__pycache__").mkdir()
    (test.parent / "__pycache__" / "test_one.pyc").touch()
    assert suites.fingerprint(tmp_path) == before
    test.write_text("def test_two() -> None: ...\n")
    assert suites.fingerprint(tmp_path) != before
