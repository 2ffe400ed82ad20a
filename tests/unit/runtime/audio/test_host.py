"""Whether a sound server answers at its socket."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest
from pbx.audio.host import check_socket
from pbx.core.errors import CommandError


def test_host_server_without_socket_is_reported(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="socket: No such file or directory"):
        check_socket(f"unix:{tmp_path}/socket")


def test_host_server_that_is_a_file_is_reported(tmp_path: Path) -> None:
    (tmp_path / "socket").touch()
    with pytest.raises(CommandError, match="is no socket"):
        check_socket(f"unix:{tmp_path}/socket")


def test_host_server_that_nobody_listens_at_is_reported(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "socket"))
    with pytest.raises(CommandError, match=r"nobody answers \(Connection refused\)"):
        check_socket(f"unix:{tmp_path}/socket")


@pytest.mark.parametrize("elsewhere", ["", "tcp:pulse.example:4713", "pulse.example"])
def test_host_server_elsewhere_is_not_checked(elsewhere: str) -> None:
    check_socket(elsewhere)
