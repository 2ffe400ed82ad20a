r"""Commands and answers of Asterisk's Gateway Interface (AGI); pure.

A command is a line. Words with spaces are in double quotes, where `\` quotes the next character.
Asterisk accepts lines of less than 2,048 bytes.
"""

import re
from dataclasses import dataclass
from urllib.parse import quote

LONGEST_LINE = 2000
LONGEST_PIECE = 1500
_REPLY = re.compile(r"(\d{3})(?: result=(\S*))?(?: \((.*)\))?.*", re.DOTALL)


class AgiError(Exception):
    """Asterisk refused a command, or has closed the connection; the text says why."""


@dataclass(frozen=True)
class AgiReply:
    """Asterisk's answer to a command.

    Attributes:
        result: The word after `result=`; its meaning depends on the command.
        value: The text in parentheses after it, such as a variable's value.
    """

    result: str
    value: str


def write_command(*words: str) -> bytes:
    """Return the line of a command.

    Raises:
        ValueError: it has more than one line, or is too long.
    """
    line = " ".join(_quoted(word) for word in words).encode() + b"\n"
    if line.count(b"\n") > 1 or b"\r" in line or b"\0" in line:
        raise ValueError("a command has one line")
    if len(line) > LONGEST_LINE:
        raise ValueError("the command is too long")
    return line


def read_reply(line: str) -> AgiReply:
    """Read the answer to a command.

    Raises:
        AgiError: the command failed.
    """
    found = _REPLY.fullmatch(line)
    if not found or found[1] != "200":
        raise AgiError(f"Asterisk answers: {line[:80]!r}")
    if found[2] == "-1":
        raise AgiError("the channel was hung up")
    return AgiReply(found[2] or "", found[3] or "")


def encode_pieces(text: str) -> list[str]:
    """Return a text percent-encoded (RFC 3986, of UTF-8), in pieces that fit into a command.

    Pieces end between characters, so that each can be decoded by itself.
    """
    pieces = [""]
    for character in text:
        encoded = quote(character, safe="")
        if len(pieces[-1]) + len(encoded) > LONGEST_PIECE:
            pieces.append("")
        pieces[-1] += encoded
    return pieces


def _quoted(word: str) -> str:
    if re.fullmatch(r"[A-Za-z0-9_./@+-]+", word):
        return word
    escaped = word.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
