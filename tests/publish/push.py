"""Pushes images as `build.py --push` does after the gate: push.py REPOSITORY VERSION NAME=ID…

A process of its own, so that it can be killed.
"""

from __future__ import annotations

import sys

from factory.build.engine import Engine
from factory.console import Console
from factory.plan import tags
from factory.release.publish import Destination
from factory.release.push_plan import ImageToPush, PushPlan

QUIET = Console(None, verbosity=-1)


def push(repository: str, version: str, images: dict[str, str]) -> PushPlan:
    """Pushes; of the images `full` is the default. Returns what was done."""
    destination = Destination.of(Engine.connect(), repository)
    candidates = [ImageToPush(name, image, name == "full") for name, image in images.items()]
    plan = destination.plan(candidates, tags.parse_version(version) if version else None)
    destination.push(plan, QUIET)
    return plan


if __name__ == "__main__":
    push(sys.argv[1], sys.argv[2], dict(text.split("=") for text in sys.argv[3:]))
