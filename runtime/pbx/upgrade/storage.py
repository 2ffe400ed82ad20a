"""Where configuration files are, and a change of many files that may be interrupted.

New files and samples are prepared in `.upgrading`; renaming that to `.upgraded` is the moment from
which on they count. Then they move to their places one by one; whoever finds `.upgraded` goes on
with that.
"""

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pbx.asterisk.files import read_regular
from pbx.core.durable import sync_folder, write_new
from pbx.core.errors import UNREADABLE, CommandError
from pbx.core.replace_file import replace_file

SECRETS = ".secrets"
LARGEST = 4 << 20


@dataclass(frozen=True)
class ConfigPaths:
    """Where the files are.

    Attributes:
        conf: Those in use.
        seed: The samples of this image.
    """

    conf: Path
    seed: Path

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> "ConfigPaths":
        """Read the variables of the image."""
        return cls(
            Path(environment.get("DOCKER_CONF_DIR", "/etc/asterisk")),
            Path(environment.get("DOCKER_SEED_CONF_DIR", "/usr/share/asterisk/config")),
        )

    @property
    def sample(self) -> Path:
        """The samples that the user started from."""
        return self.conf / ".sample"

    @property
    def committed(self) -> Path:
        """What an upgrade was about to move when it was interrupted."""
        return self.conf / ".upgraded"

    @property
    def prepared(self) -> Path:
        """What an upgrade was about to prepare when it was interrupted."""
        return self.conf / ".upgrading"


def read_folder(folder: Path) -> dict[str, bytes]:
    """Read the files of a folder by name, without those whose name begins with a dot.

    Raises:
        CommandError: one cannot be read.
    """
    try:
        paths = sorted(p for p in folder.iterdir() if p.is_file() and not p.name.startswith("."))
        return {path.name: read_file(path) for path in paths}
    except OSError as error:
        raise CommandError(f"cannot read {folder}: {error.strerror}", UNREADABLE) from error


def read_file(path: Path) -> bytes:
    """Read a file.

    Raises:
        CommandError: it cannot be read, or is no configuration file by its size.
    """
    try:
        if path.stat().st_size > LARGEST:
            raise CommandError(f"{path} has more than {LARGEST >> 20} MB", "move it elsewhere")
        return read_regular(path)
    except OSError as error:
        raise CommandError(f"cannot read {path}: {error.strerror}", UNREADABLE) from error


def commit(
    paths: ConfigPaths, files: Mapping[str, bytes], samples: Mapping[str, bytes]
) -> Path | None:
    """Write files and samples, all of them or none; return where the old files are kept.

    Raises:
        CommandError: they cannot be written.
    """
    try:
        backup = _back_up(paths.conf, files)
        shutil.rmtree(paths.prepared, ignore_errors=True)
        paths.prepared.mkdir(mode=0o750)
        for kind, contents in (("files", files), ("samples", samples)):
            folder = paths.prepared / kind
            folder.mkdir(mode=0o750)
            for name, content in contents.items():
                write_new(folder / name, content)
            sync_folder(folder)
        sync_folder(paths.prepared)
        paths.prepared.rename(paths.committed)
    except OSError as error:
        raise CommandError(
            f"cannot write in {paths.conf}: {error.strerror}; nothing has changed",
            "is the disk full, is it mounted read-only? User asterisk must be allowed to write it",
        ) from error
    finish(paths)
    return backup


def finish(paths: ConfigPaths) -> bool:
    """Move to its place what an upgrade has prepared; return whether there was anything.

    Raises:
        CommandError: something cannot be written; the rest is still there to be moved.
    """
    if not paths.committed.is_dir():
        return False
    sync_folder(paths.conf)  # it must have its name on disk before the first file moves
    paths.sample.mkdir(mode=0o750, exist_ok=True)
    for kind, folder in (("samples", paths.sample), ("files", paths.conf)):
        for path in sorted((paths.committed / kind).iterdir()):
            replace_file(folder / path.name, read_file(path))
            path.unlink()
    shutil.rmtree(paths.committed)
    return True


def _back_up(conf: Path, names: Mapping[str, bytes]) -> Path | None:
    old = [conf / name for name in names if (conf / name).exists()]
    if not old:
        return None
    number = 1
    while (backup := conf / f".before-upgrade-{number}").exists():
        number += 1
    backup.mkdir(mode=0o750)
    for path in old:
        write_new(backup / path.name, read_file(path), mode=0o640)
    sync_folder(backup)
    return backup
