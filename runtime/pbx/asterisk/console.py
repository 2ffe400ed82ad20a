"""Asks Asterisk's console."""

import subprocess
import time
from collections.abc import Callable


def ask(command: str) -> str | None:
    """Returns what the console answers to a command; None if Asterisk does not run."""
    result = subprocess.run(
        ["asterisk", "-rx", command], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False
    )
    return None if result.returncode else result.stdout.decode("utf-8", "replace")


def await_answer(command: str, wanted: Callable[[str], bool], *, seconds: float) -> bool:
    """Asks until the answer is as wanted; returns whether it was, in time."""
    end = time.monotonic() + seconds
    while True:
        answer = ask(command)
        if answer is not None and wanted(answer):
            return True
        if time.monotonic() > end:
            return False
        time.sleep(0.1)
