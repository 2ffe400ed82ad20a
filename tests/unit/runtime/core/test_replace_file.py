"""Files of the user's: replaced whole, through links, and in place where they are mounted."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pbx.core.replace_file import replace_file


@given(st.lists(st.binary(), min_size=1))
def test_replace_file_holds_the_last_content_and_nothing_is_left_beside_it(
    tmp_path_factory: pytest.TempPathFactory, contents: list[bytes]
) -> None:
    folder = tmp_path_factory.mktemp("folder")
    for content in contents:
        replace_file(folder / "x.conf", content)
    assert (folder / "x.conf").read_bytes() == contents[-1]
    assert [path.name for path in folder.iterdir()] == ["x.conf"]


@pytest.mark.parametrize(("old", "new"), [(None, 0o640), (0o600, 0o600), (0o664, 0o664)])
def test_replace_file_keeps_the_mode(tmp_path: Path, old: int | None, new: int) -> None:
    path = tmp_path / "x.conf"
    if old is not None:
        path.touch()
        path.chmod(old)
    replace_file(path, b"content")
    assert path.stat().st_mode & 0o777 == new


def test_replace_file_follows_a_link(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    target = tmp_path / "elsewhere" / "x.conf"
    target.write_bytes(b"old")
    (tmp_path / "x.conf").symlink_to(target)
    replace_file(tmp_path / "x.conf", b"new")
    assert (tmp_path / "x.conf").is_symlink()
    assert target.read_bytes() == b"new"


def test_replace_file_writes_a_mount_in_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def busy(_: Path, __: Path) -> Path:
        raise OSError(16, "Device or resource busy")

    path = tmp_path / "x.conf"
    path.write_bytes(b"long old content")
    same = path.stat().st_ino
    monkeypatch.setattr(Path, "rename", busy)
    replace_file(path, b"new")
    assert (path.read_bytes(), path.stat().st_ino) == (b"new", same)
    assert list(tmp_path.iterdir()) == [path]
