"""`pbx config diff`: how the configuration in use differs from this image's samples."""

import argparse
import sys

from pbx.core.errors import CommandError
from pbx.core.terminal import shows_colour
from pbx.upgrade.difference import format_diff, format_summary
from pbx.upgrade.plan import FileState
from pbx.upgrade.survey import NO_SAMPLE, survey


def run(options: argparse.Namespace) -> int:
    """Show the differences; return the exit status."""
    found = survey()
    wanted = set(options.files) or {change.name for change in found.changes}
    unknown = wanted - {change.name for change in found.changes}
    if unknown:
        raise CommandError(
            f"there is no file {', '.join(sorted(unknown))}", f"see {found.paths.conf}"
        )
    changes = [change for change in found.changes if change.name in wanted]
    colours = shows_colour(sys.stdout)
    if not found.knows_start:
        print(f"pbx: {NO_SAMPLE}", file=sys.stderr)
    different = [change for change in changes if change.state is not FileState.SAME]
    if not different:
        print("no differences")
        return 0
    print(format_summary(different, colours=colours))
    for change in different if not options.brief else ():
        name = change.name
        if name in found.ours and name in found.theirs:
            print()
            print(format_diff(name, found.theirs[name], found.ours[name], colours=colours))
    return 1
