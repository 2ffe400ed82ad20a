"""The reader passes on what is needed at each change, and ends when nobody reads."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pbx.tls.given import HEADER_BYTES, Given, decode, length_of

from factory.waiting import wait_for
from fixtures.traefik import Authority, Issued, acme_json, rewrite

pytestmark = pytest.mark.skipif(os.getuid() != 0, reason="changes the real user id")

ASTERISK = 200
HOST = "pbx.example.com"
AUTHORITY = Authority()
RUNTIME = Path(__file__).parents[4] / "runtime"


@pytest.fixture
def acme() -> Iterator[Path]:
    """ACME_FILE in a folder that only root can change, as all above it; it does not exist yet."""
    folder = Path(f"/root-only-{os.getpid()}")
    folder.mkdir(mode=0o755)
    yield folder / "acme.json"
    for path in sorted(folder.rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() and not path.is_symlink() else path.unlink()
    folder.rmdir()


class Reader:
    """The program, with the rights of root and the real user asterisk: as with a capability."""

    def __init__(
        self, acme: Path, *arguments: str, own: tuple[str, ...] = (), **variables: str
    ) -> None:
        self.process = subprocess.Popen(
            [
                *("setpriv", "--ruid", str(ASTERISK), "--rgid", str(ASTERISK), "--clear-groups"),
                *(sys.executable, "-B", "-m", "pbx.tls.reader", *arguments, str(acme), *own),
            ],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            env={
                "PYTHONPATH": str(RUNTIME),
                "HOSTNAME": HOST,
                **variables,
            },
        )

    def next(self) -> Given:
        assert self.process.stdout
        header = self.process.stdout.read(HEADER_BYTES)
        return decode(header + self.process.stdout.read(length_of(header)))


StartReader = Callable[..., Reader]


@pytest.fixture
def start(acme: Path) -> Iterator[StartReader]:
    readers: list[Reader] = []

    def start(*arguments: str, path: Path = acme, **options: Any) -> Reader:
        readers.append(Reader(path, *arguments, **options))
        return readers[-1]

    yield start
    for reader in readers:
        reader.process.kill()
        reader.process.wait()


def offer(acme: Path, *names: str) -> dict[str, Issued]:
    issued = {name: AUTHORITY.issue(name) for name in names}
    rewrite(acme, acme_json(issued))
    acme.chmod(0o600)
    return issued


def test_reader_passes_on_every_change(start: StartReader, acme: Path) -> None:
    reader = start()
    assert reader.next() == Given()
    for _ in range(2):
        issued = offer(acme, HOST)
        assert reader.next().contents.entries[0].key == issued[HOST].key
    other = acme.with_name("new")
    issued = offer(other, HOST)
    other.rename(acme)
    assert reader.next().contents.entries[0].key == issued[HOST].key


@pytest.mark.parametrize("kind", ["pipe", "device", "huge", "half", "folder"])
def test_reader_is_not_held_up(start: StartReader, acme: Path, kind: str) -> None:
    if kind == "pipe":
        os.mkfifo(acme)
    elif kind == "device":
        os.mknod(acme, 0o600 | 0o020000, os.makedev(1, 5))  # /dev/zero
    elif kind == "huge":
        with acme.open("wb") as file:
            file.truncate(10**10)
    elif kind == "half":
        acme.write_bytes(b"{")
    else:
        acme.mkdir()
    assert start("--once").next().problem.startswith("it is ")


def test_reader_ends_when_nobody_reads(start: StartReader) -> None:
    reader = start()
    assert reader.next() == Given()
    assert reader.process.stdout
    reader.process.stdout.close()
    reader.process.wait(60)


def test_reader_looks_into_files_without_rights(start: StartReader, acme: Path) -> None:
    """While one that does not read keeps it writing, its child shows what rights it has."""
    offer(acme, *(f"host{number}.example.com" for number in range(40)))
    reader = start(ACME_KEEP="all")
    children = Path(f"/proc/{reader.process.pid}/task/{reader.process.pid}/children")

    def rights() -> list[str]:
        pids = children.read_text().split()
        lines = Path(f"/proc/{pids[0]}/status").read_text().splitlines() if pids else []
        wanted = ("CapInh", "CapPrm", "CapEff", "CapAmb")
        return [line.split()[1] for line in lines if line.startswith(wanted)]

    wait_for(
        rights,
        lambda found: found == ["0" * 16] * 4,
        seconds=60,
        otherwise="the child has rights, or has not been there",
    )
    (child,) = children.read_text().split()
    assert Path(f"/proc/{child}/mem").owner() == "root"  # not dumpable
