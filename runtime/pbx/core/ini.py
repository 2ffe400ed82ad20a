"""The one reader of INI files: text in, what each line says out.

The rules are those of PHP's INI files, which earlier versions of websms.conf and autoban.conf were
read by: sections, `key = value`, and `key [index] = value` for a list. A `;` begins a comment,
unless it is in quotes. Asterisk's own files have other rules: see pbx.asterisk.syntax.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from pbx.core.terminal import printable

_LINE = re.compile(
    r"(?P<key>[^\s\[\]=]+)\s*(?:\[(?P<index>[^\[\]]*)\])?\s*=(?P<value>.*)", re.DOTALL
)
_LONGEST_INDEX = 64


class IniError(ValueError):
    """A line of a file is wrong; the text is where, which key, and why, in one printable line.

    Args:
        file: Name of the file.
        line: Its number, from 1; 0 if it is about the whole file.
        key: Which key; may be empty.
        reason: What is wrong with it.
    """

    def __init__(self, file: str, line: int, key: str, reason: str) -> None:
        where = f"{file}, line {line}" if line else file
        parts = (where, printable(key), printable(reason, 200))
        super().__init__(": ".join(part for part in parts if part))
        self.line = line
        self.key = key
        self.reason = reason


@dataclass(frozen=True)
class IniEntry:
    """What a line says.

    Attributes:
        line: Its number, from 1.
        section: That it is in, in lower case.
        key: In lower case.
        index: What is in brackets after the key; None if there are no brackets.
        value: Without quotes.
    """

    line: int
    section: str
    key: str
    index: str | None
    value: str


def parse_ini(text: str, file: str) -> Iterator[IniEntry]:
    """Yield what the lines say, in order.

    `key[]` stands for the number that follows the highest one that the key has had, from 0.

    Args:
        text: Of the file.
        file: Its name, for errors.

    Raises:
        IniError: a line is wrong.
    """
    for item in parse_ini_lines(text, file):
        if isinstance(item, IniError):
            raise item
        yield item


def parse_ini_lines(text: str, file: str) -> Iterator[IniEntry | IniError]:
    """Yield what the lines say, as parse_ini does; for each line that is wrong, its error."""
    section = ""
    numbers: dict[tuple[str, str], int] = {}
    for number, raw in enumerate(text.split("\n"), 1):
        line = raw.strip()
        if not line or line[0] in ";#":
            continue
        try:
            if line[0] == "[":
                section = ""  # what follows a wrong header is not for the section before it
                section = _section(line)
                continue
            key, index, value = _setting(line)
            if not section:
                raise _LineError("it is in no section; put [name] before it", key)
        except _LineError as error:
            yield IniError(file, number, error.key, error.reason)
            continue
        if index is not None:
            following = numbers.get((section, key), 0)
            index = index or str(following)
            if index.isascii() and index.isdecimal() and len(index) < 10:
                numbers[section, key] = max(following, int(index) + 1)
        yield IniEntry(number, section, key, index, value)


class _LineError(ValueError):
    def __init__(self, reason: str, key: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.key = key


def _section(line: str) -> str:
    name, closed, rest = line[1:].partition("]")
    if not closed or (rest.strip() and rest.strip()[0] != ";"):
        raise _LineError(f"a section is written [name], not '{printable(line)}'")
    return name.strip().lower()


def _setting(line: str) -> tuple[str, str | None, str]:
    found = _LINE.fullmatch(line)
    if not found:
        raise _LineError(f"'{printable(line)}' is not of the form key = value")
    key, index = found["key"].lower(), found["index"]
    if index is not None:
        index = index.strip()
        if len(index) > _LONGEST_INDEX or not index.isprintable():
            raise _LineError(f"an index has at most {_LONGEST_INDEX} letters", key)
    try:
        value = _value(found["value"].strip())
    except ValueError as error:
        raise _LineError(str(error), key) from error
    if not value.replace("\t", " ").isprintable():
        raise _LineError("it holds a control character", key)
    return key, index, value


def _value(text: str) -> str:
    r"""Take quotes and a comment off; in double quotes a backslash makes `"` and `\` plain."""
    quote = text[:1]
    if not quote or quote not in "'\"":
        return text.partition(";")[0].strip()
    value, position = "", 1
    while position < len(text) and text[position] != quote:
        if quote == '"' and text[position] == "\\" and text[position + 1 : position + 2] in '"\\':
            position += 1
        value += text[position : position + 1]
        position += 1
    if position >= len(text):
        raise ValueError(f"there is no second {quote}")
    rest = text[position + 1 :].strip()
    if rest and rest[0] != ";":
        raise ValueError(f"there is something behind the second {quote}")
    return value
