"""Which proof the command line asks for."""

from typing import Any

import pytest

import build
from factory.build.engine import Engine
from factory.build.session import Session
from factory.command_line import parse_arguments
from factory.console import Console

Asked = list[tuple[str, Any]]


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Asked:
    """What the pipeline was asked for, and how."""
    found: Asked = []

    def make(_: Session, gate: str) -> None:
        found.append(("make", gate))

    def prove(_: Session, reference: str) -> None:
        found.append(("prove", reference))

    monkeypatch.setattr(Engine, "connect", lambda: None)
    monkeypatch.setattr(build, "make_images", make)
    monkeypatch.setattr(build, "prove_image", prove)
    return found


def run(*arguments: str) -> None:
    with Console(None, verbosity=-1) as console:
        build.run(parse_arguments(list(arguments)), console)


@pytest.mark.parametrize(
    ("arguments", "wanted"),
    [
        ([], ("make", "quick")),
        (["--gate", "quick"], ("make", "quick")),
        (["--gate", "full", "--tag", "mini"], ("make", "full")),
        (["--no-gate"], ("make", "none")),
        (["--prove", "registry.example/pbx:1"], ("prove", "registry.example/pbx:1")),
    ],
)
def test_gate_is_the_one_asked_for(
    asked: Asked, arguments: list[str], wanted: tuple[str, str]
) -> None:
    run(*arguments)
    assert asked == [wanted]


@pytest.mark.parametrize("shown", [["--dry-run"], ["--print", "tags"]])
def test_print_and_dry_run_make_and_prove_nothing(
    asked: Asked, shown: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    run(*shown, "--gate", "full")
    run(*shown, "--prove", "pbx:1")
    assert asked == []
    assert "mlan/asterisk:full" in capsys.readouterr().out


@pytest.mark.parametrize(
    "arguments",
    [
        ["--gate", "full", "--no-gate"],
        ["--no-gate", "--prove", "pbx:1"],
        ["--prove", "pbx:1", "--gate", "full"],
        ["--gate", "none"],
        ["--offline", "--no-cache"],
        ["--offline", "--push"],
        ["--verbose", "--quiet"],
        ["--softphone", "--platform", "linux/arm64"],
        ["--push", "--no-gate"],
        ["--push", "--gate", "quick"],
        ["--push", "--print", "tags"],
        ["--gate"],
        ["--prove"],
    ],
)
def test_options_that_contradict_are_wrong_use(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        parse_arguments(arguments)
    assert caught.value.code == 2
    assert "usage: " in capsys.readouterr().err
