"""The page about a run: what it says, what it shows, and that it needs nothing else."""

import re
from html import unescape
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
PNG = b"\x89PNG\r\n\x1a\nno real picture"


@pytest.fixture
def evidence(tmp_path: Path) -> Path:
    """A folder with evidence of the failed test."""
    folder = tmp_path / EVIDENCE
    folder.mkdir(parents=True)
    (folder / "a log&more.txt").write_text("log")
    (folder / "ladder.svg").write_text(ladder.svg([]))
    (folder / "sound.png").write_bytes(PNG)
    return tmp_path


def page(folder: Path) -> str:
    return render(Run(results=[PASSED, FAILED], seconds=200), IMAGES, folder)


def test_page_begins_with_failed_tests(tmp_path: Path) -> None:
    words = " ".join(unescape(re.sub(r"<style>[^<]*|<[^>]*>", " ", page(tmp_path))).split())
    assert words.index("test_call[tls] integration full") < words.index("Tests by image")
    assert "AssertionError: bob heard <440> Hz assert 440 == 1004 The whole failure" in words
    assert "failed in call after 12 s" in words


@pytest.mark.parametrize(
    "svg", ["<svg", "<html/>", "<svg/>", '<!DOCTYPE x><svg xmlns="http://www.w3.org/2000/svg"/>']
)
def test_page_only_links_a_drawing_that_could_spoil_it(evidence: Path, svg: str) -> None:
    (evidence / EVIDENCE / "ladder.svg").write_text(svg)
    html = page(evidence)
    assert "<svg" not in html
    assert f'href="{EVIDENCE}/ladder.svg"' in html


def test_page_has_pictures_and_links_and_needs_nothing_else(evidence: Path) -> None:
    html = page(evidence)
    without_names = html.replace('xmlns="http://www.w3.org/2000/svg"', "")
    assert not re.search(r"https?:|<script|@import|url\(", without_names)
    assert "default-src 'none'" in html
    assert "prefers-color-scheme:dark" in html
    assert "<svg" in html
    assert re.findall(r'\bsrc="([^,"]*)', html) == ["data:image/png;base64"]
    assert f'href="{EVIDENCE}/a%20log%26more.txt"' in html


def test_folder_names_differ_and_can_be_made() -> None:
    nodes = ["tests/a.py::t[x/y]", "tests/a.py::t[x-y]", f"tests/a.py::t[{'é' * 500}]", "tests/.."]
    names = [folder_name(node) for node in nodes]
    assert len(set(names)) == len(nodes)
    assert all(re.fullmatch(r"[A-Za-z0-9_.-]{1,110}", name) for name in names)
