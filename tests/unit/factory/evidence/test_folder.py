"""The evidence of an image as files."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from factory.evidence.folder import Folder
from tests.unit.factory.evidence.example import FULL


def test_folder_reads_what_it_wrote(tmp_path: Path) -> None:
    folder = Folder(tmp_path / "build" / "mini")
    assert folder.read() is None
    folder.write(FULL, "FROM scratch\n", {"sizes.txt": "4\n"})
    assert folder.read() == FULL
    assert (folder.path / "Dockerfile").read_text() == "FROM scratch\n"
    assert (folder.path / "packages.txt").read_text() == "bash 5.3-1\nlibc6 2.42-5\n"


def test_folder_is_replaced_by_writing_again(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    folder.write(FULL, "FROM scratch\n", {"sizes.txt": "4\n"})
    folder.write(replace(FULL, id="sha256:4567", proof=()), "FROM scratch\n", {"sizes.txt": "5\n"})
    assert folder.read() == replace(FULL, id="sha256:4567", proof=())
    names = {path.name for path in tmp_path.iterdir()}
    assert names == {"Dockerfile", "manifest.json", "packages.txt", "sizes.txt"}
    assert (tmp_path / "sizes.txt").read_text() == "5\n"


@pytest.mark.parametrize(
    "change",
    [{"proof": None}, {"proof": [1]}, {"proof": [{"name": "x"}]}, {"layers": 1}, {"more": 1}],
)
def test_folder_with_another_manifest_reads_as_none(
    tmp_path: Path, change: dict[str, object]
) -> None:
    folder = Folder(tmp_path)
    folder.write(FULL, "", {})
    file = tmp_path / "manifest.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | change))
    assert folder.read() is None


def test_folder_with_a_manifest_cut_short_reads_as_none(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    folder.write(FULL, "", {})
    file = tmp_path / "manifest.json"
    text = file.read_bytes()
    for end in range(0, len(text) - 2, 7):
        file.write_bytes(text[:end])
        assert folder.read() is None
    file.write_bytes(b"\xff" + text)
    assert folder.read() is None
