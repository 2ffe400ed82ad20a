"""The documents tell of everything that an image has for its users, and of nothing else."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import pytest
from pbx.supervision.main import main

from factory.plan.catalog import Catalog
from fixtures.softphone import Call, Phone
from tests.docs.rules import COMMANDS, ROOT, SNIPPETS, place
from tests.docs.snippets import Snippet

VARIABLE = re.compile(r"[A-Z][A-Z_]+[A-Z]")
FOR_SCRIPTS = ("DOCKER_", "SVDIR")
"""So begin the names of places for scripts; documents say how to list them."""
DOCUMENTED = {s.text for s in SNIPPETS if s.column == "variable" and VARIABLE.fullmatch(s.text)} | {
    s.text for s in SNIPPETS if VARIABLE.fullmatch(s.text) and s.file == "README.md"
}
RUNTIME = "\n".join(
    path.read_text()
    for path in Path(ROOT, "runtime").rglob("*")
    if path.is_file() and path.suffix not in {".md", ".wav", ".pyc", ".bpf"}
)
TEXTS = [command.text for command in COMMANDS]
PROGRAMS = sorted(ROOT.glob("runtime/pbx/*/bin/*"))
PHONES = [snippet for snippet in SNIPPETS if snippet.file == "fixtures/softphone/README.md"]


def test_variables_are_documented(catalog: Catalog) -> None:
    variables = {
        name for component in catalog.components.values() for name in component.settings.environment
    }
    assert {v for v in variables if not v.startswith(FOR_SCRIPTS)} <= DOCUMENTED


@pytest.mark.parametrize("variable", sorted(DOCUMENTED))
def test_variables_that_are_documented_are_used(variable: str) -> None:
    assert re.search(rf"\b{variable}\b", RUNTIME)


@pytest.mark.parametrize("path", PROGRAMS, ids=lambda path: path.name)
def test_programs_are_documented(path: Path) -> None:
    if path.name == "entrypoint":  # what a container starts with; nobody types it
        return
    assert any(re.search(rf"\b{path.name}\b", text) for text in TEXTS)


def test_pbx_commands_are_documented(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--help"])
    for command in names(capsys.readouterr().out):
        with pytest.raises(SystemExit) as caught:
            main([command, "--help"])
        assert caught.value.code == 0
        below = names(capsys.readouterr().out)
        for name in [f"{command} {word}" for word in below] or [command]:
            assert any(f"pbx {name}" in text for text in TEXTS), name


@pytest.mark.parametrize("snippet", PHONES, ids=place)
def test_phone_can_do_what_its_manual_says(snippet: Snippet) -> None:
    """Each name after a dot is one of a phone's or of a call's."""
    kinds = {"alice": Phone, "bob": Phone, "call": Call, "first": Call}
    for name, attribute in re.findall(r"\b(alice|bob|call|first)\.(\w+)", snippet.text):
        source = inspect.getsource(kinds[name])
        assert hasattr(kinds[name], attribute) or f"self.{attribute}" in source, attribute


def names(text: str) -> list[str]:
    """Returns the commands that argparse lists in a help text."""
    return re.findall(r"^    ([a-z]+)\b", text, re.MULTILINE)
