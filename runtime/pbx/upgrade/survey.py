"""What `pbx config` starts from: all three versions of each file, and the secrets."""

import os
from collections.abc import Iterable
from dataclasses import dataclass

from pbx.core.errors import CommandError
from pbx.upgrade.placeholders import hide, parse_secrets
from pbx.upgrade.plan import Change, plan
from pbx.upgrade.storage import SECRETS, ConfigPaths, read_file, read_folder

NO_SAMPLE = (
    "the samples that this configuration started from are not known; it can be compared with "
    "those of this image, but not be merged with them"
)


@dataclass(frozen=True)
class Survey:
    """The files with placeholders in the place of secrets, and what became of each."""

    paths: ConfigPaths
    secrets: dict[bytes, bytes]
    ours: dict[str, bytes]
    theirs: dict[str, bytes]
    changes: list[Change]
    knows_start: bool


def survey(keep: Iterable[str] = ()) -> Survey:
    """Read everything.

    Args:
        keep: Files that are to stay as they are although the image's changed.

    Raises:
        CommandError: something cannot be read, or an upgrade was interrupted.
    """
    paths = ConfigPaths.of(os.environ)
    if paths.committed.is_dir():
        raise CommandError("an upgrade was interrupted", "type `pbx config upgrade` to complete it")
    record = paths.sample / SECRETS
    knows_start = record.is_file()
    secrets = parse_secrets(read_file(record)) if knows_start else {}
    theirs = read_folder(paths.seed)
    ours = {name: hide(content, secrets) for name, content in read_folder(paths.conf).items()}
    base = None
    if knows_start:
        base = {name: hide(text, secrets) for name, text in read_folder(paths.sample).items()}
    changes = plan(base, ours, theirs, frozenset(keep))
    return Survey(paths, secrets, ours, theirs, changes, knows_start)
