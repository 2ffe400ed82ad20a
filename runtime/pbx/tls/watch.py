"""Waits until there is something to do about certificates, and has refresh.py do it.

Reads what reader.py writes, on its standard input; without `--given` there is no such program,
since there is nothing that it could read. Stays in memory for as long as the container lives, hence
imports little: above all not cryptography, which is larger than all the rest.
"""

import os
import select
import subprocess
import sys
import time

from pbx.tls import state
from pbx.tls.digest import digest
from pbx.tls.given import HEADER_BYTES, MAX_BYTES, length_of
from pbx.tls.paths import TlsPaths

AGAIN_SECONDS = 600.0
"""When to retry what failed; each time prints why."""
FOLDER_SECONDS = 5.0
"""How often to look for a folder that is to hold ACME_FILE. It can only appear by hand."""


def main() -> int:
    """Run until there is no reader any more, or one is needed; return the exit status."""
    paths = TlsPaths.of(os.environ)
    with_reader = "--given" in sys.argv[1:]
    last = state.load(paths.run)
    frame, seen, due = b"", last.seen, last.due
    while True:
        pause = max(0.0, due - time.time())
        if with_reader:
            # The first time, and whenever there is something, a whole frame comes.
            if not frame or select.select([0], [], [], pause)[0]:
                frame = read_frame()
                if not frame:
                    return 1
        else:
            if paths.acme.parent.is_dir():
                return 0  # the next run of the service starts a reader
            if pause:
                time.sleep(min(pause, FOLDER_SECONDS))
        now = digest(frame, paths)
        if now != seen or time.time() >= due:
            due = refresh(paths, frame)
            seen = now


def read_frame() -> bytes:
    """Read what the reader sends next; b'' if it has ended.

    Raises:
        ValueError: it is something else.
    """
    header = _read(HEADER_BYTES)
    length = length_of(header)
    if length > MAX_BYTES:
        raise ValueError(f"the reader announced {length} bytes")
    body = _read(length)
    return header + body if len(header) == HEADER_BYTES and len(body) == length else b""


def _read(length: int) -> bytes:
    data = b""
    while len(data) < length and (part := os.read(0, length - len(data))):
        data += part
    return data


def refresh(paths: TlsPaths, frame: bytes) -> float:
    """Do what there is to do; return when to do it again, in seconds since 1970."""
    command = [sys.executable, "-IB", "-m", "pbx.tls.refresh"]
    if frame:
        command.append("--given")
    done = subprocess.run(command, input=frame, check=False)
    due = state.load(paths.run).due if done.returncode == 0 else 0.0
    return due if due > time.time() else time.time() + AGAIN_SECONDS


if __name__ == "__main__":
    sys.exit(main())
