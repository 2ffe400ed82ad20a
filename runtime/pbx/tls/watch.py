"""Waits until there is something to do about certificates, and has refresh.py do it.

Stays in memory for as long as the container lives, hence imports little: above all not
cryptography, which is larger than all the rest.
"""

import os
import subprocess
import sys
import time
from pathlib import Path

from asyncinotify import Inotify, Mask

from pbx.tls import state
from pbx.tls.places import Places
from pbx.tls.source import signature

QUIET_SECONDS, MAX_UNQUIET_SECONDS = 0.3, 10.0
POLL_SECONDS = 60.0
"""Network filesystems tell nothing, hence a look from time to time."""
AGAIN_SECONDS = 600.0
"""When to try again what failed; each time prints why."""

_IN_FOLDER = Mask.CREATE | Mask.MOVED_TO
_OF_FILE = Mask.MODIFY | Mask.CLOSE_WRITE | Mask.ATTRIB


def main() -> None:
    """Runs until it is killed."""
    places = Places.of(os.environ)
    path = places.acme
    last = state.load(places.run)
    seen, due = last.seen, last.due
    with Inotify() as inotify:
        while True:
            watch(inotify, path)  # before the look, so that nothing is missed in between
            if signature(path) != seen or time.time() >= due:
                seen = await_quiet(inotify, path)
                due = refresh(places)
            else:
                inotify.sync_timeout = max(0.0, min(POLL_SECONDS, due - time.time()))
                inotify.sync_get()


def watch(inotify: Inotify, path: Path) -> None:
    """Watches a file and its folder; as long as there is no folder, the nearest one above it.

    The file by itself, too: one that is mounted alone is not seen to change in its folder. Doing
    it again for the same file has no effect; for a file that was replaced, it has.
    """
    add(inotify, path, _OF_FILE)
    for folder in path.parents:
        if add(inotify, folder, _IN_FOLDER):
            return


def add(inotify: Inotify, path: Path, mask: Mask) -> bool:
    """Watches something; says whether that is possible. What is not is polled."""
    try:
        inotify.add_watch(path, mask)
    except OSError:
        return False
    return True


def await_quiet(inotify: Inotify, path: Path) -> list[int]:
    """Waits until nobody writes; returns the signature of what there is then."""
    deadline = time.monotonic() + MAX_UNQUIET_SECONDS
    inotify.sync_timeout = QUIET_SECONDS
    while True:
        watch(inotify, path)
        before = signature(path)
        if inotify.sync_get() is None and signature(path) == before:
            return before
        if time.monotonic() > deadline:
            return before


def refresh(places: Places) -> float:
    """Does what there is to do; returns when to do it again, in seconds since 1970."""
    done = subprocess.run([sys.executable, "-IB", "-m", "pbx.tls.refresh"], check=False)
    due = state.load(places.run).due if done.returncode == 0 else 0.0
    return due if due > time.time() else time.time() + AGAIN_SECONDS


if __name__ == "__main__":
    main()
