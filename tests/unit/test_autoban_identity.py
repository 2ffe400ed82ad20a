"""Whose manager interface it is, what is said of that, and when AutoBan is not healthy."""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from pbx.asterisk.ami_client import AmiForeignError, AmiRefusedError
from pbx.autoban.judgement.addresses import parse_address
from pbx.autoban.manager.identity import is_foreign, listeners
from pbx.autoban.manager.outage import REFUSED_SICK_AFTER, SICK_AFTER, Outage
from pbx.core.log import ERROR

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
def test_the_socket_that_listens_is_found(address: str, port: int, inodes: set[int]) -> None:
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


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_our_own_asterisk_is_not_foreign(port: int, pid_file: Path, host: str) -> None:
    assert not is_foreign(host, port, pid_file)


def test_somebody_elses_port_is_foreign(port: int, pid_file: Path, tmp_path: Path) -> None:
    """The process that is taken for Asterisk here has other sockets."""
    fds = tmp_path / str(os.getpid()) / "fd"
    fds.mkdir(parents=True)
    (fds / "0").symlink_to("/dev/null")
    (fds / "1").symlink_to("socket:[1]")
    assert is_foreign("127.0.0.1", port, pid_file, tmp_path)


def test_what_cannot_be_told_is_not_foreign(port: int, pid_file: Path, tmp_path: Path) -> None:
    assert not is_foreign("192.0.2.1", port, pid_file)  # another machine
    assert not is_foreign("pbx.example.com", port, pid_file)
    assert not is_foreign("127.0.0.1", 1, pid_file)  # nobody listens
    assert not is_foreign("127.0.0.1", port, tmp_path / "none")  # Asterisk does not run
    pid_file.write_text("4194305")  # no more
    assert not is_foreign("127.0.0.1", port, pid_file)


FOREIGN = AmiForeignError("port 5038 belongs to somebody else")
REFUSED = AmiRefusedError("Authentication failed")
DOWN = ConnectionRefusedError("refused")


def test_somebody_elses_port_is_told_at_once_and_once() -> None:
    outage = Outage(0)
    assert outage.goes_on(FOREIGN, 1) == (ERROR, "port 5038 belongs to somebody else; trying on")
    assert outage.goes_on(FOREIGN, 6) is None


@pytest.mark.parametrize("error", [FOREIGN, REFUSED])
def test_who_is_refused_for_some_seconds_is_not_healthy(error: Exception) -> None:
    outage = Outage(0)
    outage.goes_on(error, 1)
    assert outage.problem(REFUSED_SICK_AFTER) == ""
    assert str(error) in outage.problem(1 + REFUSED_SICK_AFTER)
    outage.ended()
    assert outage.problem(1000) == ""


def test_a_restart_of_asterisk_leaves_it_healthy() -> None:
    outage = Outage(0)
    assert outage.problem(SICK_AFTER - 1) == ""  # it has just been started
    outage.ended()
    outage.goes_on(DOWN, 1000)
    outage.goes_on(DOWN, 1050)
    assert outage.problem(1000 + SICK_AFTER - 1) == ""
    assert "refused" in outage.problem(1000 + SICK_AFTER)


def test_one_refusal_while_asterisk_starts_does_not_count_for_ever() -> None:
    outage = Outage(0)
    outage.ended()
    outage.goes_on(REFUSED, 1000)
    outage.goes_on(DOWN, 1001)
    assert outage.problem(1030) == ""
