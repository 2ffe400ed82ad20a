"""Colours where they can be seen, and text that cannot do anything to a terminal."""

import os
from typing import TextIO

GREEN, RED, YELLOW, CYAN, BOLD, PLAIN = (
    "\x1b[32m",
    "\x1b[31m",
    "\x1b[33m",
    "\x1b[36m",
    "\x1b[1m",
    "\x1b[0m",
)


def shows_colour(stream: TextIO) -> bool:
    """Whether a stream ends at a terminal whose owner has nothing against colours."""
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def paint(text: str, colour: str, *, colours: bool) -> str:
    """Return the text in a colour, or as it is where there are none."""
    return f"{colour}{text}{PLAIN}" if colours and text else text


def harmless(text: str) -> str:
    """Return text from a file with everything replaced that is not printed as a character."""
    return "".join(letter if letter.isprintable() else "?" for letter in text)


def printable(text: str, longest: int = 40) -> str:
    """Return a text so that it can be shown in one line."""
    shown = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)
    return shown if len(shown) <= longest else shown[: longest - 1] + "…"
