"""What the hostile suite plants, and what it sees: its own attacks must not be toothless."""

from __future__ import annotations

import io
import subprocess
import tarfile
from pathlib import Path
from stat import S_ISDIR, S_ISFIFO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.hostile.plants import Kind, Plant, compatible, script
from tests.hostile.root_files import RootFile, changes, read_root_files
from tests.hostile.strategies import plants
from tests.hostile.verdict import blame, executed

FOLDERS = ["/srv/etc/asterisk", "/srv/var/lib/asterisk/keys", "/run/asterisk"]
FILES = ["/srv/etc/asterisk/rtp.conf", "/srv/var/lib/asterisk/astdb.sqlite3"]
any_plants = plants(FOLDERS, FILES)


@given(st.lists(any_plants))
def test_plants_that_are_compatible_lie_beside_each_other(given_plants: list[Plant]) -> None:
    kept = compatible(given_plants)
    paths = [plant.path for plant in kept]
    assert not [a for a in paths for b in paths if a.startswith(b + "/")]
    assert len(set(paths)) == len(paths)
    assert kept[:1] == given_plants[:1] or not given_plants
    assert compatible(kept) == kept


NAMES = ["x", "-rf", "a b", "it's", "$(touch x)", "*", "two\nlines"]
IN_CONTAINERS = {Kind.DEVICE, Kind.SOCKET}
"""What needs a program, or a kernel, that only they have for sure."""


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("kind", [kind for kind in Kind if kind not in IN_CONTAINERS])
@pytest.mark.parametrize("there", ["nothing", "file", "folder"])
def test_script_plants_it_whatever_is_there(
    tmp_path: Path, kind: Kind, name: str, there: str
) -> None:
    (tmp_path / "other").write_text("other")
    path = tmp_path / "deep" / name
    if there != "nothing":
        path.parent.mkdir()
        if there == "folder":
            path.mkdir()
        else:
            path.write_text("before")
    target = {Kind.LINK: "/etc/passwd", Kind.HARD_LINK: str(tmp_path / "other")}.get(kind, "")
    text = script([Plant(str(path), kind, target)])
    answer = subprocess.run(["sh", "-c", text], capture_output=True, text=True, check=False)
    assert answer.stdout == "0\n"
    assert is_kind(path, kind)
    assert (path.parent / f"{name}.moved").exists() == (there != "nothing")


def is_kind(path: Path, kind: Kind) -> bool:
    stat = path.lstat()
    return {
        Kind.LINK: path.is_symlink() and str(path.readlink()) == "/etc/passwd",
        Kind.LOOP: path.is_symlink() and path.readlink() == path,
        Kind.HARD_LINK: stat.st_nlink == 2,
        Kind.FIFO: S_ISFIFO(stat.st_mode),
        Kind.SPARSE: stat.st_size == 1 << 40 and stat.st_blocks == 0,
        Kind.UNREADABLE_FILE: stat.st_mode & 0o777 == 0,
        Kind.UNREADABLE_FOLDER: stat.st_mode & 0o777 == 0,
        Kind.FOLDER: S_ISDIR(stat.st_mode),
        Kind.SCRIPT: stat.st_mode & 0o111 == 0o111,
    }[kind]


@pytest.mark.parametrize(("name", "text"), [("x", "#!/bin/sh"), ("x.pth", "import os")])
def test_script_that_is_planted_records_who_runs_it(tmp_path: Path, name: str, text: str) -> None:
    path = tmp_path / name
    subprocess.run(["sh", "-c", script([Plant(str(path), Kind.SCRIPT)])], check=True)
    assert path.read_text().startswith(text)
    assert "/tmp/hostile-ran-" in path.read_text()


def exported(*members: tuple[str, bytes, int]) -> tarfile.TarFile:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for name, data, owner in members:
            entry = tarfile.TarInfo(name)
            entry.size, entry.uid, entry.mode = len(data), owner, 0o644
            tar.addfile(entry, io.BytesIO(data))
    buffer.seek(0)
    return tarfile.open(fileobj=buffer, mode="r|")


def test_root_files_are_read_outside_and_searched_inside() -> None:
    found = read_root_files(
        exported(
            ("etc/passwd", b"root", 0),
            ("srv/x", b"secret", 200),
            ("run/asterisk/x", b"has the secret in it", 200),
            ("run/pbx/x", b"", 200),
            ("tmp/hostile-ran-0", b"", 0),
        ),
        [b"secret"],
    )
    assert list(found.outside) == ["/etc/passwd"]
    assert found.secrets == ["/run/asterisk/x"]
    assert found.owned == ["/run/pbx/x"]
    assert found.names == {"/tmp/hostile-ran-0"}


ENTRY = RootFile("file 0644", "0:0", "digest")


@pytest.mark.parametrize(
    ("after", "words"),
    [
        ({}, "is gone"),
        ({"/x": ENTRY, "/y": ENTRY}, "appeared"),
        ({"/x": RootFile("file 0644", "200:200", "digest")}, "owner 200:200"),
        ({"/x": RootFile("file 0755", "0:0", "digest")}, "0755"),
        ({"/x": RootFile("file 0644", "0:0", "other")}, "other contents"),
        (
            {"/x": RootFile("file 0644", "0:0", "digest", (("SCHILY.xattr.x", "y"),))},
            "other contents",
        ),
    ],
)
def test_changes_outside_are_all_seen(after: dict[str, RootFile], words: str) -> None:
    (said,) = changes({"/x": ENTRY}, after).values()
    assert words in said


KEYS = Plant("/srv/var/lib/asterisk/keys", Kind.LINK, "/etc/service")
OTHER = Plant("/srv/etc/asterisk/x", Kind.FIFO)


def test_blame_is_on_the_link_above() -> None:
    assert blame("/etc/service/x/run", [OTHER, KEYS]) == [KEYS]
    assert blame("/etc/services", [OTHER, KEYS]) == [OTHER, KEYS]


def test_executed_names_other_users_only() -> None:
    assert executed(["/tmp/hostile-ran-200", "/tmp/x"], [KEYS]) == []
    (line,) = executed(["/tmp/hostile-ran-200", "/tmp/hostile-ran-0"], [KEYS])
    assert "user 0 ran a planted script" in line
