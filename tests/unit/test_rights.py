"""Where rights are given up: in one place, which all services go through."""

from __future__ import annotations

from pathlib import Path

import pytest
from pbx.core import rights

from tests.conftest import ROOT

RUNTIME = ROOT / "runtime/pbx"
SERVICES = sorted(path.parent for path in RUNTIME.glob("*/service/*/run"))


def test_only_the_launcher_changes_the_user() -> None:
    words = ("setpriv", "setuid(", "setgid(", "initgroups(", "chpst")
    found = {
        str(path.relative_to(RUNTIME))
        for path in RUNTIME.rglob("*")
        if path.is_file()
        and path.suffix not in (".yaml", ".md", ".gsm", ".wav", ".pyc")
        and any(word in path.read_text() for word in words)
    }
    assert found == {"core/lib/launch"}


@pytest.mark.parametrize("service", SERVICES, ids=lambda path: path.name)
def test_services_go_through_the_launcher(service: Path) -> None:
    script = (service / "run").read_text()
    assert "/usr/local/lib/pbx/launch " in script or "\nbecome_asterisk " in script


def test_commands_of_root_are_run_again_by_the_launcher(monkeypatch: pytest.MonkeyPatch) -> None:
    ran: list[list[str]] = []
    monkeypatch.setattr("os.execv", lambda _, words: ran.append(words))
    monkeypatch.setattr("sys.orig_argv", ["python3", "-IB", "/usr/local/bin/pbx", "x"])
    rights.become_asterisk()
    assert ran == []
    monkeypatch.setattr(rights, "is_root", lambda: True)
    rights.become_asterisk()
    assert ran == [[rights.LAUNCHER, "python3", "-IB", "/usr/local/bin/pbx", "x"]]
