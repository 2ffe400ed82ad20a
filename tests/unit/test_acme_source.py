"""ACME_FILE is read while somebody else writes it."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest
from pbx.tls import source
from pbx.tls.acme import MAX_BYTES

from factory.waiting import wait_for
from fixtures.traefik import Issued, acme_json, rewrite

WHOLE = acme_json({"pbx.example": Issued(b"certificate", b"key")})


@pytest.fixture
def acme(tmp_path: Path) -> Path:
    return tmp_path / "acme.json"


def test_a_whole_file_is_read(acme: Path) -> None:
    rewrite(acme, WHOLE)
    reading = source.read(acme, 0)
    assert [entry.domain for entry in reading.contents.entries] == ["pbx.example"]
    assert reading.problem == ""


@pytest.mark.parametrize("contents", [None, b"", b"\n"])
def test_that_it_is_missing_or_empty_is_normal(acme: Path, contents: bytes | None) -> None:
    if contents is not None:
        acme.write_bytes(contents)
    assert source.read(acme, 60) == source.Reading()


def test_a_file_that_is_half_written_is_read_when_it_is_whole(
    acme: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    acme.write_bytes(WHOLE[:100])
    waits: list[float] = []

    def sleep(seconds: float) -> None:
        waits.append(seconds)
        if len(waits) == 3:
            acme.write_bytes(WHOLE)

    monkeypatch.setattr("time.sleep", sleep)
    assert source.read(acme, 60).contents.entries
    assert len(waits) == 3


def test_no_writer_is_ever_read_in_between(acme: Path) -> None:
    acme.write_bytes(WHOLE)
    over = threading.Event()

    def write() -> None:
        while not over.is_set():
            rewrite(acme, WHOLE, pieces=7)

    writer = threading.Thread(target=write)
    writer.start()
    problems: list[str] = []

    def read() -> bool:
        reading = source.read(acme, 10)
        problems.append(reading.problem)
        return bool(reading.contents.entries)

    try:
        for _ in range(10):
            # Empty is what it is after it was truncated; the change that follows is told of, too.
            wait_for(read, seconds=20, otherwise="it was never read")
    finally:
        over.set()
        writer.join()
    assert set(problems) == {""}


def test_a_file_that_stays_half_is_complained_of(acme: Path) -> None:
    acme.write_bytes(WHOLE[:100])
    assert source.read(acme, 0).problem.startswith("it is not JSON (")


def test_a_huge_file_is_not_read_to_its_end(acme: Path) -> None:
    with acme.open("wb") as file:
        file.truncate(MAX_BYTES * 1000)
    assert source.read(acme, 0).problem == "it is larger than 8 MiB"


def test_a_folder_in_its_place_is_explained(acme: Path) -> None:
    acme.mkdir()
    assert "the engine makes one if there is no file to mount" in source.read(acme, 0).problem


def test_a_pipe_does_not_hold_it_up(acme: Path) -> None:
    os.mkfifo(acme)
    assert source.read(acme, 0).problem == "it is no file"


def test_a_link_is_followed(acme: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").write_bytes(WHOLE)
    acme.symlink_to("elsewhere")
    assert source.read(acme, 0).contents.entries
    acme.unlink()
    acme.symlink_to("acme.json")
    assert source.read(acme, 0).problem.startswith("it cannot be read: ")


def test_what_may_not_be_read_is_told_with_the_remedy(
    acme: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> int:
        raise PermissionError

    monkeypatch.setattr(os, "open", refuse)
    assert source.read(acme, 0).problem.endswith("the capability DAC_OVERRIDE")


def test_a_file_that_was_replaced_behind_the_mount_is_told(
    acme: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    acme.write_bytes(WHOLE)
    descriptor = os.open(acme, os.O_RDONLY)
    acme.unlink()
    monkeypatch.setattr(os, "open", lambda *_: descriptor)
    assert source.read(acme, 0).problem.endswith("mount its folder, not the file alone")


def test_the_signature_tells_every_change(acme: Path) -> None:
    seen = [source.signature(acme)]
    acme.write_bytes(WHOLE)
    seen.append(source.signature(acme))
    os.utime(acme, ns=(1, 1))
    seen.append(source.signature(acme))
    acme.chmod(0o640)
    os.utime(acme, ns=(1, 2))
    seen.append(source.signature(acme))
    other = acme.with_name("other")
    other.write_bytes(WHOLE)
    other.rename(acme)
    seen.append(source.signature(acme))
    assert seen[0] == []
    assert len({tuple(signature) for signature in seen}) == len(seen)
    assert source.signature(acme) == seen[-1]
