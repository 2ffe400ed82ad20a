"""Reads with user asterisk's own rights the files that this user could replace."""

import os
import stat
import time
from dataclasses import replace
from pathlib import Path

from pbx.tls.given import Given
from pbx.tls.guarded import MAX_BYTES, NotAFileError, explain
from pbx.tls.paths import TlsPaths
from pbx.tls.sieve import Found, Wanted, sift

RETRY_SECONDS = 0.2


def read_rest(given: Given, paths: TlsPaths, wanted: Wanted, timeout: float) -> Given:
    """Return what the reader gave with what it left to be read here.

    Args:
        given: What it passed on; `yours` and `own_yours` say what it left.
        paths: Where the files are.
        wanted: What this container needs.
        timeout: Seconds to wait for the other half of a file that is being written.
    """
    if not given.yours and not given.own_yours:
        return given
    deadline = time.monotonic() + timeout
    while True:
        acme = _find(paths.acme if given.yours else None, given.yours)
        certificate = _find(paths.own if given.own_yours else None, given.own_yours)
        key = _find(paths.own_key if given.own_yours else None, given.own_yours)
        found, whole = sift(acme, certificate, key, wanted)
        if whole or time.monotonic() >= deadline:
            break
        time.sleep(RETRY_SECONDS)
    if not given.yours:
        return replace(given, own=found.own, own_problem=found.own_problem)
    if not given.own_yours:
        return replace(found, own=given.own, own_problem=given.own_problem)
    return found


def _find(path: Path | None, changeable: str) -> Found:
    if path is None:
        return Found()
    try:
        return Found(_bytes(path))
    except (FileNotFoundError, NotADirectoryError):
        return Found()
    except PermissionError:
        return Found(
            problem=f"user asterisk cannot read it, but could replace it, so that DAC_OVERRIDE is "
            f"not used for it: {changeable} must not belong to that user or be writable for it"
        )
    except NotAFileError:
        return Found(problem="it is no file")
    except OSError as error:
        return Found(problem=explain(error))


def _bytes(path: Path) -> bytes:
    # A pipe, which somebody made in its place, must not hold up the start.
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise NotAFileError
        return file.read(MAX_BYTES + 1)
