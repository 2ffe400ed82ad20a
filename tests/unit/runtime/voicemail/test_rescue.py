"""What becomes of a message that was being recorded when Asterisk was killed."""

from __future__ import annotations

import io
import os
import wave
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pbx.voicemail.outbox import Outbox
from pbx.voicemail.rescue import rescue, unfinished, whole

STARTED = 1_000_000.0
# Nothing listens there: the mail is kept, and waits.
CONFIGURATION = "[general]\nmailcmd = minivm-send -H 127.0.0.1:1 -f pbx@example.com\n"


@pytest.fixture
def outbox(tmp_path: Path) -> Outbox:
    (tmp_path / "minivm.conf").write_text(CONFIGURATION)
    return Outbox(tmp_path / "spool", tmp_path / "minivm.conf", lambda _level, _text: None)


def broken_off(samples: int) -> bytes:
    """A recording as Asterisk leaves it when it is killed: without lengths in the header."""
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(b"ab" * samples)
    sound = bytearray(buffer.getvalue())
    sound[4:8] = sound[40:44] = bytes(4)
    return bytes(sound)


def record(outbox: Outbox, name: str, seconds: float, age: float = 10) -> Path:
    """Leaves a recording for ann@example.com, with the empty file that MiniVM makes beside it."""
    folder = outbox.spool / "voicemail" / "example.com" / "ann" / "tmp"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.wav"
    path.write_bytes(broken_off(int(8000 * seconds)))
    (folder / name).touch()
    for left in (path, folder / name):
        os.utime(left, (STARTED - age, STARTED - age))
    return path


def test_rescue_leaves_what_is_being_recorded(outbox: Outbox) -> None:
    path = record(outbox, "a8Zk2P", 3, age=-1)
    rescue(outbox, STARTED, STARTED)
    assert path.exists()
    assert list(outbox.queue) == []
    assert [found.sound for found in unfinished(outbox.spool, STARTED + 2)] == [path]


def test_rescue_removes_less_than_a_second(outbox: Outbox) -> None:
    path = record(outbox, "a8Zk2P", 0.9)
    rescue(outbox, STARTED, STARTED)
    assert list(path.parent.iterdir()) == []
    assert list(outbox.queue) == []


def test_rescue_removes_notes_without_sound(outbox: Outbox) -> None:
    path = record(outbox, "a8Zk2P", 3)
    path.unlink()
    rescue(outbox, STARTED, STARTED)
    assert list(path.parent.iterdir()) == []


def test_rescue_leaves_recordings_to_another_mail_program(outbox: Outbox) -> None:
    path = record(outbox, "a8Zk2P", 3)
    outbox.configuration.write_text("[general]\nmailcmd = sendmail -t\n")
    rescue(outbox, STARTED, STARTED)
    assert path.exists()
    assert list(outbox.queue) == []


def test_rescue_keeps_the_mail_if_the_settings_are_wrong(outbox: Outbox) -> None:
    record(outbox, "a8Zk2P", 3)
    outbox.configuration.write_text("[general]\nmailcmd = minivm-send -P startls\n")
    rescue(outbox, STARTED, STARTED)
    (entry,) = outbox.queue
    assert "startls" in entry.state.reason


def test_rescue_goes_on_after_a_recording_that_cannot_be_read(tmp_path: Path) -> None:
    said: list[str] = []
    outbox = Outbox(tmp_path, tmp_path / "minivm.conf", lambda _level, text: said.append(text))
    outbox.configuration.write_text(CONFIGURATION)
    record(outbox, "b8Zk2P", 3)
    broken = record(outbox, "a8Zk2P", 3)
    broken.unlink()
    broken.mkdir()
    for number in range(2000):  # a folder so large that it is not taken for a short recording
        (broken / f"{number:060}").touch()
    rescue(outbox, STARTED, STARTED)
    assert [mail.state.recipients for mail in outbox.queue] == [("ann@example.com",)]
    assert "a message for ann@example.com cannot be rescued" in said[0]


def test_rescue_leaves_greetings(outbox: Outbox) -> None:
    greeting = outbox.spool / "voicemail" / "example.com" / "ann" / "temp.wav"
    greeting.parent.mkdir(parents=True)
    greeting.write_bytes(broken_off(24_000))
    os.utime(greeting, (STARTED - 10, STARTED - 10))
    rescue(outbox, STARTED, STARTED)
    assert greeting.exists()


@given(st.integers(0, 5000))
def test_rescue_writes_the_lengths_of_a_wave_file(samples: int) -> None:
    with wave.open(io.BytesIO(whole(broken_off(samples)))) as file:
        assert file.readframes(file.getnframes()) == b"ab" * samples


@given(st.binary(max_size=100))
def test_rescue_leaves_other_sound_as_it_is(sound: bytes) -> None:
    if sound[:4] != b"RIFF":
        assert whole(sound) == sound
    assert len(whole(sound)) == len(sound)
