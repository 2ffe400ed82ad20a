"""`pbx config upgrade`: takes over what the image changed, keeps what the user changed."""

import argparse
import os
import secrets
import sys

from pbx.core.errors import CommandError
from pbx.core.lock import locked
from pbx.core.terminal import harmless, shows_colour
from pbx.upgrade.difference import format_summary
from pbx.upgrade.placeholders import complete, fill, format_secrets
from pbx.upgrade.plan import FileState
from pbx.upgrade.storage import SECRETS, ConfigPaths, commit, finish
from pbx.upgrade.survey import NO_SAMPLE, Survey, survey

AFTERWARDS = "restart the container, or type `asterisk -rx reload`, for it to take effect"


def run(options: argparse.Namespace) -> int:
    """Show what is to be done, and do it if that is wanted; return the exit status."""
    paths = ConfigPaths.of(os.environ)
    with locked(paths.conf):
        if finish(paths):
            print(f"completed an interrupted upgrade; {AFTERWARDS}")
        found = survey(options.keep)
        _check_keep(options.keep, found)
        if not found.knows_start:
            raise CommandError(NO_SAMPLE, f"compare with `pbx config diff`, copy from {paths.seed}")
        conflicts = [change for change in found.changes if change.state is FileState.CONFLICT]
        if not any(change.settled for change in found.changes):
            print("nothing to do" if not conflicts else _plan(found))
            return 1 if conflicts else 0
        print(_plan(found))
        if not options.yes and not _confirmed():
            return 1
        _carry_out(found)
        return 1 if conflicts else 0


def _plan(found: Survey) -> str:
    """Return what would be done, and what would not."""
    colours = shows_colour(sys.stdout)
    parts = []
    for title, wanted in (
        ("take over from the image:", (FileState.IMAGES, FileState.MERGED, FileState.NEW)),
        ("leave as they are:", (FileState.CONFLICT, FileState.REMOVED, FileState.YOURS)),
    ):
        changes = [
            change
            for change in found.changes
            if change.state in wanted and (change.settled or change.state is FileState.CONFLICT)
        ]
        if changes:
            parts.append(f"{title}\n{format_summary(changes, colours=colours)}")
    if any(change.state is FileState.CONFLICT for change in found.changes):
        parts.append(
            "For those changed in the same lines: see `pbx config diff FILE`, edit the file and "
            "try again;\nor settle for yours with `pbx config upgrade --keep FILE`."
        )
    return "\n\n".join(parts)


def _check_keep(keep: list[str], found: Survey) -> None:
    unknown = set(keep) - {change.name for change in found.changes}
    if unknown:
        raise CommandError(
            f"--keep {harmless(min(unknown))}: there is no such file",
            f"see {found.paths.conf}",
            status=2,
        )


def _confirmed() -> bool:
    if not sys.stdin.isatty():
        print("\nnothing has changed; type `pbx config upgrade --yes` to do it")
        return False
    try:
        answer = input("\nDo it? [y/N] ")
    except EOFError:
        answer = ""
    if answer.strip().lower() not in ("y", "yes"):
        print("nothing has changed")
        return False
    return True


def _carry_out(found: Survey) -> None:
    results = {c.name: c.result for c in found.changes if c.result is not None}
    samples = {c.name: found.theirs[c.name] for c in found.changes if c.settled}
    known = complete(found.secrets, samples.values(), lambda: secrets.token_urlsafe(18).encode())
    backup = commit(
        found.paths,
        {name: fill(content, known) for name, content in results.items()},
        {
            **{name: fill(content, known) for name, content in samples.items()},
            SECRETS: format_secrets(known),
        },
    )
    print()
    print(f"done; {AFTERWARDS}" if results else "done")
    if backup:
        print(f"the files as they were are in {backup}")
