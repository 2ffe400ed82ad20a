"""The filter that keeps programs from typing into root's terminal, in words (seccomp(2))."""

from __future__ import annotations

import struct
from pathlib import Path

FILTER = "runtime/pbx/core/files/usr/local/lib/pbx/no-tiocsti.bpf"
LOAD, EQUAL, AT_LEAST, RETURN = 0x20, 0x15, 0x35, 0x06
NUMBER, MACHINE, REQUEST = 0, 4, 24
"""Where struct seccomp_data has the system call, the machine, and the second argument."""

X86_64, AARCH64 = 0xC000003E, 0xC00000B7
ALLOW, REFUSE = 0x7FFF0000, 0x00050001  # with EPERM
TIOCSTI = 0x5412

PROGRAM = [
    # code, instructions to skip if true and if false, value
    (LOAD, 0, 0, MACHINE),
    (EQUAL, 0, 3, X86_64),
    (LOAD, 0, 0, NUMBER),
    (AT_LEAST, 7, 0, 0x40000000),  # x32, which no program of ours is: refuse
    (EQUAL, 3, 5, 16),  # ioctl
    (EQUAL, 0, 5, AARCH64),  # another machine, such as i386: refuse
    (LOAD, 0, 0, NUMBER),
    (EQUAL, 0, 2, 29),  # ioctl
    (LOAD, 0, 0, REQUEST),
    (EQUAL, 1, 0, TIOCSTI),
    (RETURN, 0, 0, ALLOW),
    (RETURN, 0, 0, REFUSE),
]


def test_the_filter_is_this_program(root: Path) -> None:
    words = b"".join(struct.pack("<HBBI", *instruction) for instruction in PROGRAM)
    assert (root / FILTER).read_bytes() == words
