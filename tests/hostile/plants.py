"""What user asterisk can put in the place of a file or folder, and the script that does it."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum

RAN = "/tmp/hostile-ran-"
"""Beginning of the file that a planted script makes; the number of the user who ran it follows."""

SHELL_CANARY = f"#!/bin/sh\n: > {RAN}$(id -u)\n"
PYTHON_CANARY = f"import os; open('{RAN}%d' % os.getuid(), 'w').close()\n"
SPARSE_BYTES = 1 << 40
"""Size of a sparse file below /srv: nobody reads that to its end in a test's time."""
SPARSE_BYTES_IN_RUN = 1 << 26
"""The same below /run, which is part of an exported container."""


class Kind(Enum):
    """What is planted."""

    LINK = "link"
    LOOP = "link to itself"
    HARD_LINK = "hard link"
    FIFO = "FIFO"
    SOCKET = "socket"
    DEVICE = "device 0/0"  # the one that needs no right, mknod(2)
    SPARSE = "sparse file of 1 TiB"
    UNREADABLE_FILE = "file of mode 000"
    UNREADABLE_FOLDER = "folder of mode 000"
    FOLDER = "folder"
    SCRIPT = "executable script"


@dataclass(frozen=True)
class Plant:
    """One thing in one place.

    Attributes:
        path: Where, absolute. What is there is moved aside.
        kind: What.
        target: Of a link or a hard link, where it leads to; else empty.
    """

    path: str
    kind: Kind
    target: str = ""

    def __str__(self) -> str:
        return f"{self.path} ({self.kind.value}{f' to {self.target}' if self.target else ''})"

    def names(self) -> set[str]:
        """Returns what a message may call it: its path, or that without /srv, or its file name."""
        usual = self.path.removeprefix("/srv")
        return {self.path, usual, usual.rpartition("/")[2]}


def compatible(plants: Iterable[Plant]) -> list[Plant]:
    """Returns those that can be there at once: no path is another's, or lies below it.

    Of two that cannot, the one that comes first stays. A hard link's target stays a file, too.
    """
    kept: list[Plant] = []
    for plant in plants:
        used = [path for other in kept for path in _paths(other)]
        if not any(_overlap(mine, path) for mine in _paths(plant) for path in used):
            kept.append(plant)
    return kept


def script(plants: Sequence[Plant]) -> str:
    """Returns the script for POSIX sh that plants them; it prints the number of each that it could.

    Numbers count from 0 in the order given. What cannot be planted, because user asterisk may not
    or the place does not exist, is passed over.
    """
    return "\n".join(
        f"( {_plant(plant)} ) > /dev/null 2>&1 < /dev/null && echo {number}"
        for number, plant in enumerate(plants)
    )


def _plant(plant: Plant) -> str:
    path, target = shlex.quote(plant.path), shlex.quote(plant.target)
    parent = shlex.quote(plant.path.rpartition("/")[0])
    clear = f"mkdir -p {parent}; if [ -e {path} ] || [ -L {path} ]; then mv {path} {path}.moved; fi"
    return f"set -e; {clear}; {_make(plant, path, target)}"


def _make(plant: Plant, path: str, target: str) -> str:
    size = SPARSE_BYTES_IN_RUN if plant.path.startswith("/run/") else SPARSE_BYTES
    python = plant.path.endswith((".py", ".pth"))
    canary = shlex.quote(PYTHON_CANARY if python else SHELL_CANARY)
    return {
        Kind.LINK: f"ln -s {target} {path}",
        Kind.LOOP: f"ln -s {path} {path}",
        Kind.HARD_LINK: f"ln {target} {path}",
        Kind.FIFO: f"mkfifo {path}",
        # Its name is bound for a moment; the socket stays behind.
        Kind.SOCKET: f"timeout -s KILL 20 nc -lU {path} & server=$!; "
        f"until [ -S {path} ]; do kill -0 $server; done; kill -9 $server",
        Kind.DEVICE: f"mknod {path} c 0 0",
        Kind.SPARSE: f"truncate -s {size} {path}",
        Kind.UNREADABLE_FILE: f"echo x > {path}; chmod 000 {path}",
        Kind.UNREADABLE_FOLDER: f"mkdir -m 000 {path}",
        Kind.FOLDER: f"mkdir {path}",
        Kind.SCRIPT: f"printf %s {canary} > {path}; chmod 755 {path}",
    }[plant.kind]


def _paths(plant: Plant) -> list[str]:
    return [plant.path, plant.target] if plant.kind is Kind.HARD_LINK else [plant.path]


def _overlap(one: str, other: str) -> bool:
    return (one + "/").startswith(other + "/") or (other + "/").startswith(one + "/")
