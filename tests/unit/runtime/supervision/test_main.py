"""The command `pbx`: what components add to it, and how it fails."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pbx
import pytest
from pbx.supervision.main import main

Printed = pytest.CaptureFixture[str]

ADDED = """
from pbx.core.errors import CommandError

def add_commands(commands):
    commands.add_parser("sing", help="sings").set_defaults(run=sing)

def sing(options):
    raise {error}
"""


@pytest.fixture
def component(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A component that this checkout does not have."""
    folder = tmp_path / "choir"
    folder.mkdir()
    (folder / "__init__.py").touch()
    monkeypatch.setattr(pbx, "__path__", [*pbx.__path__, str(tmp_path)])
    for name in ("pbx.choir", "pbx.choir.command"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    return folder


def add(component: Path, error: str) -> None:
    (component / "command.py").write_text(ADDED.format(error=error))


def test_pbx_has_the_commands_of_every_component(component: Path, capsys: Printed) -> None:
    add(component, "CommandError('no voice')")
    with pytest.raises(SystemExit) as caught:
        main(["--help"])
    assert caught.value.code == 0
    shown = capsys.readouterr().out
    for command in ("sing", "health", "passwords", "user", "config"):
        assert re.search(rf"^    {command}\b", shown, re.MULTILINE)


def test_pbx_has_no_command_of_a_component_without_any(component: Path, capsys: Printed) -> None:
    assert not (component / "command.py").exists()
    with pytest.raises(SystemExit):
        main(["--help"])
    assert "choir" not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("error", "line", "status"),
    [
        ("CommandError('no voice')", "pbx: no voice\n", 1),
        ("CommandError('no voice', 'drink')", "pbx: no voice: drink\n", 1),
        ("CommandError('sing what', 'name a song', status=2)", "pbx: sing what: name a song\n", 2),
    ],
)
def test_pbx_prints_an_error_in_one_line(
    component: Path, capsys: Printed, error: str, line: str, status: int
) -> None:
    add(component, error)
    assert main(["sing"]) == status
    assert capsys.readouterr() == ("", line)


def test_pbx_loads_only_what_a_command_needs(root: Path) -> None:
    script = (
        "import sys; from pbx.supervision.main import main\n"
        "try: main(['health', '--help'])\n"
        "except SystemExit: pass\n"
        "print(sorted(name for name in sys.modules if name.startswith('pbx.')))"
    )
    result = subprocess.run(
        [sys.executable, "-c", script],
        cwd=root / "runtime",
        capture_output=True,
        text=True,
        check=True,
    )
    loaded = result.stdout.splitlines()[-1]
    assert "pbx.accounts.command" in loaded
    assert "pbx.supervision.health" not in loaded
    assert "pbx.asterisk.syntax" not in loaded
