"""The program that makes folders of mailboxes, and greetings of recordings."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

PROGRAM = Path(__file__).resolve().parents[2] / "runtime/pbx/privatedial/lib/recordings"
LONG, SHORT = bytes(16_000), bytes(15_999)


def run(spool: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Runs it as Asterisk does, which takes what is printed for commands."""
    done = subprocess.run(
        [PROGRAM, *arguments],
        env={"AST_SPOOL_DIR": str(spool), "PATH": "/usr/bin:/bin"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
        text=True,
    )
    assert done.stdout == ""
    return done


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "voicemail" / "example.com" / "o^brien"
    folder.mkdir(parents=True)
    return folder


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_recordings_prepare_makes_the_folder(tmp_path: Path) -> None:
    folder = tmp_path / "voicemail" / "example.com" / "o^brien"
    for _ in range(2):
        assert run(tmp_path, "prepare", str(folder)).returncode == 0
    assert names(folder) == ["tmp"]


def test_recordings_keep_replaces_the_greeting(tmp_path: Path, folder: Path) -> None:
    (folder / "new-1.wav").write_bytes(LONG)
    for old in ("busy.wav", "busy.WAV", "busy.gsm", "temp.wav"):
        (folder / old).touch()
    assert run(tmp_path, "keep", str(folder), "new-1", "busy").returncode == 0
    assert names(folder) == ["busy.wav", "temp.wav"]
    assert (folder / "busy.wav").read_bytes() == LONG


def test_recordings_keep_removes_the_greeting_if_it_is_short(tmp_path: Path, folder: Path) -> None:
    (folder / "new-1.wav").write_bytes(SHORT)
    for old in ("busy.wav", "busy.gsm", "temp.wav"):
        (folder / old).touch()
    assert run(tmp_path, "keep", str(folder), "new-1", "busy").returncode == 0
    assert names(folder) == ["temp.wav"]


def test_recordings_keep_leaves_the_greeting_if_it_runs_again(tmp_path: Path, folder: Path) -> None:
    (folder / "new-1.wav").write_bytes(LONG)
    for _ in range(2):
        run(tmp_path, "keep", str(folder), "new-1", "busy")
    assert names(folder) == ["busy.wav"]


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["prepare"],
        ["prepare", "/etc/asterisk"],
        ["prepare", "SPOOL/mail/example.com/ann"],
        ["prepare", "SPOOL/voicemail/example.com"],
        ["prepare", "SPOOL/voicemail/example.com/"],
        ["prepare", "SPOOL/voicemail/example.com/.."],
        ["prepare", "SPOOL/voicemail/../../ann"],
        ["prepare", "SPOOL/voicemail/./ann"],
        ["keep", "SPOOL/voicemail/example.com/o^brien", "../new-1", "busy"],
        ["keep", "SPOOL/voicemail/example.com/o^brien", "new-1", "../busy"],
        ["keep", "SPOOL/voicemail/example.com/o^brien", "new-1"],
        ["remove", "SPOOL/voicemail/example.com/o^brien"],
    ],
)
def test_recordings_refuses(tmp_path: Path, folder: Path, arguments: list[str]) -> None:
    (folder / "new-1.wav").write_bytes(LONG)
    before = sorted(tmp_path.rglob("*"))
    done = run(tmp_path, *(text.replace("SPOOL", str(tmp_path)) for text in arguments))
    assert done.returncode != 0
    assert len(done.stderr.splitlines()) == 1
    assert sorted(tmp_path.rglob("*")) == before
