"""Commands of the documents for this checkout are understood by what they are for."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from factory.command_line import parse_arguments
from tests.docs.commands import NEVER, Command, Kind
from tests.docs.rules import commands_of, place
from tests.docs.values import filled

DEMO = commands_of(Kind.DEMO)
CHEAP = ("--dry-run", "--help", "--print")
WORDS = {"REF": "mlan/asterisk:full", "IMAGE": "full", "NAME": "pbx", "PICTURE": "picture.png"}


@pytest.mark.parametrize("command", commands_of(Kind.MAKE), ids=place)
def test_make_knows_what_to_do(command: Command, root: Path) -> None:
    words = [word.replace("make", "make -n", 1) for word in [filled(command.text, WORDS)]]
    run(shlex.split(words[0]), root)


@pytest.mark.parametrize("command", commands_of(Kind.BUILD), ids=place)
def test_build_takes_the_options(command: Command, root: Path) -> None:
    text = command.text.partition(" > ")[0]  # where the output goes is the shell's business
    arguments = shlex.split(filled(text, WORDS))[2:]
    if any(option in arguments for option in CHEAP) and "--push" not in arguments:
        assert run([sys.executable, "build.py", *arguments], root)
    else:
        parse_arguments(arguments)


@pytest.mark.parametrize("command", commands_of(Kind.BENCH), ids=place)
def test_a_bench_takes_the_arguments(command: Command, root: Path) -> None:
    arguments = shlex.split(filled(command.text, WORDS))[1:]
    printed = run([sys.executable, *arguments, "--help"], root)
    options = [word for word in arguments if word.startswith("--")]
    assert all(option in printed for option in options)
    usage = printed.partition("\n\n")[0]
    assert len(arguments) - 2 - len(options) <= len(re.findall(r"\b[A-Z]+\b", usage))


def test_the_demo_has_tests_of_its_own(root: Path) -> None:
    if DEMO:
        assert [*root.glob("tests/demo/test_*.py")]


@pytest.mark.parametrize("command", commands_of(Kind.NEVER), ids=place)
def test_what_is_never_executed_has_a_reason(command: Command) -> None:
    (reason,) = (reason for text, reason in NEVER.items() if command.text.startswith(text))
    assert reason


def run(words: list[str], root: Path) -> str:
    result = subprocess.run(
        words, cwd=root, capture_output=True, text=True, timeout=60, check=False
    )
    assert result.returncode == 0, result.stderr
    return result.stdout
