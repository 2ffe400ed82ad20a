"""Open a file for which this process may have more rights than its user has.

The right to read any file must not become that user's. So a path counts only if the user cannot
change where it leads: no folder on the way, links included, is the user's or can be written by the
user. The way is walked by descriptors, one name at a time, so that what was checked is what is
opened (openat(2), O_NOFOLLOW; path_resolution(7)).
"""

import errno
import os
import re
import stat
from collections.abc import Callable

MAX_BYTES = 8 * 1024 * 1024
"""Room for about a thousand certificates; more is something else by mistake."""
MAX_LINKS = 40
"""As the kernel counts them."""

_OCTAL = re.compile(rb"\\([0-7]{3})")
"""How mountinfo writes spaces and the like."""
_EXAMINE = os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC


class ChangeableError(Exception):
    """The user can change where the path leads; the message names the folder or file."""


class NotAFileError(Exception):
    """There is something else than a file: a device, a pipe, a socket."""


def explain(error: OSError) -> str:
    """Return why a file cannot be read, in words for a person."""
    if isinstance(error, IsADirectoryError):
        return "it is a folder: the engine makes one if there is no file to mount"
    return f"it cannot be read: {error.strerror}"


def open_guarded(path: str, passed: Callable[[int], object] = lambda _: None) -> int:
    """Open a file for reading; one that is a pipe or a device is not opened.

    Args:
        path: An absolute path.
        passed: Called with a descriptor of each folder on the way, before it is looked into.

    Returns:
        A descriptor of a regular file.

    Raises:
        ChangeableError: the user of this process can change where the path leads.
        NotAFileError: there is no regular file.
        OSError: as the kernel says.
    """
    folders = [os.open("/", _EXAMINE | os.O_DIRECTORY)]
    try:
        return _walk(path, folders, passed)
    finally:
        for folder in folders:
            os.close(folder)


def open_mounted(path: str) -> int | None:
    """Open a file that is mounted at this very path; None if there is no such mount.

    What is mounted there is of the choice of whoever mounts, whatever the folders on the way are:
    user asterisk can neither mount nor rename a mount point. The file that was opened has to be of
    that mount, so that a link on the way leads nowhere else (proc_pid_mountinfo(5)).

    Args:
        path: An absolute path without links.

    Raises:
        NotAFileError: there is no regular file.
        OSError: as the kernel says.
    """
    entry = os.open(path, _EXAMINE)
    try:
        if _mount_point(entry) != path:
            return None
        if not stat.S_ISREG(os.fstat(entry).st_mode):
            raise NotAFileError
        # Again by the descriptor, which leads to what was examined.
        return os.open(f"/proc/self/fd/{entry}", _READ & ~os.O_NOFOLLOW)
    finally:
        os.close(entry)


def _mount_point(descriptor: int) -> str:
    """Return where the mount of an open file is mounted; without pathlib, to stay small."""
    with open(f"/proc/self/fdinfo/{descriptor}", "rb") as file:  # noqa: PTH123
        number = dict(line.split(b":", 1) for line in file)[b"mnt_id"].strip()
    with open("/proc/self/mountinfo", "rb") as file:  # noqa: PTH123
        for line in file:
            fields = line.split(b" ")
            if fields[0] == number:
                return os.fsdecode(_OCTAL.sub(lambda found: bytes([int(found[1], 8)]), fields[4]))
    return ""


def _walk(path: str, folders: list[int], passed: Callable[[int], object]) -> int:
    names, way, links = _names(path), [""], 0
    while names:
        name = names.pop()
        if name == "..":
            if len(folders) > 1:
                os.close(folders.pop())
                way.pop()
            continue
        folder = folders[-1]
        passed(folder)
        writable, sticky = _is_changeable(folder)
        if writable and not sticky:
            raise ChangeableError("/".join(way) or "/")
        entry = os.open(name, _EXAMINE, dir_fd=folder)
        found = os.fstat(entry)
        mode = found.st_mode
        if writable and (not stat.S_ISDIR(mode) or found.st_uid == os.getuid()):
            os.close(entry)
            raise ChangeableError("/".join(way) or "/")
        if stat.S_ISDIR(mode):
            folders.append(entry)
            way.append(name)
        elif stat.S_ISLNK(mode):
            target = os.readlink("", dir_fd=entry)
            os.close(entry)
            links += 1
            if links > MAX_LINKS:
                raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), path)
            if target.startswith("/"):
                while len(folders) > 1:
                    os.close(folders.pop())
                way = [""]
            names.extend(_names(target))
        else:
            os.close(entry)
            if names:
                raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), path)
            return _open(name, folder, "/".join([*way, name]), mode)
    raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), path)


def _names(path: str) -> list[str]:
    """Return what a path consists of, the last first."""
    return [name for name in reversed(path.split("/")) if name not in ("", ".")]


def _open(name: str, folder: int, path: str, mode: int) -> int:
    if not stat.S_ISREG(mode):
        raise NotAFileError
    file = os.open(name, _READ, dir_fd=folder)
    found = os.fstat(file)
    if stat.S_ISREG(found.st_mode) and not _is_writable(found):
        return file
    os.close(file)
    if stat.S_ISREG(found.st_mode):
        raise ChangeableError(path)
    raise NotAFileError


def _is_changeable(folder: int) -> tuple[bool, bool]:
    """Say whether the user could change names in a folder, and whether only those of its own.

    As in /tmp, and in a /run that is a tmpfs. A folder of somebody else stays where it is there; a
    file or link of somebody else may have been given that name by the user (hard links).
    """
    found = os.fstat(folder)
    # access(2) asks with the real user and without capabilities: what it says is what that user can
    # do, access control lists included.
    writable = _is_writable(found) or os.access(".", os.W_OK, dir_fd=folder)
    return writable, bool(found.st_mode & stat.S_ISVTX) and found.st_uid != os.getuid()


def _is_writable(found: os.stat_result) -> bool:
    """Say whether the user could write something, were it not mounted read-only here."""
    group = found.st_gid == os.getgid() or found.st_gid in os.getgroups()
    return (
        found.st_uid == os.getuid()
        or bool(found.st_mode & stat.S_IWOTH)
        or (group and bool(found.st_mode & stat.S_IWGRP))
    )
