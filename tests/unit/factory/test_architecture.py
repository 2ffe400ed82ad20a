"""docs/architecture.md and its picture name packages and functions that the factory has."""

from __future__ import annotations

import importlib
import re

import pytest

from tests.conftest import ROOT

DOCUMENT = (ROOT / "docs" / "architecture.md").read_text()
PICTURE = (ROOT / "docs" / "pictures" / "architecture.svg").read_text()
PACKAGES = {path.parent.name for path in (ROOT / "factory").glob("*/__init__.py")}
NAMES = sorted(set(re.findall(r"`(factory(?:\.\w+){2,})`", DOCUMENT)))


def test_architecture_lists_every_package_of_the_factory() -> None:
    table = re.findall(r"^\| `(\w+)` +\|", DOCUMENT, re.MULTILINE)
    assert set(table) >= PACKAGES
    assert [package for package in PACKAGES if package not in PICTURE] == []


@pytest.mark.parametrize("name", NAMES)
def test_architecture_names_what_is_there(name: str) -> None:
    parts = name.split(".")
    modules = [n for n in range(2, len(parts) + 1) if _is_module(parts[:n])]
    found = importlib.import_module(".".join(parts[: modules[-1]]))
    for attribute in parts[modules[-1] :]:
        found = getattr(found, attribute)


def _is_module(parts: list[str]) -> bool:
    path = ROOT.joinpath(*parts)
    return path.is_dir() or path.with_suffix(".py").is_file()
