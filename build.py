#!/usr/bin/env python3
"""Builds, proves and tags the images: `python build.py --tag full`."""

from __future__ import annotations

import signal
import sys
from argparse import Namespace
from collections.abc import Callable
from pathlib import Path

from factory.build.engine import Engine
from factory.build.session import Session
from factory.command_line import parse_arguments
from factory.console import Console
from factory.errors import FactoryError
from factory.pipeline.compare import compare_images
from factory.pipeline.make import make_images
from factory.pipeline.prove import prove_image
from factory.pipeline.push import plan_push, push_images
from factory.pipeline.softphone import make_softphone
from factory.printing import PRINTS
from factory.request import BuildRequest, read_request

ROOT = Path(__file__).resolve().parent
INTERRUPTED = 128 + signal.SIGINT


def diff(session: Session, options: Namespace) -> None:
    """Show what differs between two images."""
    session.console.result(compare_images(session, *options.diff))


def softphone(session: Session, _: Namespace) -> None:
    """Build the softphone's image."""
    make_softphone(session)


def prove(session: Session, options: Namespace) -> None:
    """Prove any image."""
    prove_image(session, options.prove)


def push(session: Session, _: Namespace) -> None:
    """Build, prove and push images."""
    push_images(session)


def make(session: Session, options: Namespace) -> None:
    """Build, prove and tag images."""
    make_images(session, "none" if options.no_gate else options.gate or "quick")


MODES: dict[str, Callable[[Session, Namespace], None]] = {
    "diff": diff,
    "softphone": softphone,
    "prove": prove,
    "push": push,
}
"""The function for each option; without any of these options, `make`."""


def show(request: BuildRequest, options: Namespace, console: Console) -> None:
    """Print what `--print` names, or the plan of a dry run; change nothing."""
    for kind in [options.show] if options.show else ["plan", "dockerfile"]:
        console.result(PRINTS[kind](request).rstrip("\n"))
    if options.push:
        console.result(plan_push(_session(request, console)))


def run(options: Namespace, console: Console) -> None:
    """Carry out the command line.

    Raises:
        FactoryError: with the cause and a hint.
    """
    request = read_request(options, ROOT)
    if options.show or options.dry_run:
        show(request, options, console)
        return
    mode = next((function for name, function in MODES.items() if getattr(options, name)), make)
    mode(_session(request, console), options)


def _session(request: BuildRequest, console: Console) -> Session:
    return Session(Engine.connect(), request.catalog, request.recipe, console)


def main() -> int:
    """Run the command line; return the exit status."""
    options = parse_arguments()
    # As with Ctrl-C, so that what was started is removed.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    signal.signal(signal.SIGHUP, signal.default_int_handler)
    log = None if options.show or options.dry_run else ROOT / "build" / "build.log"
    with Console(log, verbosity=options.verbose - options.quiet) as console:
        try:
            run(options, console)
        except FactoryError as error:
            console.error(error.cause, error.hint)
            return error.status
        except Exception as error:  # noqa: BLE001 - shown in one line; the log has the rest
            console.unexpected(error)
            return FactoryError.status
        except KeyboardInterrupt:
            console.error("interrupted", "")
            return INTERRUPTED
    return 0


if __name__ == "__main__":
    sys.exit(main())
