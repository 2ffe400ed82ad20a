"""The report of real runs of pytest, in one process and in several."""

import os
import re
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from html import unescape
from pathlib import Path
from xml.etree import ElementTree

import pytest

SUITE = """
import pytest
from fixtures.softphone import ladder

lives = []

def pytest_generate_tests(metafunc):
    if "image" in metafunc.fixturenames:
        metafunc.parametrize("image", ["mini", "base"], scope="session")

@pytest.fixture(scope="session")
def container(run_evidence):
    lives.append("container")
    take_back = run_evidence.add("container", lambda folder: save(folder / "container.txt"))
    yield
    take_back()
    lives.remove("container")

def save(path):
    path.write_text(" ".join(lives))

def refuse(folder):
    pytest.fail("no such\\ncontainer")

@pytest.fixture
def phone(evidence):
    lives.append("phone")
    evidence.add("broken", refuse)
    evidence.add("phone", lambda folder: save(folder / "phone.txt"))
    evidence.add("ladder", lambda folder: (folder / "ladder.svg").write_text(ladder.svg([])))
    yield
    lives.remove("phone")

@pytest.fixture
def unplugged(phone):
    raise OSError("no line")

@pytest.fixture
def sticky():
    yield
    raise RuntimeError("does not end")

def test_passes(image, phone, record_property):
    record_property("first_audio_ms", 100.5)
    record_property("first_audio_ms", 200.5)

def test_fails(image, container, phone):
    print("\\x1b[31mringing\\x1b[0m")
    assert image == "mini", f"rang on {image}"

def test_has_no_phone(unplugged): pass

def test_leaves_something(sticky): pass

@pytest.mark.skip(reason="another day")
def test_skipped(): pass

@pytest.mark.xfail(reason="known")
def test_known(phone): assert False

def test_fails_without_evidence(): assert False
"""


@dataclass(frozen=True)
class EndedRun:
    """A run that has ended."""

    folder: Path
    status: int
    output: str

    @property
    def page(self) -> str:
        return (self.folder / "build/report/report.html").read_text(encoding="utf-8")

    @property
    def words(self) -> str:
        body = self.page.partition("<body>")[2]
        return " ".join(unescape(re.sub(r"<style>[^<]*|<[^>]*>", " ", body)).split())

    def evidence(self, test: str) -> dict[str, str]:
        """The texts of a failed test's evidence by file name."""
        (found,) = (self.folder / "build/report/failed").glob(f"test_suite.py-{test}-*")
        return {path.name: path.read_text() for path in found.iterdir()}


def run(
    root: Path, folder: Path, *options: str, suite: str = SUITE, file: str = "test_suite.py"
) -> EndedRun:
    (folder / "pytest.ini").touch()
    (folder / file).parent.mkdir(parents=True, exist_ok=True)
    (folder / file).write_text(suite)
    command = [sys.executable, "-m", "pytest", "-p", "tests.report.plugin", *options]
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PYTEST_")}
    result = subprocess.run(
        command,
        cwd=folder,
        env=environment | {"PYTHONPATH": str(root)},
        capture_output=True,
        text=True,
        check=False,
    )
    return EndedRun(folder, result.returncode, result.stdout + result.stderr)


