"""Audio is not switched off while Asterisk holds on to a call."""

from __future__ import annotations

import pytest
from pbx.audio.audio import switch_off
from pbx.core.errors import CommandError

from tests.unit.runtime.fake_console import Console

LOADED = "chan_console.so   Console Channel Driver   1   Running   extended\n"
CALL = "Console/default!dp_ivr_menu!7!2!Up!WaitExten!600!!!!3!20!!0.2\n"


def test_audio_off_keeps_the_module_of_a_call_that_does_not_end(
    console: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Unloading the module of a call would crash Asterisk."""
    path, asked = console(
        {
            "module show like chan_console": LOADED,
            "console hangup": "No call to hang up\n",
            "core show channels concise": CALL,
        }
    )
    monkeypatch.setattr("pbx.asterisk.console.CONSOLE", path)
    monkeypatch.setattr("pbx.audio.audio.HANG_UP_SECONDS", 0)
    with pytest.raises(CommandError, match="does not let go of the console's call"):
        switch_off()
    assert "module unload chan_console.so" not in asked
