"""A phone tells a test what came, and says why something did not."""

import base64
import wave
from pathlib import Path

import pytest

from fixtures.softphone import (
    Account,
    CommandError,
    Hearing,
    MessageError,
    NotInTimeError,
    Phone,
    RegistrationError,
    Softphones,
)
from tests.unit.fake_phones import FakeLink, make_group
from tests.unit.sounds import played

ALICE = Account("alice", "secret", "+12025550160")
REGISTER = "REGISTER sip:pbx SIP/2.0\r\nCSeq: 1 REGISTER\r\n\r\n"


# ---- accounts


def test_registering_hands_on_who_and_how(alice: Phone, line: FakeLink) -> None:
    line.after("account", "registration", code=200, reason="OK", expires=60)
    alice.register(ALICE, "pbx", transport="tls", srtp="sdes", codecs=("opus",), expires=60)
    sent = line.arguments("account")["settings"]
    assert sent["user"] == "alice"
    assert sent["password"] == ALICE.password
    assert (sent["transport"], sent["srtp"], sent["codecs"]) == ("tls", "sdes", ["opus"])
    assert sent["register"] is True
    assert alice.number == "+12025550160"


def test_a_refused_registration_says_who_how_and_why(alice: Phone, line: FakeLink) -> None:
    line.after("account", "registration", code=403, reason="Forbidden", expires=0)
    with pytest.raises(RegistrationError) as caught:
        alice.register(ALICE, "pbx", transport="tcp")
    text = "alice: registering as alice over tcp failed: 403 Forbidden"
    assert str(caught.value) == text
    assert (caught.value.code, caught.value.reason) == (403, "Forbidden")


def test_an_earlier_registration_is_not_taken_for_the_answer(alice: Phone, line: FakeLink) -> None:
    line.happens("registration", code=200, reason="OK", expires=300)
    with pytest.raises(NotInTimeError, match=r"^alice: got no answer to REGISTER within 10 s"):
        alice.register(ALICE, "pbx")


def test_a_story_ends_with_the_messages_of_all_phones(
    group: Softphones, lines: list[FakeLink], alice: Phone, line: FakeLink
) -> None:
    group.phone("bob")
    wire = {"transport": "UDP", "peer": "198.18.0.2:5060"}
    line.happens("sip", outgoing=True, text=REGISTER, **wire)
    lines[1].happens("sip", outgoing=False, text="OPTIONS sip:bob SIP/2.0\r\n\r\n", **wire)
    line.answers["hangup"] = CommandError("cannot hangup: no such call")
    with pytest.raises(CommandError) as caught:
        alice.request("hangup", call=9)
    first, *story = str(caught.value).splitlines()
    assert first == "alice: cannot hangup: no such call"
    assert "REGISTER sip:pbx" in "\n".join(story)
    assert "OPTIONS sip:bob" in "\n".join(story)


# ---- sound


def test_a_hum_is_the_phones_tone_without_pauses(alice: Phone, line: FakeLink) -> None:
    alice.call("1")
    alice.hum()
    assert line.arguments("voice") == {"frequency": alice.tone, "pauses": False}


def test_a_gap_in_a_hum_is_measured_in_what_came_at_each_tick(alice: Phone, line: FakeLink) -> None:
    tick = played(1040, 0.02, on=1, period=1).tobytes()
    ticks = [base64.b64encode(data).decode() for data in (tick, tick, b"", b"", b"", tick)]
    line.answers["ticks"] = ticks
    assert alice.longest_gap(1040, 0.12) == pytest.approx(0.06)
    assert line.arguments("ticks") == {"seconds": 0.12}


def test_each_call_gets_a_tone_that_no_phone_has(group: Softphones, alice: Phone) -> None:
    bob = group.phone("bob")
    for _ in range(50):
        before = alice.tone
        alice.call("1")
        assert abs(alice.tone - before) >= 60
        bob.call("2")
        assert abs(alice.tone - bob.tone) >= 60


