"""Writes the file tree of one image: what it adds to the image before it."""

import os
import stat
from collections.abc import Mapping
from grp import getgrnam
from pathlib import Path
from pwd import getpwnam
from shutil import copyfile

from rootfs.content import Content
from rootfs.errors import RootfsError
from rootfs.manifest import Directory
from rootfs.python import cache_path, compile_source
from rootfs.tree import Tree, ancestors


def write_image(
    source: Tree,
    target: Path,
    content: Content,
    before: Content,
    texts: Mapping[str, str],
    epoch: int,
) -> dict[str, int]:
    """Write what `content` has and `before` has not, and the texts; give the bytes of each path.

    A directory that both have is written again if something new is in it: with the same owner, mode
    and time, so that laying one tree over the other changes nothing.
    """
    writer = _Writer(source, Tree(target), content.directories, epoch)
    for path in sorted(content.directories.keys() - before.directories.keys()):
        writer.make_directory(path)
    for path in sorted(content.paths - before.paths):
        writer.copy(path)
    for path in sorted(content.links.keys() - before.links.keys()):
        writer.make_link(path, content.links[path])
    for path in sorted(content.commands - before.commands):
        writer.make_link(path, "busybox")
    for path in sorted(content.bytecode - before.bytecode):
        writer.make_bytecode(path)
    for path, text in sorted(texts.items()):
        writer.make_file(path, text)
    writer.set_directory_times()
    return writer.sizes


class _Writer:
    def __init__(
        self, source: Tree, target: Tree, declared: Mapping[str, Directory], epoch: int
    ) -> None:
        self.sizes: dict[str, int] = {}
        self._source = source
        self._target = target
        self._declared = declared
        self._epoch = epoch
        self._made: set[str] = set()
        self._inodes: dict[tuple[int, int], Path] = {}
        target.root.mkdir(parents=True)

    def copy(self, path: str) -> None:
        """Copy a directory, a link or a file with owner, mode and time as in the source."""
        status = self._source.lstat(path)
        if stat.S_ISDIR(status.st_mode):
            self.make_directory(path)
        elif stat.S_ISLNK(status.st_mode):
            self.make_link(path, self._source.link_target(path), status)
        elif stat.S_ISREG(status.st_mode):
            self._copy_file(path, status)
        else:
            raise RootfsError(f"{path} is neither file, link nor directory", "leave it out")

    def make_directory(self, path: str) -> None:
        """Make a directory and those above it, as declared, else as in the source."""
        for each in [*reversed(ancestors(path)), path]:
            if each not in self._made:
                self._made.add(each)
                self._make_one_directory(each)

    def make_link(self, path: str, target: str, status: os.stat_result | None = None) -> None:
        """Make a symbolic link."""
        place = self._place(path)
        place.symlink_to(target)
        if status:
            os.chown(place, status.st_uid, status.st_gid, follow_symlinks=False)
        self._set_time(place, status)

    def make_bytecode(self, source: str) -> None:
        """Make the byte code of a Python file."""
        path = cache_path(source)
        place = self._place(path)
        compile_source(self._source.on_disk(source), source, place)
        self._finish_made_file(path, place)

    def make_file(self, path: str, text: str) -> None:
        """Make a file that only root writes and everyone reads."""
        place = self._place(path)
        place.write_text(text, encoding="utf-8")
        self._finish_made_file(path, place)

    def set_directory_times(self) -> None:
        """Give all directories the one time; to be called last, for new entries change it."""
        for path in self._made:
            self._set_time(self._target.on_disk(path), None)
        self._set_time(self._target.root, None)

    def _copy_file(self, path: str, status: os.stat_result) -> None:
        place = self._place(path)
        inode = (status.st_dev, status.st_ino)
        if inode in self._inodes:
            os.link(self._inodes[inode], place)
            return
        self._inodes[inode] = place
        copyfile(self._source.on_disk(path), place)
        os.chown(place, status.st_uid, status.st_gid)
        place.chmod(stat.S_IMODE(status.st_mode))
        self._set_time(place, status)
        self.sizes[path] = status.st_size

    def _make_one_directory(self, path: str) -> None:
        place = self._target.on_disk(path)
        place.mkdir()
        if path in self._declared:
            declared = self._declared[path]
            uid, gid, mode = _uid(declared.owner), _gid(declared.group), declared.mode
        elif self._source.is_directory(path):
            status = self._source.lstat(path)
            uid, gid, mode = status.st_uid, status.st_gid, stat.S_IMODE(status.st_mode)
        else:
            uid, gid, mode = 0, 0, 0o755
        os.chown(place, uid, gid)
        place.chmod(mode)

    def _finish_made_file(self, path: str, place: Path) -> None:
        place.chmod(0o644)
        self._set_time(place, None)
        self.sizes[path] = place.stat().st_size

    def _place(self, path: str) -> Path:
        for parent in ancestors(path)[:1]:
            self.make_directory(parent)
        return self._target.on_disk(path)

    def _set_time(self, place: Path, status: os.stat_result | None) -> None:
        """Return a file's time: before the epoch if its package says so, else the epoch."""
        latest = self._epoch * 10**9
        time = min(status.st_mtime_ns, latest) if status else latest
        os.utime(place, ns=(time, time), follow_symlinks=False)


def _uid(owner: str) -> int:
    try:
        return getpwnam(owner).pw_uid
    except KeyError as error:
        raise RootfsError(f"user {owner} does not exist", "create it in the build") from error


def _gid(group: str) -> int:
    try:
        return getgrnam(group).gr_gid
    except KeyError as error:
        raise RootfsError(f"group {group} does not exist", "create it in the build") from error
