"""What documents show of the output of a command is what it prints."""

from __future__ import annotations

from contextlib import ExitStack

import pytest

from tests.docs.commands import in_container
from tests.docs.rules import BLOCKS, blocks_of, place
from tests.docs.snippets import Snippet
from tests.docs.values import filled
from tests.docs.workspace import Surroundings

pytestmark = [pytest.mark.image("full", only=True), pytest.mark.xdist_group("documents")]

OUTPUTS = [
    block for note in {b.note for b in BLOCKS if b.note} for block in blocks_of("text", note)
]


@pytest.mark.parametrize("block", OUTPUTS, ids=place)
def test_a_command_prints_what_the_document_shows(
    around: Surroundings, block: Snippet, resources: ExitStack
) -> None:
    """Spaces aside; a document may leave lines out, and parts of them after two spaces."""
    printed = around.shared(resources).run(in_container(filled(block.note)))
    words = " ".join(printed.split())
    for line in block.text.splitlines():
        for part in filter(None, (part.strip() for part in line.split("  "))):
            assert part in words, f"{block.place}: `{block.note}` does not print: {part}"