@pytest.mark.parametrize("options", [["-p", "no:xdist"], ["-n", "2"]], ids=["one", "several"])
def test_report_of_a_run(root: Path, tmp_path: Path, options: Sequence[str]) -> None:
    outcome = run(root, tmp_path, "-ra", "--junitxml=build/report/junit.xml", *options)

    assert outcome.status == 1, outcome.output
    assert outcome.output.splitlines()[-2] == "report: build/report/report.html"
    assert "✗ 4 failed, 3 passed, 2 skipped The run came to its end." in outcome.words
    assert "test_suite.py ✓ 2 ✗ 1/2" in outcome.words
    assert "another day 1" in outcome.words
    assert "expected to fail: known 1" in outcome.words
    assert "mini 2 100 150 200 base 2 100 150 200" in outcome.words
    assert "RuntimeError: does not end" in outcome.words
    assert "failed in teardown" in outcome.words

    # Collected while all fixtures lived; a collector that failed spoiled nothing.
    kept = outcome.evidence("test_fails-base")
    assert kept["container.txt"] == kept["phone.txt"] == "container phone"
    assert kept["collectors.txt"] == "broken: Failed: no such container\n"
    assert "AssertionError: rang on base" in kept["failure.txt"]
    assert "----- Captured stdout call -----\nringing\n" in kept["failure.txt"]
    assert "OSError: no line" in outcome.evidence("test_has_no_phone")["failure.txt"]
    assert set(outcome.evidence("test_fails_without_evidence")) >= {"failure.txt"}
    assert len(list((tmp_path / "build/report/failed").iterdir())) == 3
    assert outcome.page.count('<svg xmlns="http://www.w3.org/2000/svg" class="sip-ladder"') == 2
    for link in re.findall(r'href="([^"]*)"', outcome.page):
        assert (tmp_path / "build/report" / link).is_file()

    junit = ElementTree.parse(tmp_path / "build/report/junit.xml")  # noqa: S314 - our own
    case = junit.find('.//testcase[@name="test_passes[base]"]')
    assert case is not None
    properties = [(p.get("name"), p.get("value")) for p in case.iter("property")]
    audio = [("first_audio_ms", "100.5"), ("first_audio_ms", "200.5")]
    assert properties == [("image", "base"), *audio]


def test_report_removes_only_what_an_earlier_one_made(root: Path, tmp_path: Path) -> None:
    run(root, tmp_path, suite="def test_a(): assert False")
    (tmp_path / "build/report/junit.xml").write_text("not mine")
    run(root, tmp_path, "--collect-only", suite="def test_a(): pass")
    assert "1 failed" in run(root, tmp_path, "--fixtures").page
    outcome = run(root, tmp_path, suite="def test_a(): pass")
    assert "✓ 1 passed" in outcome.words
    names = {path.name for path in (tmp_path / "build/report").iterdir()}
    assert names == {".report", "junit.xml", "report.html"}


def test_report_refuses_a_folder_of_something_else(root: Path, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/report.html").write_text("dear diary")
    outcome = run(root, tmp_path, "--report=mine", suite="def test_a(): pass")
    assert outcome.status == pytest.ExitCode.USAGE_ERROR
    assert "is not empty and holds no report: name another folder" in outcome.output
    assert [path.name for path in (tmp_path / "mine").iterdir()] == ["report.html"]


def test_report_names_a_collection_that_fails(root: Path, tmp_path: Path) -> None:
    outcome = run(root, tmp_path, "-n", "2", suite="import no_such_module")
    assert "✗ 1 failed" in outcome.words
    assert "No module named 'no_such_module'" in outcome.words


def test_report_of_an_interrupted_run_names_the_unfinished_test(root: Path, tmp_path: Path) -> None:
    suite = "def test_a(): pass\ndef test_b(): raise KeyboardInterrupt\ndef test_c(): pass"
    outcome = run(root, tmp_path, suite=suite)
    assert outcome.status == pytest.ExitCode.INTERRUPTED
    assert "… 1 passed, 1 unfinished Ended early: interrupted." in outcome.words
    assert "test_suite.py::test_b" in outcome.words


def test_report_of_a_crashed_process_is_a_failure(root: Path, tmp_path: Path) -> None:
    suite = "import os\ndef test_a(): os._exit(3)\ndef test_b(): pass"
    outcome = run(root, tmp_path, "-n", "1", suite=suite)
    assert "✗ 1 failed, 1 passed" in outcome.words
    assert "crashed while running" in outcome.words


UNSTEADY = """
from pathlib import Path

def test_passes_at_last(evidence):
    tried = Path("tried")
    evidence.add("attempt", lambda folder: (folder / "first.txt").write_text("busy"))
    if not tried.exists():
        tried.touch()
        raise TimeoutError("did not ring")
"""


def test_report_keeps_what_passes_when_run_again(root: Path, tmp_path: Path) -> None:
    outcome = run(root, tmp_path, "--reruns", "1", "-raR", "-n", "2", suite=UNSTEADY)

    assert outcome.status == 0, outcome.output
    assert "1 passed, 1 rerun" in outcome.output
    assert "RERUN test_suite.py::test_passes_at_last" in outcome.output
    assert "0 passed, 1 passed when run again" in outcome.words
    assert "TimeoutError: did not ring" in outcome.words
    assert outcome.evidence("test_passes_at_last")["first.txt"] == "busy"
