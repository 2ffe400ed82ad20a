"""The sound server of the host, as this container sees it: its socket and its cookie."""

import os
import pwd
import socket
import stat
import subprocess
from pathlib import Path

from pbx.core.errors import CommandError

USER = "asterisk"
_MANUAL = "the manual of audio says how the host shares it"


def check_socket(server: str) -> None:
    """Makes sure that a sound server answers.

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
                "the sound server was started anew since; share its socket again",
            ) from error


def share_cookie(cookie: Path) -> None:
    """Lets user asterisk read the cookie, which most are for its owner alone, and no further user.

    Without one all is well, too: not every server wants it.

    Raises:
        CommandError: that cannot be done.
    """
    if not cookie.exists() or _is_readable(cookie):
        return
    group = pwd.getpwnam(USER).pw_gid
    try:
        for path, right in ((cookie, stat.S_IRGRP), (cookie.parent, stat.S_IXGRP)):
            if not _is_readable(cookie):
                os.chown(path, -1, group)
                path.chmod(stat.S_IMODE(path.stat().st_mode) | right)
    except OSError as error:
        raise CommandError(
            f"user {USER} cannot read {cookie}, nor may I change that ({error.strerror})",
            f"on the host, let user {pwd.getpwnam(USER).pw_uid} read it",
        ) from error
    if not _is_readable(cookie):
        raise CommandError(f"user {USER} cannot read {cookie}", "look at the folders above it")


def _is_readable(cookie: Path) -> bool:
    test = ["test", "-r", str(cookie)]
    user = ["--reuid", USER, "--regid", USER, "--init-groups", "--inh-caps=-all"]
    return subprocess.run(["setpriv", *user, *test], check=False).returncode == 0
