"""Every command of the documents that needs a container is executed there, in their order."""

from __future__ import annotations

from contextlib import ExitStack
from itertools import groupby
from pathlib import Path

import pytest

from tests.docs.commands import Command, Kind, in_container
from tests.docs.rules import commands_of
from tests.docs.stage import START, CommandError, Surroundings
from tests.docs.values import filled
from tests.report.evidence import Evidence

pytestmark = [pytest.mark.image("full", only=True), pytest.mark.xdist_group("documents")]

COMMANDS = {
    file: list(those)
    for file, those in groupby(
        commands_of(Kind.CONTAINER), key=lambda command: command.snippet.file
    )
}


@pytest.mark.parametrize("document", COMMANDS)
def test_commands_do_what_the_document_says(
    around: Surroundings, document: str, resources: ExitStack, stack: ExitStack, evidence: Evidence
) -> None:
    """A document that starts a container has that; the others share one."""
    steps = COMMANDS[document]
    own = any(_starts_a_container(step) for step in steps)
    known = "shared" in around.stages
    stage = around.stage(document if own else "shared", stack if own else resources)
    if not own and not known:
        stage.run(START)
    evidence.add("log of pbx", lambda folder: _keep(folder / "pbx.log", stage.pbx().logs()))
    wrong = []
    for step in steps:
        try:
            stage.run(in_container(filled(step.text)))
        except CommandError as error:
            wrong.append(f"{step.place}: {error}")
    assert not wrong, "\n".join(wrong)


def _starts_a_container(step: Command) -> bool:
    return step.text.startswith("docker run -d ")


def _keep(path: Path, text: str) -> None:
    path.write_text(text)
