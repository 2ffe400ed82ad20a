"""Finds the reason in the output of a failed build. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

_HINTS = (
    (r"no space left on device", "make room, for instance with `docker system prune`"),
    (
        r"Temporary failure resolving|Could not (resolve|connect)|Failed to fetch|temporary error",
        "check that the package mirror is reachable from containers (--mirror names another)",
    ),
    (
        r"Release file .* (expired|is not valid yet)",
        "the package mirror is stale or this machine's clock is wrong; --mirror names another",
    ),
    (
        r"Unable to locate package (\S+)|has no installation candidate|\(no such package\)",
        "correct the package's name in its component.yaml, or choose another suite",
    ),
    (
        r"Unable to find a source package|Can not find version '.*' of package",
        "corrections are compiled from Debian's source, which the mirror has to have, too",
    ),
    (
        r"hunks? FAILED",
        "a component's patch does not fit this Asterisk: look whether it is still needed",
    ),
)


def explain(lines: Sequence[str]) -> tuple[str, str]:
    """Return the line that most likely says why a build failed, and a hint.

    Args:
        lines: The build's output; the last line is the engine's own error.
    """
    for pattern, hint in _HINTS:  # the order is that of cause and consequence
        for line in reversed(lines[-60:]):
            if re.search(pattern, line):
                return line.strip(), hint
    said = [line.strip() for line in lines[:-1] if line.strip()]
    return " — ".join([*said[-1:], lines[-1]]), "the log file has every line: build/build.log"
