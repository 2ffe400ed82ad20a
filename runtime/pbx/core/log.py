"""One line on the container's output, filtered by SYSLOG_LEVEL as the shell scripts do it."""

import os
import time

ALERT, ERROR, WARNING, NOTICE, INFO = 2, 4, 5, 6, 7
"""A line is shown if its level is at most SYSLOG_LEVEL."""

DEFAULT_LEVEL = 4


def log(level: int, text: str, program: str = "pbx") -> None:
    """Print a line with time and program name, if SYSLOG_LEVEL admits its level."""
    setting = os.environ.get("SYSLOG_LEVEL", "")
    limit = int(setting) if setting in set("012345678") else DEFAULT_LEVEL
    if level <= limit:
        print(f"{time.strftime('%b %e %T')} {program}: {text}", flush=True)
