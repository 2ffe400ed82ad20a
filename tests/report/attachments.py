"""The evidence of a failed test as parts of the page: links, and pictures where they are small."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote
from xml.etree import ElementTree

from markupsafe import Markup

WARNINGS = "warnings.txt"
"""What is shown before all else: what the tested program itself found wrong."""

_SVG = "{http://www.w3.org/2000/svg}svg"


@dataclass(frozen=True)
class Attachment:
    """A file of evidence.

    Attributes:
        name: Its path in the folder of the test.
        link: Its address, as seen from the page.
        size: In bytes.
        picture: HTML that shows it, '' if it is no picture or too much.
    """

    name: str
    link: str
    size: int
    picture: Markup


class Album:
    """Finds the evidence of tests; embeds pictures until there are enough on the page."""

    def __init__(self, folder: Path, room: int = 8_000_000) -> None:
        """Opens the folder of the report.

        Args:
            folder: What all links are relative to.
            room: How many bytes of pictures the page may hold; more are only linked.
        """
        self._folder = folder
        self._room = room

    def attachments(self, evidence: str) -> list[Attachment]:
        """Returns the files of a test's evidence; what happened first, its ladder, on top."""
        if not evidence:
            return []
        base = self._folder / evidence
        files = (path for path in base.rglob("*") if path.is_file())
        return sorted(
            (self._attachment(base, path) for path in sorted(files)),
            key=lambda found: (
                not found.picture,
                found.name != WARNINGS,
                not found.name.endswith(".svg"),
            ),
        )

    def _attachment(self, base: Path, path: Path) -> Attachment:
        name = path.relative_to(base).as_posix()
        size = path.stat().st_size
        picture = Markup()
        if size <= self._room:
            picture = _picture(path, name)
            self._room -= len(picture)
        return Attachment(name, quote(path.relative_to(self._folder).as_posix()), size, picture)


def _picture(path: Path, name: str) -> Markup:
    if path.suffix == ".svg":
        return _drawing(path.read_text(encoding="utf-8", errors="replace"))
    if path.suffix == ".png":
        data = base64.b64encode(path.read_bytes()).decode()
        return Markup('<img alt="{}" src="data:image/png;base64,{}">').format(name, data)
    if path.name == WARNINGS:
        return Markup("<pre>{}</pre>").format(path.read_text(encoding="utf-8", errors="replace"))
    return Markup()


def _drawing(source: str) -> Markup:
    """Returns an SVG as it is, so that tooltips work; nothing if it could spoil the page."""
    try:
        # Written by our own collectors, and Expat refuses to expand entities without bounds.
        root = ElementTree.fromstring(source)  # noqa: S314
    except ElementTree.ParseError:
        return Markup()
    if root.tag != _SVG or not source.lstrip().startswith("<svg"):
        return Markup()
    return Markup(source)  # noqa: S704 - checked above; the page's policy forbids scripts
