"""The language of the Asterisk Manager Interface (AMI), without I/O: bytes in, messages out.

A message is a block of lines `Key: value`, each ended by CR LF, and an empty line. It may come in
pieces of any size, and several may come at once.
"""

from collections.abc import Mapping

MAX_MESSAGE = 64 * 1024
"""Bytes. What is longer is left out as a whole, so that memory is bounded."""

Message = Mapping[str, str]
"""Fields by name. Of a field that comes more than once, the first."""

_END = b"\r\n\r\n"


class AmiReader:
    """Makes messages of what Asterisk sends.

    Attributes:
        skipped: How many messages were too long.
    """

    def __init__(self) -> None:
        self.skipped = 0
        self._rest = b""
        self._too_long = False

    def receive(self, data: bytes) -> list[Message]:
        """Take the next bytes; return the messages that are complete with them."""
        *blocks, self._rest = (self._rest + data).split(_END)
        messages = []
        for block in blocks:
            if self._too_long or len(block) > MAX_MESSAGE:
                self._too_long = False
                self.skipped += 1
            elif message := _read_block(block):
                messages.append(message)
        if len(self._rest) >= MAX_MESSAGE + len(_END):
            self._too_long = True
            self._rest = self._rest[1 - len(_END) :]  # may be the beginning of an end
        return messages


def _read_block(block: bytes) -> Message:
    fields: dict[str, str] = {}
    for line in reversed(block.decode("utf-8", "replace").split("\r\n")):
        key, colon, value = line.partition(":")
        if colon:  # else: the greeting before the first message, or nonsense
            fields[key] = value.removeprefix(" ")
    return fields


def write_action(name: str, **fields: str) -> bytes:
    """Return the bytes that ask Asterisk for something.

    Args:
        name: Of the action.
        fields: What it takes.

    Raises:
        ValueError: a value has more than one line, and would be taken for more fields.
    """
    lines = [f"{key}: {value}" for key, value in {"Action": name, **fields}.items()]
    if any("\r" in line or "\n" in line for line in lines):
        raise ValueError("a field of an action has one line")
    return "\r\n".join([*lines, "", ""]).encode()