def test_a_tone_is_asked_for_without_ones_own(alice: Phone, line: FakeLink) -> None:
    line.answers["call"] = 3
    line.answers["hear"] = {"heard": False, "reason": "silence", "first_audio": None}
    alice.call("1")
    hearing = alice.hears(1040, 0)
    assert (bool(hearing), hearing.reason) == (False, "silence")
    asked = line.arguments("hear")
    assert (asked["call"], asked["wanted"], asked["own"]) == (3, 1040, alice.tone)
    alice.hears(1040, 0, echo=True)
    assert line.arguments("hear")["own"] is None
    alice.hears(alice.tone, 0)
    assert line.arguments("hear")["own"] is None


def test_what_was_heard_is_told_to_the_group(lines: list[FakeLink]) -> None:
    told: list[Hearing] = []
    alice = make_group(on_heard=told.append).phone("alice")
    lines[0].answers["hear"] = {"heard": True, "reason": "1040 Hz in 5 bursts", "first_audio": 0.2}
    alice.call("1")
    assert alice.hears(1040)
    assert alice.first_audio == 0.2
    assert told == [Hearing(True, "1040 Hz in 5 bursts", 0.2)]


@pytest.mark.parametrize(
    ("command", "old"), [("hold", True), ("join", True), ("mute", True), ("dtmf", False)]
)
def test_sound_from_before_a_change_does_not_count(
    group: Softphones, alice: Phone, line: FakeLink, command: str, old: bool
) -> None:
    line.answers["call"] = 0
    line.answers["hear"] = {"heard": False, "reason": "silence", "first_audio": None}
    alice.call("1")
    group.changed_at -= 100
    alice.request(command)
    alice.hears(1040, 0)
    assert (line.arguments("hear")["age"] < 50) is old


def test_a_recording_is_a_wav_file(alice: Phone, line: FakeLink, tmp_path: Path) -> None:
    line.answers["recording"] = ""
    assert not alice.save_recording(tmp_path / "none.wav")
    assert not (tmp_path / "none.wav").exists()
    line.answers["recording"] = base64.b64encode(bytes(range(200))).decode()
    assert alice.save_recording(tmp_path / "some.wav")
    with wave.open(str(tmp_path / "some.wav")) as file:
        assert file.getparams()[:4] == (1, 2, 16000, 100)
        assert file.readframes(100) == bytes(range(200))


# ---- texts and presence


def test_a_refused_text_says_to_whom_and_why(alice: Phone, line: FakeLink) -> None:
    line.happens("message_status", to="x", code=202, reason="Accepted")
    line.after("message", "message_status", to="x", code=404, reason="Not Found")
    with pytest.raises(MessageError) as caught:
        alice.message("+1999", "hello")
    assert str(caught.value) == "alice: sending a text to +1999 failed: 404 Not Found"
    assert caught.value.code == 404
    assert line.arguments("message") == {"to": "+1999", "body": "hello"}


def test_the_answer_to_an_earlier_text_is_not_taken_for_that(alice: Phone, line: FakeLink) -> None:
    line.happens("message_status", to="x", code=202, reason="Accepted")
    with pytest.raises(NotInTimeError, match=r"^alice: got no answer to MESSAGE within 5 s"):
        alice.message("+1999", "hello")


@pytest.mark.parametrize("code", [200, 202])
def test_an_accepted_text_is_no_error(alice: Phone, line: FakeLink, code: int) -> None:
    line.after("message", "message_status", to="x", code=code, reason="OK")
    alice.message("+1999", "hello")


def test_texts_are_received_in_order(alice: Phone, line: FakeLink) -> None:
    for body in ("one", "two"):
        line.happens("message", sender="sip:bob@pbx", to="sip:alice@pbx", body=body)
    assert [alice.receives_message().body, alice.receives_message().body] == ["one", "two"]
    with pytest.raises(NotInTimeError, match=r"^alice: got no text within 5 s"):
        alice.receives_message()


def test_presence_is_what_came_last_of_somebody(alice: Phone, line: FakeLink) -> None:
    line.happens("presence", of="sip:183@pbx", note="Ringing", text="")
    line.happens("presence", of="sip:199@pbx", note="On the phone", text="")
    assert alice.sees("183", "Ringing") == 1
    assert alice.sees("199", "On the phone") == 2
    line.happens("presence", of="sip:183@pbx", note="", text="Ready")
    assert alice.sees("183", "Ready") == 3
    with pytest.raises(NotInTimeError, match=r"^alice: did not see 'Ringing' of 183 within 1 s"):
        alice.sees("183", "Ringing", 1)
