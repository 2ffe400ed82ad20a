"""Nothing that is marked as code in the documents is without a test that takes it."""

from __future__ import annotations

import importlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.docs.commands import Kind, commands, logical_lines
from tests.docs.rules import BLOCKS, COMMANDS, ROOT, TESTS, blocks_taken, kinds_taken
from tests.docs.snippets import documents, snippets
from tests.docs.values import NoValueError, filled

DOCUMENT = """\
# Title

Say `pbx health`
or `make fuzz`, never `pbx`.

| after `docker exec pbx` | what |
| ----------------------- | ---- |
| `autoban`               | `autoban` lists |
| `pbx config diff`, `… upgrade` | |

```sh
docker run -d \\
  pbx   # a comment
printf '#' |
  cat
```

```ini pjsip.conf
[a]
```
"""


@pytest.fixture(autouse=True, scope="module")
def takers() -> None:
    """Imports the tests that take something, so that they say what."""
    for path in TESTS:
        importlib.import_module(".".join(path.relative_to(ROOT).with_suffix("").parts))


def test_commands_all_have_a_test() -> None:
    left = [f"{c.place}: {c.text}" for c in COMMANDS if c.kind not in kinds_taken]
    assert not left, f"no test executes these, see docs/writing.md: {left}"


def test_blocks_all_have_a_test() -> None:
    left = [f"{b.place}: {b.language} {b.note}" for b in BLOCKS if b not in blocks_taken]
    assert not left, f"no test takes these, see docs/writing.md: {left}"


def test_placeholders_all_have_a_value() -> None:
    for command in COMMANDS:
        if command.kind is Kind.CONTAINER:
            try:
                filled(command.text)
            except NoValueError as error:
                pytest.fail(f"{command.place}: what is {error} in `{command.text}`?")


def test_documents_are_found() -> None:
    names = {str(path.relative_to(ROOT)) for path in documents(ROOT)}
    assert {"README.md", "docs/writing.md", "runtime/pbx/core/README.md"} <= names
    components = {path.parent.name for path in ROOT.glob("runtime/pbx/*/component.yaml")}
    assert {f"runtime/pbx/{name}/README.md" for name in components} <= names


def test_snippets_have_their_places() -> None:
    found = snippets("d.md", DOCUMENT)
    assert [(s.line, s.text) for s in found if not s.is_block] == [
        (3, "pbx health"),
        (4, "make fuzz"),
        (4, "pbx"),
        (6, "docker exec pbx"),
        (8, "autoban"),
        (8, "autoban"),
        (9, "pbx config diff"),
        (9, "… upgrade"),
    ]
    shell, configuration = (s for s in found if s.is_block)
    assert (shell.line, shell.language, shell.note) == (12, "sh", "")
    assert (configuration.line, configuration.note) == (19, "pjsip.conf")


def test_commands_are_told_from_names() -> None:
    found = [(c.snippet.line, c.text) for c in commands(snippets("d.md", DOCUMENT))]
    assert found == [
        (3, "pbx health"),
        (4, "make fuzz"),
        (8, "autoban"),
        (9, "pbx config diff"),
        (9, "pbx config upgrade"),
        (12, "docker run -d pbx"),
        (14, "printf '#' | cat"),
    ]


WORD = st.text("abc[]", min_size=1, max_size=5)


@given(st.lists(st.lists(WORD, min_size=1, max_size=4), min_size=1, max_size=4), st.booleans())
def test_command_is_one_whether_in_one_line_or_many(script: list[list[str]], several: bool) -> None:
    between = " \\\n  " if several else " "
    text = "".join(f"{between.join(words)}  # a comment\n" for words in script)
    assert [line for _, line in logical_lines(text)] == [" ".join(words) for words in script]
