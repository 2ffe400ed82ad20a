"""The form of websms.conf: text in, what each line says out.

It is that of PHP's INI files, which earlier versions read it as: sections, `key = value`, and
`key [index] = value` for what is not the same for all interfaces. A `;` begins a comment, unless
it is in quotes.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

NAME = "websms.conf"
_LINE = re.compile(
    r"(?P<key>[^\s\[\]=]+)\s*(?:\[(?P<index>[^\[\]]*)\])?\s*=(?P<value>.*)", re.DOTALL
)
_LONGEST_INDEX = 64


class SettingsError(ValueError):
    """A line of the file is wrong; the text is where, which key, and why."""

    def __init__(self, line: int, key: str, reason: str) -> None:
        where = f"{NAME}, line {line}" if line else NAME
        parts = (where, printable(key), printable(reason, 200))
        super().__init__(": ".join(part for part in parts if part))
        self.line = line
        self.key = key
        self.reason = reason


@dataclass(frozen=True)
class Entry:
    """What a line says.

    Attributes:
        line: Its number, from 1.
        section: That it is in, in small letters.
        key: In small letters.
        index: The interface that it is for; None if it is for all.
        value: Without quotes.
    """

    line: int
    section: str
    key: str
    index: str | None
    value: str


def parse_ini(text: str) -> Iterator[Entry]:
    """Yield what the lines say, in order.

    `key[]` stands for the number that follows the highest one that the key has had, from 0.

    Raises:
        SettingsError: a line makes no sense.
    """
    section = ""
    numbers: dict[tuple[str, str], int] = {}
    for number, raw in enumerate(text.split("\n"), 1):
        line = raw.strip()
        if not line or line[0] in ";#":
            continue
        if line[0] == "[":
            section = _section(number, line)
            continue
        key, index, value = _setting(number, line)
        if not section:
            raise SettingsError(number, key, "it is in no section; put [websms] or so before it")
        if index is not None:
            following = numbers.get((section, key), 0)
            index = index or str(following)
            if index.isascii() and index.isdecimal() and len(index) < 10:
                numbers[section, key] = max(following, int(index) + 1)
        yield Entry(number, section, key, index, value)


def _section(number: int, line: str) -> str:
    name, closed, rest = line[1:].partition("]")
    if not closed or (rest.strip() and rest.strip()[0] != ";"):
        raise SettingsError(number, "", f"a section is written [name], not '{printable(line)}'")
    return name.strip().lower()


def _setting(number: int, line: str) -> tuple[str, str | None, str]:
    found = _LINE.fullmatch(line)
    if not found:
        raise SettingsError(number, "", f"'{printable(line)}' is not of the form key = value")
    key, index = found["key"].lower(), found["index"]
    if index is not None:
        index = index.strip()
        if len(index) > _LONGEST_INDEX or not index.isprintable():
            raise SettingsError(number, key, f"an index has at most {_LONGEST_INDEX} letters")
    try:
        value = _value(found["value"].strip())
    except ValueError as error:
        raise SettingsError(number, key, str(error)) from error
    if not value.replace("\t", " ").isprintable():
        raise SettingsError(number, key, "it holds a control character")
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


def printable(text: str, longest: int = 40) -> str:
    """Return a text so that it can be shown in one line."""
    shown = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)
    return shown if len(shown) <= longest else shown[: longest - 1] + "…"
