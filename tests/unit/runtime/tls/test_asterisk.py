"""Asterisk is told to reload, over its console."""

from __future__ import annotations

import socket
import tempfile
from pathlib import Path

import pytest
from pbx.tls.asterisk import AsteriskError, reload_certificate

from tests.unit.runtime.fake_console import Console

DONE = "Module '{}' reloaded successfully.\n"
WELL = {
    "module reload res_pjsip.so": DONE.format("res_pjsip.so"),
    "module reload http": DONE.format("http"),
    "http show status": "HTTP Server Status:\nServer Disabled\n",
}


def test_reload_of_sip_waits_until_asterisk_has_booted(console: Console) -> None:
    path, asked = console(WELL)
    assert reload_certificate(path)
    assert asked == ["core waitfullybooted", "module reload res_pjsip.so", "http show status"]


def test_reload_without_asterisk_is_no_failure(tmp_path: Path) -> None:
    assert not reload_certificate(tmp_path / "asterisk.ctl")


@pytest.mark.parametrize("answer", ["", "No such module\n", "Module 'x' reloaded with error.\n"])
def test_reload_reports_what_asterisk_says_instead(console: Console, answer: str) -> None:
    path, _ = console(WELL | {"module reload res_pjsip.so": answer})
    last = answer.strip() or "pbx/1/22.10"
    with pytest.raises(AsteriskError, match=f"`module reload res_pjsip.so` said: {last}"):
        reload_certificate(path)


def test_reload_does_not_wait_without_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("pbx.tls.asterisk.BOOT_SECONDS", 0.1)
    with tempfile.TemporaryDirectory() as folder, socket.socket(socket.AF_UNIX) as server:
        path = Path(folder, "asterisk.ctl")
        server.bind(str(path))
        server.listen()
        with pytest.raises(AsteriskError, match=f"no answer on {path}: timed out"):
            reload_certificate(path)
