"""Finds what is marked as code in the documents: blocks, and spans in running text and tables."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token

PLACES = (
    "README.md",
    "docs/**/*.md",
    "runtime/pbx/*/README.md",
    "fixtures/*/README.md",
    "demo/**/*.md",
    "bench/**/*.md",
)


@dataclass(frozen=True)
class Snippet:
    """A piece of code in a document.

    Attributes:
        file: The document, from the checkout's root.
        line: Of its first line there; the first is 1.
        text: The code.
        is_block: Whether it is a block of its own rather than a span in a line.
        language: The first word of what follows a block's fence; "" if there is none.
        note: The rest of that.
        column: The heading of the column of a table that a span is in.
    """

    file: str
    line: int
    text: str
    is_block: bool = False
    language: str = ""
    note: str = ""
    column: str = ""

    @property
    def place(self) -> str:
        """File and line, as editors understand them."""
        return f"{self.file}:{self.line}"


def documents(root: Path) -> list[Path]:
    """Returns the documents of a checkout."""
    return [path for pattern in PLACES for path in sorted(root.glob(pattern))]


def all_snippets(root: Path) -> list[Snippet]:
    """Returns the snippets of all documents of a checkout."""
    return [
        snippet
        for path in documents(root)
        for snippet in snippets(str(path.relative_to(root)), path.read_text())
    ]


def parse(text: str) -> list[Token]:
    """Parses Markdown with tables, as GitHub has them."""
    return MarkdownIt("commonmark").enable("table").parse(text)


def snippets(file: str, text: str) -> list[Snippet]:
    """Returns what is marked as code in a document, in its order."""
    found: list[Snippet] = []
    columns: list[str] = []
    cell = -1
    in_head = False
    for token in parse(text):
        if token.type in {"fence", "code_block"}:
            language, _, note = token.info.strip().partition(" ")
            line = _line(token) + (token.type == "fence")
            found.append(Snippet(file, line, token.content, True, language, note.strip()))
        elif token.type == "thead_open":
            columns, in_head = [], True
        elif token.type == "tr_open":
            cell = -1
        elif token.type in {"th_open", "td_open"}:
            cell += 1
        elif token.type == "inline":
            if in_head:
                columns.append(token.content)
            column = columns[cell] if 0 <= cell < len(columns) else ""
            found += [Snippet(file, line, code, column=column) for line, code in _spans(token)]
        elif token.type == "thead_close":
            in_head = False
        elif token.type == "table_close":
            columns, cell = [], -1
    return found


def _spans(token: Token) -> Iterator[tuple[int, str]]:
    line = _line(token)
    for child in token.children or ():
        if child.type == "code_inline":
            yield line, child.content
        # A span may be broken in the source, where the break is a space of its content: the
        # line of what follows is then too low by one.
        line += child.type in {"softbreak", "hardbreak"}


def _line(token: Token) -> int:
    assert token.map
    return token.map[0] + 1
