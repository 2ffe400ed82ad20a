"""The sound server of the host, as this container sees it: its socket and its cookie."""

import os
import pwd
import socket
import stat
import subprocess
from pathlib import Path

from pbx.core.errors import CommandError
from pbx.core.rights import LAUNCHER

USER = "asterisk"
_MANUAL = "the manual of audio says how the host shares it"


def check_socket(server: str) -> None:
    """Make sure that a sound server answers.

    Args:
        server: As in PULSE_SERVER. Only local ones (`unix:/path`) are looked at.

    Raises:
        CommandError: there is none.
    """
    kind, _, path = server.partition(":")
    if kind != "unix":
        return
    try:
        mode = Path(path).stat().st_mode
    except OSError as error:
        raise CommandError(f"{path}: {error.strerror}", _MANUAL) from error
    if not stat.S_ISSOCK(mode):
        raise CommandError(f"{path} is no socket", _MANUAL)
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(5)
        try:
            connection.connect(path)
        except OSError as error:
            raise CommandError(
                f"{path}: nobody answers ({error.strerror or error})",
                "the sound server has restarted since; share its socket again",
            ) from error


def share_cookie(cookie: Path) -> None:
    """Lets user asterisk read the cookie, which most are for its owner alone, and no further user.

    For root. Without a cookie all is well, too: not every server wants one. Descriptors are used,
    and no link is followed, so that nobody can make another file of it on the way.

    Raises:
        CommandError: that cannot be done.
    """
    if not cookie.is_file() or _is_readable(cookie):
        return
    user = pwd.getpwnam(USER)
    if theirs := [path for path in cookie.parents if path.stat().st_uid == user.pw_uid]:
        raise CommandError(f"{theirs[0]} belongs to user {USER}", _MANUAL)
    try:
        folder = os.open(cookie.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        try:
            file = os.open(cookie.name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=folder)
            try:
                for descriptor, right in ((file, stat.S_IRGRP), (folder, stat.S_IXGRP)):
                    if not _is_readable(cookie):
                        os.fchown(descriptor, -1, user.pw_gid)
                        mode = stat.S_IMODE(os.fstat(descriptor).st_mode)
                        os.fchmod(descriptor, mode | right)
            finally:
                os.close(file)
        finally:
            os.close(folder)
    except OSError as error:
        raise CommandError(
            f"user {USER} cannot read {cookie}, nor may root change that ({error.strerror})",
            f"on the host, let user {user.pw_uid} read it",
        ) from error
    if not _is_readable(cookie):
        raise CommandError(f"user {USER} cannot read {cookie}", "look at the folders above it")


def _is_readable(cookie: Path) -> bool:
    return subprocess.run([LAUNCHER, "test", "-r", str(cookie)], check=False).returncode == 0
