"""What people see where there is no terminal, and what the log file holds."""

import re
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from rich.table import Table

from factory.console import Console

Printed = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def no_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE", "JUPYTER_COLUMNS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("COLUMNS", "40")


def table() -> Table:
    made = Table("image", "size")
    made.add_row("mini", "57.0")
    return made


def say_everything(console: Console) -> None:
    with console.activity("build mini"):
        console.line("Step 3/9 : RUN apt-get update")
        console.line("Get:1 http://deb.example forky")
        console.line("")
    console.note("mini is as it was")
    console.table(table())
    console.result("mlan/asterisk:mini")
    console.error("disk full", "make room")


def test_console_shows_steps_as_lines_with_the_time(capsys: Printed) -> None:
    with Console(None) as console:
        say_everything(console)
    out, err = capsys.readouterr()
    lines = out.splitlines()
    assert lines[0] == "0:00 build mini"
    assert lines[1] == "0:00   3/9 RUN apt-get update"
    assert lines[2] == "mini is as it was"
    assert lines[-1] == "mlan/asterisk:mini"
    assert "57.0" in out
    assert "Get:1" not in out
    assert err == "error: disk full\nhint: make room\n"
    assert "\x1b" not in out + err


def test_quiet_shows_results_and_errors_only(capsys: Printed) -> None:
    with Console(None, verbosity=-1) as console:
        say_everything(console)
    out, err = capsys.readouterr()
    assert out == "mlan/asterisk:mini\n"
    assert err == "error: disk full\nhint: make room\n"


def test_verbose_shows_every_line(capsys: Printed) -> None:
    with Console(None, verbosity=1) as console:
        say_everything(console)
    out = capsys.readouterr().out
    assert "\nStep 3/9 : RUN apt-get update\nGet:1 http://deb.example forky\n" in out


@pytest.mark.parametrize("verbosity", [-1, 0, 1])
def test_log_file_holds_all_that_was_said(tmp_path: Path, verbosity: int, capsys: Printed) -> None:
    log = tmp_path / "build" / "build.log"
    with Console(log, verbosity) as console:
        say_everything(console)
    lines = re.sub(r"^\d+:\d\d ", "", log.read_text(), flags=re.MULTILINE).splitlines()
    assert any("57.0" in line for line in lines)
    assert [line for line in lines if not line.startswith(tuple("┏┃┡│└"))] == [
        "== build mini",
        "Step 3/9 : RUN apt-get update",
        "Get:1 http://deb.example forky",
        "",
        "mini is as it was",
        "mlan/asterisk:mini",
        "error: disk full",
        "hint: make room",
    ]
    assert capsys.readouterr().out


def test_step_is_cut_and_a_result_is_not(capsys: Printed) -> None:
    with Console(None) as console:
        console.line("Step 1/2 : " + "x" * 200)
        console.result("y" * 200)
    step, result = capsys.readouterr().out.splitlines()
    assert step == "0:00   1/2 " + "x" * 75 + "…"
    assert result == "y" * 200


@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(st.characters(codec="ascii", categories=("L", "N", "P", "S", "Zs"))))
@example("RUN one [red]x[/red] [/nothing] [link=x] \\[bold] a[0] [1;31m a :key:\tb \\")
def test_result_of_any_text_is_printed_as_it_is(capsys: Printed, text: str) -> None:
    with Console(None) as console:
        console.result(text)
    assert capsys.readouterr().out == f"{text}\n"


def test_error_prints_markup_as_it_is(capsys: Printed) -> None:
    text = "gcc [red]error[/red] [/nothing] [link=x] \\[bold] a[0] [1;31m :key: \\"
    with Console(None) as console:
        console.error(text, "")
    assert capsys.readouterr() == ("", f"error: {text}\n")


def test_progress_is_told_now_and_then(
    capsys: Printed, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    now = 100.0
    monkeypatch.setattr("time.monotonic", lambda: now)
    with Console(tmp_path / "log") as console, console.activity("push mini"):
        for done in range(12):
            console.progress(f"{done} of 12 MB")
            now += 1
    expected = ["0:00 push mini", "0:05   5 of 12 MB", "0:10   10 of 12 MB"]
    assert capsys.readouterr().out.splitlines() == expected
    assert "0:05 5 of 12 MB\n" in (tmp_path / "log").read_text()
