"""Commands of the documents for this checkout are understood by what they are for."""

from __future__ import annotations

import shlex
import subprocess
import sys
from pathlib import Path

import pytest

import build
from bench.__main__ import parse_arguments as parse_bench
from factory.command_line import parse_arguments
from tests.docs.commands import Command, Kind
from tests.docs.rules import commands_of, place
from tests.docs.values import filled

CHEAP = ("--dry-run", "--print")
WORDS = {"REF": "mlan/asterisk:full", "IMAGE": "full", "NAME": "pbx", "PICTURE": "picture.png"}
MAKE, MODULES = commands_of(Kind.MAKE), commands_of(Kind.BENCH)
commands_of(Kind.DEMO)  # tests/demo executes them
commands_of(Kind.NEVER)  # nothing does; NEVER has the reasons


def words(command: Command) -> list[str]:
    text = command.text.partition(" > ")[0]  # where the output goes is the shell's business
    return shlex.split(filled(text, WORDS))


def test_make_knows_the_targets(root: Path) -> None:
    targets = [word for c in MAKE for word in words(c)[1:] if word != "make"]
    result = subprocess.run(
        ["make", "-n", *targets], cwd=root, capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stderr


@pytest.mark.parametrize("command", commands_of(Kind.BUILD), ids=place)
def test_build_takes_the_options(
    command: Command, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = words(command)[2:]
    if "--help" not in arguments:
        parse_arguments(arguments)
    if any(option in arguments for option in CHEAP) and "--push" not in arguments:
        monkeypatch.setattr(sys, "argv", ["build.py", *arguments])
        assert build.main() == 0
        assert capsys.readouterr().out


@pytest.mark.parametrize("command", MODULES, ids=place)
def test_modules_take_the_arguments(command: Command, root: Path) -> None:
    _, _, module, *arguments = words(command)
    if module == "bench":
        parse_bench(arguments)
    else:
        start = [sys.executable, "-m", module, "--help"]
        assert subprocess.run(start, cwd=root, capture_output=True, check=True).stdout
