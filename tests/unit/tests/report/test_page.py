"""The page about a run: what it says, what it shows, and that it needs nothing else."""

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from fixtures.softphone import ladder
from tests.report.evidence import folder_name
from tests.report.page import render
from tests.report.results import CaseResult, Run

IMAGES = ["mini", "base", "full", "xtra"]
FAILURE = """\
    def test_call(phones):
>       assert phones.heard == 1004
E       AssertionError: bob heard <440> Hz
E       assert 440 == 1004

tests/integration/test_calls.py:8: AssertionError

----- Captured stdout call -----
E  no line of pytest
"""
EVIDENCE = "failed/calls-1"
PASSED = CaseResult("tests/image/test_health.py::test_well[mini]", "passed", 1.25, "mini")
FAILED = CaseResult(
    "tests/integration/test_calls.py::test_call[tls-full]",
    "failed",
    12,
    "full",
    phase="call",
    text=FAILURE,
    evidence=EVIDENCE,
)
SKIPPED = CaseResult("tests/unit/test_tags.py::test_tag[a-b]", "skipped", 0, text="not today")
UNFINISHED = CaseResult("tests/gate/test_gate.py::test_gate[base]", "unfinished", image="base")
PNG = b"\x89PNG\r\n\x1a\nno real picture"


class Reader(HTMLParser):
    """Reads a page: checks that its elements are closed, collects words and addresses."""

    EMPTY = frozenset({"meta", "img", "br", "rect", "path"})

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.links: list[str] = []
        self.sources: list[str] = []
        self.words = ""
        self.feed(html)
        self.close()
        assert not self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        if tag not in self.EMPTY:
            self.open.append(tag)
        self.links += [value or "" for key, value in attrs if key == "href"]
        self.sources += [value or "" for key, value in attrs if key == "src"]

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in self.EMPTY, (tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] != "style":
            self.words += f" {data}"


def read(folder: Path, *results: CaseResult, stopped: str = "") -> tuple[Reader, str]:
    html = render(Run(results=list(results), seconds=200, stopped=stopped), IMAGES, folder)
    reader = Reader(html)
    return reader, " ".join(reader.words.split())


@pytest.fixture
def evidence(tmp_path: Path) -> Path:
    """A folder with evidence of the failed test."""
    folder = tmp_path / EVIDENCE
    folder.mkdir(parents=True)
    (folder / "a log&more.txt").write_text("log")
    (folder / "ladder.svg").write_text(ladder.svg([]))
    (folder / "sound.png").write_bytes(PNG)
    return tmp_path


def test_page_counts_outcomes(tmp_path: Path) -> None:
    _, words = read(tmp_path, PASSED, FAILED, SKIPPED, UNFINISHED)
    assert "✗ 1 failed, 1 passed, 1 unfinished, 1 skipped The run came to its end." in words
    assert "took 3 min 20 s" in words
    assert "not today" in words


def test_page_begins_with_failed_tests(tmp_path: Path) -> None:
    _, words = read(tmp_path, PASSED, FAILED)
    assert words.index("test_call[tls] integration full") < words.index("Tests by image")
    assert "AssertionError: bob heard <440> Hz assert 440 == 1004 The whole failure" in words
    assert "failed in call after 12 s" in words


def test_page_links_evidence_and_shows_pictures(evidence: Path) -> None:
    reader, words = read(evidence, FAILED)
    assert reader.links == [
        f"{EVIDENCE}/ladder.svg",
        f"{EVIDENCE}/sound.png",
        f"{EVIDENCE}/a%20log%26more.txt",
    ]
    assert "svg" in reader.tags
    assert "no SIP messages" in words
    assert all(source.startswith("data:image/png;base64,") for source in reader.sources)
    assert len(reader.sources) == 1


@pytest.mark.parametrize(
    "svg", ["<svg", "<html/>", "<svg/>", '<!DOCTYPE x><svg xmlns="http://www.w3.org/2000/svg"/>']
)
def test_page_only_links_a_drawing_that_could_spoil_it(evidence: Path, svg: str) -> None:
    (evidence / EVIDENCE / "ladder.svg").write_text(svg)
    reader, _ = read(evidence, FAILED)
    assert "svg" not in reader.tags
    assert f"{EVIDENCE}/ladder.svg" in reader.links


def test_page_needs_nothing_else(evidence: Path) -> None:
    html = render(Run(results=[PASSED, FAILED]), IMAGES, evidence)
    without_names = html.replace('xmlns="http://www.w3.org/2000/svg"', "")
    assert not re.search(r"https?:|<script|@import|url\(", without_names)
    assert "default-src 'none'" in html
    assert "prefers-color-scheme:dark" in html


@pytest.mark.parametrize(
    ("node", "on", "suite", "name"),
    [
        ("tests/image/test_a.py::test_b[mini]", "mini", "image", "test_b"),
        ("tests/image/test_a.py::test_b[mini-udp]", "mini", "image", "test_b[udp]"),
        ("tests/image/test_a.py::test_b[udp-full-mini]", "full", "image", "test_b[udp-mini]"),
        ("tests/unit/test_a.py::TestB::test_c[x-y]", "", "unit", "TestB::test_c[x-y]"),
        ("tests/unit/test_a.py", "", "unit", ""),
        ("test_a.py::test_b", "", "tests", "test_b"),
    ],
)
def test_result_has_name_and_suite(node: str, on: str, suite: str, name: str) -> None:
    result = CaseResult(node, "passed", image=on)
    assert (result.suite, result.name) == (suite, name)


def test_folder_names_differ_and_can_be_made() -> None:
    nodes = ["tests/a.py::t[x/y]", "tests/a.py::t[x-y]", f"tests/a.py::t[{'é' * 500}]", "tests/.."]
    names = [folder_name(node) for node in nodes]
    assert len(set(names)) == len(nodes)
    assert all(re.fullmatch(r"[A-Za-z0-9_.-]{1,110}", name) for name in names)
    assert names[0].startswith("a.py-t-x-y-")
