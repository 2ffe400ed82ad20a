"""The softphone's image: built once of the same files, and named after them."""

import os
import shutil
import tarfile
from pathlib import Path
from typing import Any

import pytest

from factory.build.softphone import FOLDER, REPOSITORY, ensure_softphone
from factory.errors import BuildError
from tests.unit.factory.build.test_base import FakeEngine

BASE = "asterisk-base:forky-1"


class FakeBuilder(FakeEngine):
    """Builds nothing, but remembers of what."""

    def __init__(self, error: str = "") -> None:
        super().__init__()
        self.packed: dict[str, bytes] = {}
        self.arguments: dict[str, str] = {}
        self._error = error

    def build(
        self,
        context: Any,
        target: str,
        arguments: Any,
        on_line: object,  # noqa: ARG002 - the real one has it
        **_: object,
    ) -> str:
        self.calls.append(f"build {target}")
        self.arguments = dict(arguments)
        with tarfile.open(fileobj=context) as tar:
            for member in tar:
                file = tar.extractfile(member)
                self.packed[member.name] = file.read() if file else b""
        if self._error:
            raise BuildError(self._error, "a hint")
        return "id of a softphone"


@pytest.fixture
def checkout(root: Path, tmp_path: Path) -> Path:
    """A copy of what the image is made of, and of what it is not."""
    shutil.copytree(root / FOLDER, tmp_path / FOLDER, ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path


def ensure(checkout: Path, engine: FakeBuilder, base: str = BASE, mirror: str = "") -> str:
    return ensure_softphone(engine, checkout, base, mirror=mirror, on_line=print)


def name_of(checkout: Path, **settings: str) -> str:
    return ensure(checkout, FakeBuilder(), **settings)


def test_softphone_is_built_on_the_base_and_named(checkout: Path) -> None:
    engine = FakeBuilder()
    name = ensure(checkout, engine, mirror="http://mirror.example/d")
    assert name.startswith(f"{REPOSITORY}:")
    latest = f"{REPOSITORY}:latest"
    assert engine.names == {name: "id of a softphone", latest: "id of a softphone"}
    assert engine.arguments == {"BASE": BASE, "MIRROR": "http://mirror.example/d"}


def test_softphone_is_built_once(checkout: Path) -> None:
    engine = FakeBuilder()
    first = ensure(checkout, engine)
    engine.calls.clear()
    assert ensure(checkout, engine) == first
    assert engine.calls == [f"find {first}", f"tag {REPOSITORY}"]


def test_softphone_name_depends_on_files_base_and_mirror(checkout: Path) -> None:
    engine = FakeBuilder()
    names = [
        ensure(checkout, engine),
        name_of(checkout, base="asterisk-base:forky-2"),
        name_of(checkout, mirror="http://mirror.example/d"),
    ]
    assert len(engine.packed) > 5
    for file in engine.packed:
        with (checkout / FOLDER / file).open("a") as text:
            text.write("\n")
        names.append(name_of(checkout))
    assert len(set(names)) == len(names)


def test_softphone_name_depends_on_nothing_else(checkout: Path, tmp_path: Path) -> None:
    first = name_of(checkout)
    folder = checkout / FOLDER
    (folder / "link.py").write_text("# not in the image\n")
    (folder / "notes.txt").write_text("not in the image\n")
    for path in folder.rglob("*.py"):
        os.utime(path, (0, 0))
        path.chmod(0o600)
    elsewhere = tmp_path / "elsewhere"
    shutil.copytree(folder, elsewhere / FOLDER)
    assert name_of(checkout) == name_of(elsewhere) == first


def test_softphone_build_failure_names_the_softphone(checkout: Path) -> None:
    engine = FakeBuilder("step 1 returned 100")
    with pytest.raises(BuildError) as caught:
        ensure(checkout, engine)
    assert caught.value.cause == "building the softphone failed: step 1 returned 100"
    assert caught.value.hint == "a hint"
    assert engine.names == {}
