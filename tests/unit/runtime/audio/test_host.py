"""Whether a sound server answers at its socket."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest
from pbx.audio.host import check_socket, share_cookie
from pbx.core.errors import CommandError


def test_a_server_that_listens_is_there(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "socket"))
        server.listen()
        check_socket(f"unix:{tmp_path}/socket")


def test_no_socket(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="socket: No such file or directory"):
        check_socket(f"unix:{tmp_path}/socket")


def test_a_file_in_its_place(tmp_path: Path) -> None:
    (tmp_path / "socket").touch()
    with pytest.raises(CommandError, match="is no socket"):
        check_socket(f"unix:{tmp_path}/socket")


def test_a_socket_that_nobody_listens_at(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "socket"))
    with pytest.raises(CommandError, match=r"nobody answers \(Connection refused\)"):
        check_socket(f"unix:{tmp_path}/socket")


@pytest.mark.parametrize("elsewhere", ["", "tcp:pulse.example:4713", "pulse.example"])
def test_servers_elsewhere_are_not_looked_at(elsewhere: str) -> None:
    check_socket(elsewhere)


def test_not_every_server_wants_a_cookie(tmp_path: Path) -> None:
    share_cookie(tmp_path / "cookie")
    assert not (tmp_path / "cookie").exists()
