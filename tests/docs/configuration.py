"""Puts a block of configuration where a reader would put it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise

_HEADER = re.compile(r"^\[([^]]+)\]", re.MULTILINE)
_SETTING = re.compile(r"^([\w./-]+)\s*=>?\s*(.*?)\s*(;.*)?$")


class NoPlaceError(Exception):
    """Nothing tells where in the file a line belongs."""


@dataclass(frozen=True)
class Section:
    """A section of a configuration.

    Attributes:
        name: Between the brackets; "" for what comes before the first section.
        text: With the header.
    """

    name: str
    text: str

    @property
    def is_template(self) -> bool:
        """Whether Asterisk makes nothing of it by itself."""
        return bool(re.match(r"\[[^]]+\]\(!", self.text))

    @property
    def settings(self) -> list[tuple[str, str]]:
        """Keys and values, without comments."""
        found = (_SETTING.match(line) for line in self.text.splitlines())
        return [(match[1], match[2]) for match in found if match]


def sections(text: str) -> list[Section]:
    """Splits a configuration into its sections."""
    headers = [*_HEADER.finditer(text)]
    bounds = [0, *(header.start() for header in headers), len(text)]
    names = ["", *(header[1] for header in headers)]
    pairs = zip(names, pairwise(bounds), strict=True)
    return [Section(name, text[begin:end]) for name, (begin, end) in pairs if begin < end]


def put_in(file: str, block: str) -> str:
    """Returns a file with a block in it.

    A section replaces the one of its name, and is added at the end where there is none. Settings
    before the first section replace those of their names, or comments that show them.

    Raises:
        NoPlaceError: the file has no such setting.
    """
    for section in sections(block):
        if section.name:
            file = _with_section(file, section)
        else:
            for line in filter(str.strip, section.text.splitlines()):
                file = _with_setting(file, line)
    return file


def _with_section(file: str, section: Section) -> str:
    parts = sections(file)
    if section.name not in {part.name for part in parts}:
        return f"{file.rstrip()}\n\n{section.text.rstrip()}\n"
    return "".join(
        _replaced(part, section) if part.name == section.name else part.text for part in parts
    )


def _replaced(old: Section, new: Section) -> str:
    includes = [line for line in old.text.splitlines() if line.startswith("#")]
    return "\n".join([new.text.rstrip(), "", *includes, ""])


def _with_setting(file: str, line: str) -> str:
    match = _SETTING.match(line)
    if not match:
        raise NoPlaceError(line)
    key, value = match[1], match[2]
    if re.search(rf"^{re.escape(key)}\s*=\s*{re.escape(value)}\s*(;|$)", file, re.MULTILINE):
        return file
    for comment in ("", ";"):
        found = re.compile(rf"^{comment}\s*{re.escape(key)}\s*=.*$", re.MULTILINE)
        if found.search(file):
            return found.sub(lambda _: line, file, count=1)
    raise NoPlaceError(line)
