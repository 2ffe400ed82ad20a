"""Who takes which snippet. What nobody takes does not exist for long: a unit test fails."""

from __future__ import annotations

from pathlib import Path

from tests.docs.commands import Command, Kind, commands
from tests.docs.snippets import Snippet, all_snippets

ROOT = Path(__file__).resolve().parents[2]
SNIPPETS = all_snippets(ROOT)
COMMANDS = list(commands(SNIPPETS))
BLOCKS = [snippet for snippet in SNIPPETS if snippet.is_block and snippet.language != "sh"]
TESTS = [path for path in ROOT.glob("tests/**/test_*.py") if "tests.docs.rules" in path.read_text()]

kinds_taken: set[Kind] = set()
blocks_taken: set[Snippet] = set()
"""What the tests that were imported so far take."""


def commands_of(kind: Kind) -> list[Command]:
    """Returns the commands of a kind, for the test that takes them."""
    kinds_taken.add(kind)
    return [command for command in COMMANDS if command.kind is kind]


def blocks_of(language: str, what: str = "") -> list[Snippet]:
    """Returns blocks, for the test that takes them.

    Args:
        language: In which they are.
        what: What else stands after the fence, or the document; "" for any.
    """
    found = [
        block
        for block in BLOCKS
        if block.language == language and what in {"", block.note, block.file}
    ]
    blocks_taken.update(found)
    return found


def place(it: Command | Snippet) -> str:
    """Returns the name that a test has for it: file and line."""
    return it.place
