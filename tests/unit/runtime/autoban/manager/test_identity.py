"""Whose manager interface it is."""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from pbx.autoban.judgement.addresses import parse_address
from pbx.autoban.manager.identity import is_foreign, listeners

HEADING = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid\n"


def line(local: str, state: str, inode: int) -> str:
    rest = "00000000:00000000 00:00000000 00000000   200        0"
    return f"   0: {local} 00000000:0000 {state} {rest} {inode} 1 0000000000000000 100 0 0 10 0\n"


def hexadecimal(address: str) -> str:
    packed = parse_address(address).packed
    words = [packed[i : i + 4] for i in range(0, len(packed), 4)]
    return "".join(f"{int.from_bytes(word, sys.byteorder):08X}" for word in words)


TCP = HEADING + (
    line(f"{hexadecimal('127.0.0.1')}:13AE", "0A", 11)
    + line(f"{hexadecimal('0.0.0.0')}:13AE", "0A", 12)
    + line(f"{hexadecimal('127.0.0.1')}:13AE", "01", 13)  # a connection
    + line(f"{hexadecimal('0.0.0.0')}:13C4", "0A", 14)
)
TCP6 = HEADING + line(f"{hexadecimal('::')}:13AF", "0A", 21)


@pytest.mark.parametrize(
    ("address", "port", "inodes"),
    [
        ("127.0.0.1", 5038, {11}),
        ("192.0.2.1", 5038, {12}),
        ("127.0.0.1", 5060, {14}),
        ("127.0.0.1", 5039, {21}),
        ("::1", 5039, {21}),
        ("127.0.0.1", 5040, set()),
    ],
)
def test_listener_of_an_address_is_found(address: str, port: int, inodes: set[int]) -> None:
    assert listeners(TCP, TCP6, parse_address(address), port) == inodes
    assert listeners("", "", parse_address(address), port) == set()


@pytest.fixture
def port() -> Iterator[int]:
    """A port of 127.0.0.1 on which this process listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


@pytest.fixture
def pid_file(tmp_path: Path) -> Path:
    path = tmp_path / "asterisk.pid"
    path.write_text(f"{os.getpid()}\n")
    return path


def test_foreign_is_the_port_of_another_program(port: int, pid_file: Path, tmp_path: Path) -> None:
    """The process that is taken for Asterisk here has other sockets."""
    fds = tmp_path / str(os.getpid()) / "fd"
    fds.mkdir(parents=True)
    (fds / "0").symlink_to("/dev/null")
    (fds / "1").symlink_to("socket:[1]")
    assert is_foreign("127.0.0.1", port, pid_file, tmp_path)


def test_foreign_is_nothing_that_is_unknown(port: int, pid_file: Path, tmp_path: Path) -> None:
    assert not is_foreign("192.0.2.1", port, pid_file)  # another machine
    assert not is_foreign("pbx.example.com", port, pid_file)
    assert not is_foreign("127.0.0.1", 1, pid_file)  # nobody listens
    assert not is_foreign("127.0.0.1", port, tmp_path / "none")  # Asterisk does not run
    pid_file.write_text("4194305")  # no more
    assert not is_foreign("127.0.0.1", port, pid_file)
