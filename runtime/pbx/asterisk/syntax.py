r"""The lines of Asterisk's configuration files: bytes in, what they say out.

As Asterisk 22 reads them: a line ends at its line feed and is never continued on the next;
`;` begins a comment unless `\` is before it; `;--` and `--;` enclose comments and nest; a line
of 8191 bytes or more is skipped. That is another language than that of INI files (templates,
includes, `+=`, no quotes), which pbx.core.ini reads.
"""

from collections.abc import Iterator
from dataclasses import dataclass

LONGEST_LINE = 8190
_BLANKS = "".join(map(chr, range(33)))


@dataclass(frozen=True)
class Header:
    """`[name](!,parent,+)`: begins a section, or goes on with one that there is."""

    name: str
    parents: tuple[str, ...] = ()
    template: bool = False
    addition: bool = False


@dataclass(frozen=True)
class Setting:
    """`name = value`, or `name += value`, which lengthens an earlier one."""

    name: str
    value: str
    append: bool = False


@dataclass(frozen=True)
class Include:
    """`#include file`, or `#tryinclude file`, which may be missing."""

    pattern: str
    required: bool


@dataclass(frozen=True)
class Mistake:
    """A line that Asterisk rejects."""

    text: str


Item = Header | Setting | Include | Mistake


def parse_lines(content: bytes) -> Iterator[tuple[int, Item]]:
    """Yield what each line says, with its number; lines that say nothing are left out."""
    depth = 0
    for number, raw in enumerate(content.split(b"\n"), 1):
        if len(raw) > LONGEST_LINE:
            yield number, Mistake("the line is too long")
            continue
        line = raw.partition(b"\0")[0].decode("utf-8", "surrogateescape")
        text, depth = _without_comments(line, depth)
        text = text.strip(_BLANKS)
        if text:
            yield number, _parse(text)
    if depth > 0:
        yield number, Mistake("a comment that began with ;-- has no end")


def _without_comments(line: str, depth: int) -> tuple[str, int]:
    """Return what is left of a line, and how many comments are open after it."""
    kept = []
    begin, position, visible = 0, 0, depth == 0
    while (at := line.find(";", position)) >= 0:
        if at > position and line[at - 1] == "\\":
            line = line[: at - 1] + line[at:]
            position = at
        elif line.startswith(";--", at) and line[at + 3 : at + 4] != "-":
            if visible:
                kept.append(line[begin:at])
                visible = False
            depth += 1
            position = at + 3
        elif at >= position + 2 and line[at - 2 : at] == "--":
            # One that ends what never began hides the following lines; Asterisk does the same.
            depth -= 1
            position = at + 1
            if depth == 0:
                begin, visible = position, True
        elif depth == 0:
            line = line[:at]
        else:
            position = at + 1
    if visible:
        kept.append(line[begin:])
    return "".join(kept), depth


def _parse(text: str) -> Item:
    if text[0] == "[":
        return _parse_header(text)
    if text[0] == "#":
        return _parse_directive(text[1:])
    first = 1 if text[0] == "\\" else 0  # \[ at the start is no header
    name, separator, value = text[first:].partition("=")
    if not separator:
        return Mistake("there is no '='")
    append = name.endswith("+")
    if append:
        name = name[:-1]
    elif value.startswith(">"):
        value = value[1:]
    name = name.strip(_BLANKS)
    if not name:
        return Mistake("there is nothing before '='")
    return Setting(name, value.strip(_BLANKS), append)


def _parse_header(text: str) -> Item:
    name, closed, rest = text[1:].partition("]")
    if not closed:
        return Mistake("there is no ']'")
    if not rest.startswith("("):
        return Header(name)
    inside, closed, _ = rest[1:].partition(")")
    if not closed:
        return Mistake("there is no ')'")
    options = inside.split(",")
    return Header(
        name,
        parents=tuple(o for o in options if o != "!" and not o.startswith("+")),
        template="!" in options,
        addition=any(o.startswith("+") for o in options),
    )


def _parse_directive(text: str) -> Item:
    words = text.split(None, 1)
    word = words[0].lower() if words and text[0] not in _BLANKS else ""
    if word not in ("include", "tryinclude"):
        return Mistake(f"#{word} is not followed")
    argument = words[1].strip(_BLANKS) if len(words) > 1 else ""
    if len(argument) > 1 and argument[0] + argument[-1] in ('""', "<>"):
        argument = argument[1:-1]
    if not argument:
        return Mistake(f"#{word} names no file")
    return Include(argument, word == "include")
