"""What Asterisk's console answers about its audio."""

from hypothesis import given
from hypothesis import strategies as st
from pbx.audio.answers import channels, has_microphone

DEVICES = """
=============================================================
=== Available Devices =======================================
=============================================================
===
=== ---------------------------------------------------------
=== Device Name: console
=== ---> Default Input Device
=== ---> Default Output Device
=== ---------------------------------------------------------
===
=============================================================
"""
CALL = "Console/default!dp_entry_call_inout!5!1!Up!WaitExten!600!0!!!3!12!!1790000000.{}"
PHONES = "PJSIP/alice-00000001!dp_entry_call_inout!Console/default!1!Up!Dial!x!!!!3!12!!17.2"


def test_answers_tell_a_microphone_by_its_input_device() -> None:
    assert has_microphone(DEVICES)
    assert not has_microphone(DEVICES.replace("=== ---> Default Input Device\n", ""))
    assert not has_microphone("(None)\n")


def test_answers_tell_the_consoles_calls_from_those_of_phones() -> None:
    assert channels(PHONES) == []
    assert channels("") == []


@given(st.permutations([CALL.format(1), PHONES, PHONES]))
def test_answers_find_the_consoles_call_among_others(lines: list[str]) -> None:
    assert channels("\n".join(lines)) == ["Console/default"]
