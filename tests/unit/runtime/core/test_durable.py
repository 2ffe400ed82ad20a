"""Durable files: the old or the new, whenever the program is killed."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pbx.core import durable


class Killed(BaseException):
    """Nothing that is caught."""


@given(st.binary(), st.binary(), st.sampled_from(["write_new", "rename", "sync_folder", ""]))
def test_durable_replace_leaves_the_old_or_the_new_file(
    tmp_path_factory: pytest.TempPathFactory, old: bytes, new: bytes, killed_at: str
) -> None:
    path = tmp_path_factory.mktemp("folder") / "x"

    def killed(*_: object) -> None:
        raise Killed

    durable.replace(path, old)
    with pytest.MonkeyPatch.context() as patch:
        if killed_at:
            patch.setattr(Path if killed_at == "rename" else durable, killed_at, killed)
        try:
            durable.replace(path, new)
        except Killed:
            pass
        else:
            assert killed_at == ""
    assert path.read_bytes() == (old if killed_at in ("write_new", "rename") else new)
    durable.replace(path, new)  # whatever was left beside it
    assert path.read_bytes() == new
    assert list(path.parent.iterdir()) == [path]


def test_durable_replace_leaves_the_old_file_if_the_disk_is_full(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    path = tmp_path / "x"
    path.write_bytes(b"old")
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        durable.replace(path, b"new")
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o644])
def test_durable_replace_gives_the_mode_whatever_the_umask(tmp_path: Path, mode: int) -> None:
    umask = os.umask(0o077)
    try:
        durable.replace(tmp_path / "x", b"", mode)
    finally:
        os.umask(umask)
    assert (tmp_path / "x").stat().st_mode & 0o777 == mode


def test_durable_replace_does_not_follow_a_link(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").write_bytes(b"old")
    for name in ("x", durable.partial_of(Path("x")).name):
        (tmp_path / name).symlink_to(tmp_path / "elsewhere")
    durable.replace(tmp_path / "x", b"new")
    assert (tmp_path / "elsewhere").read_bytes() == b"old"
    assert not (tmp_path / "x").is_symlink()
