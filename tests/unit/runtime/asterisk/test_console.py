"""A module is reloaded, also if Asterisk is at another one when it is asked."""

from __future__ import annotations

import threading

import pytest
from pbx.asterisk.console import reload

from tests.unit.runtime.fake_console import Console

BUSY = "A module reload request is already in progress; please be patient\n"
DONE = "Module 'x.so' reloaded successfully.\n"
RELOAD = "module reload x.so"


def test_console_reload_is_repeated_until_asterisk_listens(console: Console) -> None:
    answers = {RELOAD: BUSY}
    path, asked = console(answers)
    timer = threading.Timer(0.25, answers.update, [{RELOAD: DONE}])
    timer.start()
    assert reload("x.so", console=path).endswith(DONE)
    timer.join()
    assert len(asked) > 1
    assert set(asked) == {RELOAD}


def test_console_reload_is_not_repeated_without_end(
    console: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pbx.asterisk.console.RELOAD_SECONDS", 0)
    path, _ = console({RELOAD: BUSY})
    assert reload("x.so", console=path).endswith(BUSY)
