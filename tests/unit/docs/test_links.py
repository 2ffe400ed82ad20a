"""Links of the documents lead somewhere."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from markdown_it.token import Token

from tests.docs.rules import ROOT
from tests.docs.snippets import documents, parse

DOCUMENTS = [
    *documents(ROOT),
    *(ROOT / f"{name}.md" for name in ("CHANGELOG", "CONTRIBUTING", "SECURITY")),
]
_IN_HTML = re.compile(r"\b(?:href|src(?:set)?)=[\"']([^\"' ]+)")
_ELSEWHERE = re.compile(r"[a-z]+:")


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_somewhere(path: Path) -> None:
    wrong = [link for link in links(parse(path.read_text())) if not leads_somewhere(path, link)]
    assert not wrong


@pytest.mark.parametrize(
    ("link", "expected"),
    [
        ("#how-to-add-a-component", True),
        ("#nothing", False),
        ("networking.md#at-the-router", True),
        ("../stages/images.yaml", True),
        ("missing.md", False),
        ("https://example.com/", True),
    ],
)
def test_link_that_is_dead_is_found(link: str, expected: bool) -> None:
    assert leads_somewhere(ROOT / "docs/components.md", link) is expected


def links(tokens: list[Token]) -> Iterator[str]:
    """Yields the targets of links and pictures."""
    for token in tokens:
        for name in ("href", "src"):
            if target := token.attrGet(name):
                yield str(target)
        if token.type in {"html_block", "html_inline"}:
            yield from _IN_HTML.findall(token.content)
        yield from links(token.children or [])


def anchors(tokens: list[Token]) -> set[str]:
    """Returns the names of headings in links."""
    found: set[str] = set()
    for heading, inline in pairwise(tokens):
        if heading.type == "heading_open":
            text = "".join(child.content for child in inline.children or ())
            name = re.sub(r"[^\w\- ]", "", text.lower()).replace(" ", "-")
            twin = re.compile(rf"{re.escape(name)}(-\d+)?")
            twins = [known for known in found if twin.fullmatch(known)]
            found.add(f"{name}-{len(twins)}" if twins else name)
    return found


def leads_somewhere(document: Path, link: str) -> bool:
    """Tells whether a link leads to a file, and to a heading in it; others are let through."""
    if _ELSEWHERE.match(link):
        return True
    file, _, anchor = link.partition("#")
    target = document.parent / file if file else document
    if not target.exists():
        return False
    return not anchor or anchor in anchors(parse(target.read_text()))
