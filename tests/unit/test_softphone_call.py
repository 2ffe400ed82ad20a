"""Calls tell a test how far they got, and say why not further."""

import pytest

from fixtures.softphone import CallError, NotInTimeError, Phone, SoftphoneError, Softphones
from tests.unit.fake_phones import FakeLink


def call_states(line: FakeLink, *states: tuple[str, int, str], call: int = 0) -> None:
    for state, code, reason in states:
        line.happens("call", call=call, state=state, code=code, reason=reason)


def test_a_refused_call_says_with_which_status(alice: Phone, line: FakeLink) -> None:
    line.answers["call"] = 0
    call_states(line, ("calling", 0, ""), ("early", 180, "Ringing"), ("over", 486, "Busy Here"))
    with pytest.raises(CallError) as caught:
        alice.call("+12025550183").answered()
    assert str(caught.value) == "alice: the call was not answered: 486 Busy Here"
    assert (caught.value.code, caught.value.reason) == (486, "Busy Here")


def test_a_call_that_was_answered_and_then_ended_was_answered(alice: Phone, line: FakeLink) -> None:
    line.answers["call"] = 0
    call_states(line, ("confirmed", 200, "OK"), ("over", 200, "OK"))
    assert alice.call("1").answered().ended() == (200, "OK")


def test_a_call_that_rings_on_was_not_answered_in_time(alice: Phone, line: FakeLink) -> None:
    line.answers["call"] = 0
    call_states(line, ("early", 180, "Ringing"))
    call_states(line, ("confirmed", 200, "OK"), call=1)
    call = alice.call("1")
    with pytest.raises(NotInTimeError, match=r"^alice: the call was not answered within 3 s"):
        call.answered(3)
    with pytest.raises(NotInTimeError, match=r"^alice: the call did not end within 10 s"):
        call.ended()
    with pytest.raises(NotInTimeError, match=r"^alice: the call got no 183 within 5 s"):
        call.provisional(183)
    call.provisional(180)


def test_calls_that_come_in_are_each_seen_once(alice: Phone, line: FakeLink) -> None:
    line.happens("incoming", call=0)
    line.happens("incoming", call=1)
    assert [alice.rings().number, alice.rings().number] == [0, 1]
    with pytest.raises(NotInTimeError, match=r"^alice: did not ring within 2 s"):
        alice.rings(2)
    assert alice.stays_quiet()
    line.happens("incoming", call=2)
    assert not alice.stays_quiet()


def test_the_call_that_rings_is_answered(alice: Phone, line: FakeLink) -> None:
    line.happens("incoming", call=4)
    line.after("answer", "call", call=4, state="confirmed", code=200, reason="OK")
    assert alice.rings().number == alice.answer().number == 4
    assert (line.arguments("answer")["call"], line.arguments("answer")["code"]) == (4, 200)
    assert alice.tone == line.arguments("voice")["frequency"] > 0


def test_without_a_call_there_is_nothing_to_end(alice: Phone, line: FakeLink) -> None:
    with pytest.raises(SoftphoneError, match=r"^alice: has no call"):
        alice.hang_up()
    line.answers["call"] = 0
    call = alice.call("1")
    assert alice.current is call
    call_states(line, ("over", 200, "OK"))
    with pytest.raises(SoftphoneError, match=r"^alice: has no call"):
        assert alice.current


def test_settling_ends_calls_and_forgets_what_came(alice: Phone, line: FakeLink) -> None:
    line.happens("incoming", call=0)
    alice.rings()
    line.happens("incoming", call=1)
    line.happens("message", sender="bob", to="alice", body="old")
    line.after("hangup", "call", call=0, state="over", code=486, reason="Busy")
    alice.settle()
    assert line.arguments("hangup") == {"call": 0}
    assert alice.stays_quiet()
    with pytest.raises(NotInTimeError, match="got no text"):
        alice.receives_message()


def test_who_has_no_number_cannot_be_called(group: Softphones, alice: Phone) -> None:
    bob = group.phone("bob")
    with pytest.raises(SoftphoneError, match=r"^bob: has no number: give its account one$"):
        alice.call(bob)


def test_another_phone_is_called_by_its_number(
    group: Softphones, alice: Phone, line: FakeLink
) -> None:
    bob = group.phone("bob")
    bob.number = "+12025550183"
    alice.call(bob, {"X-Test": "1"})
    assert line.arguments("call")["to"] == "+12025550183"
    assert line.arguments("call")["headers"] == {"X-Test": "1"}


def test_keys_are_those_of_the_call_and_in_order(alice: Phone, line: FakeLink) -> None:
    line.answers["call"] = 0
    call = alice.call("1")
    for number, digit in ((0, "1"), (1, "9"), (0, "#")):
        line.happens("dtmf", call=number, digit=digit, method="info")
    assert call.receives_dtmf("1#") == "info"
    for wrong in ("1", "#1", "1#1", "19#"):
        with pytest.raises(NotInTimeError, match=rf"^alice: got the keys '1#', not '{wrong}'"):
            call.receives_dtmf(wrong, 1)


def test_holding_waits_for_the_other_side_to_agree(alice: Phone, line: FakeLink) -> None:
    line.answers["call"] = 0
    call = alice.call("1")
    line.happens("media", call=0, held=False, codec="PCMU/8000", remote="x")
    with pytest.raises(NotInTimeError, match=r"^alice: the other side did not agree to hold"):
        call.hold()
    line.after("resume", "media", call=0, held=True)
    call.resume()
    assert call.media()["held"] is True


def test_a_call_without_sound_says_so(alice: Phone, line: FakeLink) -> None:
    line.happens("media", call=1, held=False)
    with pytest.raises(SoftphoneError, match=r"^alice: no sound was agreed on"):
        alice.call("1").media()
