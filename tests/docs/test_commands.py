"""Every command of the documents that needs a container is executed there, in their order."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from contextlib import ExitStack
from itertools import groupby
from pathlib import Path

import pytest

from tests.docs.commands import Command, Kind, in_container
from tests.docs.rules import COMMANDS, ROOT, SNIPPETS, commands_of, place
from tests.docs.values import filled
from tests.docs.workspace import DocumentError, Surroundings
from tests.report.evidence import Attachments

pytestmark = [pytest.mark.image("full", only=True), pytest.mark.xdist_group("documents")]

STEPS = {
    file: list(those)
    for file, those in groupby(
        commands_of(Kind.CONTAINER), key=lambda command: command.snippet.file
    )
}


@pytest.mark.parametrize("document", STEPS)
def test_commands_do_what_the_document_says(
    around: Surroundings,
    document: str,
    resources: ExitStack,
    stack: ExitStack,
    evidence: Attachments,
) -> None:
    """A document that starts a container has that; the others share one."""
    steps = STEPS[document]
    own = any(_starts_a_container(step) for step in steps)
    workspace = around.workspace(document, stack) if own else around.shared(resources)
    evidence.add("log of pbx", lambda folder: _keep(folder / "pbx.log", workspace.pbx().logs()))
    wrong = []
    for command, where in once(steps).items():
        try:
            workspace.run(command)
        except DocumentError as error:
            wrong.append(f"{where}: {error}")
    assert not wrong, "\n".join(wrong)


def once(steps: list[Command]) -> dict[str, str]:
    """Returns the commands with the places where they come up first; they are the same later."""
    places: dict[str, str] = {}
    for step in steps:
        places.setdefault(in_container(filled(step.text)), step.place)
    return places


def _starts_a_container(step: Command) -> bool:
    return step.text.startswith("docker run -d ")


def _keep(path: Path, text: str) -> None:
    path.write_text(text)


@pytest.mark.parametrize("command", commands_of(Kind.TESTS), ids=place)
def test_pytest_commands_find_their_tests(
    around: Surroundings, command: Command, resources: ExitStack
) -> None:
    """The first of them are found, and would be run; all of them are run elsewhere."""
    pbx = around.shared(resources).pbx()
    names = {"REF": around.world.images["mlan/asterisk"], "NAME": str(pbx.container.name)}
    words = shlex.split(filled(command.text, names))
    words[0] = sys.executable
    words = [str(min(ROOT.glob(f"{w}/test_*.py"))) if (ROOT / w).is_dir() else w for w in words]
    result = subprocess.run(
        [*words, "--collect-only", "-q"],
        cwd=ROOT,
        env={name: value for name, value in os.environ.items() if "PYTEST" not in name},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert re.search(r"^\d+ tests? collected", result.stdout, re.MULTILINE), result.stdout


def test_no_command_is_taken_for_something_else(around: Surroundings, resources: ExitStack) -> None:
    """A span that begins with a program of the image, or a command of Asterisk, is executed."""
    pbx = around.shared(resources).pbx()
    programs = set(pbx.run("ls /usr/local/bin /usr/bin /usr/sbin").split())
    listed = pbx.asterisk("core show help").splitlines()
    console = {" ".join(line.split()[:2]) for line in listed if "--" in line}
    known = {command.snippet for command in COMMANDS}
    missed = [
        f"{snippet.place}: {snippet.text}"
        for snippet in SNIPPETS
        if not snippet.is_block and snippet not in known and len(snippet.text.split()) > 1
        if snippet.text.split()[0] in programs or " ".join(snippet.text.split()[:2]) in console
    ]
    assert missed == []


def test_every_command_of_ours_helps(around: Surroundings, resources: ExitStack) -> None:
    pbx = around.shared(resources).pbx()
    for name in pbx.run("ls /usr/local/bin").split():
        if name not in {
            "entrypoint",
            "healthcheck",
            "rasterisk",
        }:  # nobody types the first; no options
            assert name in pbx.run(f"{name} --help")


@pytest.mark.parametrize("command", ["pbx sing", "autoban del wall = all", "core show nonsense"])
def test_a_wrong_command_is_noticed(
    around: Surroundings, command: str, resources: ExitStack
) -> None:
    with pytest.raises(DocumentError):
        around.shared(resources).run(in_container(command))
