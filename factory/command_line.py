"""The command line of build.py."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from factory.printing import PRINTS

EXIT_STATUSES = """\
exit status:
  0    done
  1    failed in another way, such as by an error in stages/images.yaml
  2    wrong use of the command line, or of SOURCE_DATE_EPOCH
  3    no container engine answers, or it refused what was asked
  4    a build failed
  5    an image was refused: by the gate, by a suite, or by its size budget
  6    a registry cannot be reached, refuses, or has another image of that version
  130  interrupted
"""
_OPTION_NAMES = {"no_gate": "no-gate", "show": "print"}


def parse_arguments(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line; ends the process with status 2 where it is wrong.

    Args:
        arguments: Instead of the process's own.
    """
    parser = argparse.ArgumentParser(
        description="Build the Asterisk images, prove that they work, and only then tag them.",
        epilog=EXIT_STATUSES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    _add_what(parser)
    _add_how(parser)
    _add_modes(parser)
    options = parser.parse_args(arguments)
    if options.platform and options.softphone:
        parser.error("--platform not allowed with --softphone, which is for the engine's platform")
    if options.push:
        for other in ("no_gate", "prove", "softphone", "show", "diff", "offline"):
            if getattr(options, other):
                parser.error(f"--push not allowed with --{_OPTION_NAMES.get(other, other)}")
        if options.gate == "quick":
            parser.error("--push wants the full gate, not --gate quick")
    return options


def _add_what(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add(
        "--tag",
        action="append",
        metavar="IMAGE",
        dest="images",
        help="image to build: mini, base, full, xtra, debug, or all, which leaves debug out; "
        "repeatable (default: full)",
    )
    add("--version", metavar="X.Y.Z", help="version for the tags (default: from git's tags)")
    add("--repo", metavar="NAME", help="repository of the images (default: mlan/asterisk)")
    add("--distro", metavar="NAME", help="distribution: debian (default) or alpine")
    add(
        "--platform",
        metavar="OS/ARCH",
        help="platform of the images, such as linux/arm64 (default: the engine's own); images for "
        "another platform are built by emulation, in a repository of their own: NAME-arm64",
    )


def _add_how(parser: argparse.ArgumentParser) -> None:
    archives = parser.add_mutually_exclusive_group()
    archives.add_argument(
        "--mirror",
        default="",
        metavar="URL",
        help="package mirror (default: that of the base image, or of this machine)",
    )
    archives.add_argument(
        "--snapshot",
        metavar="MOMENT",
        help="build from the distribution's archive as it was at a moment, such as "
        "20261120T000000Z: the same commit and moment give the same layers",
    )
    add = parser.add_argument
    add(
        "--push",
        action="store_true",
        help="push the tags to the registry of --repo, after the full gate; with --dry-run, show "
        "what would happen to each tag",
    )
    add("--dry-run", action="store_true", help="show plan, tags and Dockerfile; change nothing")
    downloads = parser.add_mutually_exclusive_group()
    downloads.add_argument(
        "--no-cache",
        action="store_true",
        help="use nothing of earlier builds; download all packages again",
    )
    downloads.add_argument(
        "--offline",
        action="store_true",
        help="download nothing: build from the base and the packages that the engine has, even if "
        "they are older than a week",
    )
    loudness = parser.add_mutually_exclusive_group()
    loudness.add_argument("-v", "--verbose", action="store_true", help="show every line")
    loudness.add_argument("-q", "--quiet", action="store_true", help="show results and errors only")


def _add_modes(parser: argparse.ArgumentParser) -> None:
    gates = parser.add_mutually_exclusive_group()
    gates.add_argument(
        "--gate",
        choices=("quick", "full"),
        help="proof before tagging: calls and a message in seconds, or all test suites (default: "
        "quick; with --push: always full)",
    )
    gates.add_argument(
        "--no-gate", action="store_true", help="do not prove; tag the image IMAGE-unproven only"
    )
    gates.add_argument(
        "--prove", metavar="REF", help="prove any image, by name or ID; build and tag nothing"
    )
    add = parser.add_argument
    add("--softphone", action="store_true", help="build the image of the softphone, nothing else")
    add(
        "--diff",
        nargs=2,
        metavar=("OLD", "NEW"),
        help="show which packages and sizes differ between two images of the engine, or folders "
        "with evidence such as build/full; do nothing else",
    )
    add(
        "--print",
        choices=tuple(PRINTS),
        dest="show",
        help="print that and do nothing else; matrix: for CI, of all distributions unless one is "
        "named; bake: a file for `docker buildx bake`; schema: JSON Schema of images.yaml and "
        "component.yaml",
    )
