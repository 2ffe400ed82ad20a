"""Reads ACME_FILE, which somebody else rewrites in place."""

import os
import stat
import time
from dataclasses import dataclass
from pathlib import Path

from pbx.tls.acme import MAX_BYTES, AcmeError, Contents, parse

RETRY_SECONDS = 0.2
NOTHING = Contents()


@dataclass(frozen=True)
class Reading:
    """What was found.

    Attributes:
        contents: What is in the file; nothing if there is none, or it is of no use.
        problem: Why it is of no use, in words for a person; '' if nothing is wrong.
    """

    contents: Contents = NOTHING
    problem: str = ""


def read(path: Path, patience: float) -> Reading:
    """Reads the file; one that is half written is read again until it is whole.

    Args:
        path: The file; that it is missing or empty is normal before Traefik's first certificate.
        patience: Seconds to wait for the other half.
    """
    deadline = time.monotonic() + patience
    while True:
        try:
            text = _bytes(path)
            return Reading(parse(text)) if text.strip() else Reading()
        except FileNotFoundError:
            return Reading()
        except PermissionError:
            problem = "it cannot be read: give the container the capability DAC_OVERRIDE"
            return Reading(problem=problem)
        except IsADirectoryError:
            problem = "it is a folder: the engine makes one if there is no file to mount"
            return Reading(problem=problem)
        except OSError as error:
            return Reading(problem=f"it cannot be read: {error.strerror}")
        except AcmeError as error:
            if time.monotonic() >= deadline:
                return Reading(problem=str(error))
        time.sleep(RETRY_SECONDS)


def signature(path: Path) -> list[int]:
    """Returns numbers that differ once the file was changed or replaced; none if it is missing."""
    try:
        found = path.stat()
    except OSError:
        return []
    return [found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns]


def _bytes(path: Path) -> bytes:
    with open(path, "rb", opener=_without_waiting) as file:
        found = os.fstat(file.fileno())
        if not stat.S_ISREG(found.st_mode):
            raise AcmeError("it is no file")
        if found.st_nlink == 0:
            raise AcmeError(
                "it was replaced outside, where this container does not see it: "
                "mount its folder, not the file alone"
            )
        return file.read(MAX_BYTES + 1)


def _without_waiting(path: str, flags: int) -> int:
    """Opens a file; a pipe, which somebody made in its place, must not hold up the start."""
    return os.open(path, flags | os.O_NONBLOCK)
