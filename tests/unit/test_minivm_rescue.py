"""What becomes of a message that was being recorded when Asterisk was killed."""

from __future__ import annotations

import datetime
import email
import email.policy
import io
import os
import wave
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pbx.voicemail.outbox import Outbox
from pbx.voicemail.rescue import mail_of, rescue, unfinished, whole

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


def test_it_is_mailed_to_whom_it_was_for(outbox: Outbox) -> None:
    path = record(outbox, "a8Zk2P", 3)
    rescue(outbox, STARTED, STARTED)
    (entry,) = outbox.queue
    assert entry.state.recipients == ("ann@example.com",)
    mail = email.message_from_bytes(entry.message, policy=email.policy.default)
    (attachment,) = mail.iter_attachments()
    assert attachment.get_filename() == "voicemail-a8Zk2P.wav"
    with wave.open(io.BytesIO(attachment.get_content())) as file:
        assert file.getnframes() == 24_000
    assert list(path.parent.iterdir()) == []


def test_what_is_being_recorded_is_left_alone(outbox: Outbox) -> None:
    path = record(outbox, "a8Zk2P", 3, age=-1)
    rescue(outbox, STARTED, STARTED)
    assert path.exists()
    assert list(outbox.queue) == []
    assert [found.sound for found in unfinished(outbox.spool, STARTED + 2)] == [path]


def test_less_than_a_second_is_no_message(outbox: Outbox) -> None:
    path = record(outbox, "a8Zk2P", 0.9)
    rescue(outbox, STARTED, STARTED)
    assert list(path.parent.iterdir()) == []
    assert list(outbox.queue) == []


def test_who_hung_up_at_the_beep_has_left_none(outbox: Outbox) -> None:
    path = record(outbox, "a8Zk2P", 3)
    path.unlink()
    rescue(outbox, STARTED, STARTED)
    assert list(path.parent.iterdir()) == []


def test_recordings_for_another_program_stay(outbox: Outbox) -> None:
    path = record(outbox, "a8Zk2P", 3)
    outbox.configuration.write_text("[general]\nmailcmd = sendmail -t\n")
    rescue(outbox, STARTED, STARTED)
    assert path.exists()
    assert list(outbox.queue) == []


def test_a_mistake_in_the_settings_does_not_lose_it(outbox: Outbox) -> None:
    record(outbox, "a8Zk2P", 3)
    outbox.configuration.write_text("[general]\nmailcmd = minivm-send -P startls\n")
    rescue(outbox, STARTED, STARTED)
    (entry,) = outbox.queue
    assert "startls" in entry.state.reason


def test_the_folder_of_another_kind_of_recording_is_not_looked_at(outbox: Outbox) -> None:
    greeting = outbox.spool / "voicemail" / "example.com" / "ann" / "temp.wav"
    greeting.parent.mkdir(parents=True)
    greeting.write_bytes(broken_off(24_000))
    os.utime(greeting, (STARTED - 10, STARTED - 10))
    rescue(outbox, STARTED, STARTED)
    assert greeting.exists()


def test_the_mail_says_what_happened() -> None:
    came = datetime.datetime(2026, 1, 2, 3, 4, tzinfo=datetime.UTC)
    mail = email.message_from_bytes(
        mail_of("ann@example.com", "x.wav", b"", came), policy=email.policy.default
    )
    body = mail.get_body()
    assert body
    assert "on Friday, 02 January 2026 at 03:04. It broke off" in body.get_content()


@given(st.integers(0, 5000))
def test_a_header_gets_its_lengths(samples: int) -> None:
    with wave.open(io.BytesIO(whole(broken_off(samples)))) as file:
        assert file.readframes(file.getnframes()) == b"ab" * samples


@given(st.binary(max_size=100))
def test_what_has_no_such_header_stays_as_it_is(sound: bytes) -> None:
    if sound[:4] != b"RIFF":
        assert whole(sound) == sound
    assert len(whole(sound)) == len(sound)
