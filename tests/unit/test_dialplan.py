"""The samples that are shipped: no value gets into a shell."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SAMPLES = sorted(ROOT.glob("runtime/**/*.conf"))
_SHELL = re.compile(r"\b(?:Try)?System\s*\(|\bSHELL\s*\(|\bExternalIVR\s*\(|#exec\b", re.IGNORECASE)


def shell_lines(text: str) -> list[str]:
    """Returns the lines of a configuration that hand something to a shell; comments do not."""
    lines = (re.sub(r"(?<!\\);.*", "", line) for line in text.splitlines())
    return [line.strip() for line in lines if _SHELL.search(line)]


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.name)
def test_dialplan_hands_nothing_to_a_shell(path: Path) -> None:
    assert shell_lines(path.read_text()) == []


@pytest.mark.parametrize(
    "line",
    [
        " same => n,System(mkdir -p '${path}/tmp')",
        " same => n,TrySystem(rm ${x})",
        " same => n,Set(x=${SHELL(id ${y})})",
        "#exec /bin/x",
    ],
)
def test_dialplan_lines_for_a_shell_are_found(line: str) -> None:
    assert shell_lines(f"; nothing\n{line} ; more\n") == [line.strip()]
