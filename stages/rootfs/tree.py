"""A file system below a root directory, spoken of in absolute paths as seen from inside it."""

import os
import posixpath
import stat
from pathlib import Path

from rootfs.errors import RootfsError

MAXIMUM_HOPS = 40  # as many symbolic links in a row as the kernel follows


class Tree:
    """The installed system; `/` in a build, a directory in a test.

    Paths are canonical when no directory in front of the last name is a symbolic link. Since `/lib`
    is a link to `/usr/lib`, a file is known by many names but has one canonical path.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self._directories: dict[str, str] = {"/": "/"}

    def on_disk(self, path: str) -> Path:
        """Where the path is found from outside."""
        return self.root / path.lstrip("/")

    def canonical(self, path: str) -> str:
        """Return the path with all directories resolved, while the last name stays as it is."""
        parent, name = posixpath.split(posixpath.normpath(path))
        return posixpath.join(self._resolved_directory(parent), name)

    def follow(self, path: str) -> list[str]:
        """Return the canonical path, and hop by hop where it leads while it is a symbolic link."""
        hops = [self.canonical(path)]
        while self.is_link(hops[-1]):
            if len(hops) > MAXIMUM_HOPS:
                raise RootfsError(f"{path} is a symbolic link in a circle", "repair it")
            hops.append(self.canonical(self._resolved_target(hops[-1])))
        return hops

    def lstat(self, path: str) -> os.stat_result:
        """Return the status of the path itself, be it a link or not."""
        return os.lstat(self.on_disk(path))

    def exists(self, path: str) -> bool:
        """Whether there is anything, even a link that leads nowhere."""
        return os.path.lexists(self.on_disk(path))

    def is_link(self, path: str) -> bool:
        """Whether the path is a symbolic link."""
        return self.on_disk(path).is_symlink()

    def link_target(self, link: str) -> str:
        """Return what is written in a symbolic link."""
        return str(self.on_disk(link).readlink())

    def is_directory(self, path: str) -> bool:
        """Whether the path is a directory and no link to one."""
        return self.exists(path) and stat.S_ISDIR(self.lstat(path).st_mode)

    def is_file(self, path: str) -> bool:
        """Whether the path is a regular file and no link to one."""
        return self.exists(path) and stat.S_ISREG(self.lstat(path).st_mode)

    def find(self, pattern: str) -> list[str]:
        """All canonical paths that match the glob, and everything below those directories."""
        found: set[str] = set()
        for hit in self.root.glob(pattern.lstrip("/")):
            path = self.canonical(f"/{hit.relative_to(self.root)}")
            found.add(path)
            if self.is_directory(path):
                found.update(self._below(path))
        return sorted(found)

    def _below(self, directory: str) -> list[str]:
        return [
            f"/{Path(parent, name).relative_to(self.root)}"
            for parent, directories, files in os.walk(self.on_disk(directory))
            for name in directories + files
        ]

    def _resolved_directory(self, path: str) -> str:
        if path not in self._directories:
            here = self.canonical(path)
            is_link = self.is_link(here)
            self._directories[path] = (
                self._resolved_directory(self._resolved_target(here)) if is_link else here
            )
        return self._directories[path]

    def _resolved_target(self, link: str) -> str:
        target = posixpath.join(posixpath.dirname(link), self.link_target(link))
        return posixpath.normpath(target)


def ancestors(path: str) -> list[str]:
    """Return the directories above an absolute path, nearest first, without the root itself."""
    above = []
    parent = posixpath.dirname(path)
    while parent != "/":
        above.append(parent)
        parent = posixpath.dirname(parent)
    return above
