"""Commands give up root's rights before they touch what user asterisk can change."""

import os
import sys

LAUNCHER = "/usr/local/lib/pbx/launch"


def is_root() -> bool:
    """Whether this process has root's rights."""
    return os.geteuid() == 0


def become_asterisk() -> None:
    """Run the same command again as user asterisk, if it was called by root.

    What it makes is asterisk's, whoever called it, and no link of asterisk's leads it to what only
    root may read or write.
    """
    if is_root():
        os.execv(LAUNCHER, [LAUNCHER, *sys.orig_argv])  # noqa: S606 # no shell is wanted
