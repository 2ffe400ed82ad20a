"""What is read by more than the user's rights must not be of the user's choice."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pbx.tls.guarded import ChangeableError, NotAFileError, open_guarded, open_mounted

pytestmark = pytest.mark.skipif(os.getuid() != 0, reason="changes the real user id")

ASTERISK = 200


@pytest.fixture(autouse=True)
def as_asterisk_with_rights() -> Iterator[None]:
    """The real user is asterisk, the rights are root's: as with a capability."""
    groups = os.getgroups()
    os.setgroups([])
    os.setresgid(ASTERISK, 0, 0)
    os.setresuid(ASTERISK, 0, 0)
    yield
    os.setresuid(0, 0, 0)
    os.setresgid(0, 0, 0)
    os.setgroups(groups)


@pytest.fixture(scope="module")
def top() -> Iterator[Path]:
    """A folder that only root can change, as all above it; /tmp is not such a place."""
    folder = Path(f"/root-only-{os.getpid()}")
    folder.mkdir(mode=0o755)
    yield folder
    for path in sorted(folder.rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() and not path.is_symlink() else path.unlink()
    folder.rmdir()


@pytest.fixture
def folder(top: Path, request: pytest.FixtureRequest) -> Path:
    path = top / f"{abs(hash(request.node.name))}"
    path.mkdir(mode=0o755)
    return path


def secret(path: Path, mode: int = 0o600) -> Path:
    path.write_bytes(b"secret")
    path.chmod(mode)
    return path


def contents(path: Path | str) -> bytes:
    with os.fdopen(open_guarded(str(path)), "rb") as file:
        return file.read()


def give(path: Path) -> None:
    os.chown(path, ASTERISK, ASTERISK, follow_symlinks=False)


def test_guarded_file_of_root_alone_is_read(folder: Path) -> None:
    assert contents(secret(folder / "acme.json")) == b"secret"


@pytest.mark.parametrize(
    "link",
    [
        "archive/one",
        "{folder}/archive/one",
        "./archive/../archive/one",
        "../../../../../../../..{folder}/archive/one",
    ],
)
def test_guarded_links_in_places_of_root_are_followed(folder: Path, link: str) -> None:
    (folder / "archive").mkdir()
    secret(folder / "archive/one")
    (folder / "live").symlink_to(link.format(folder=folder))
    assert contents(folder / "live") == b"secret"


@pytest.mark.parametrize(
    ("owner", "mode"),
    [(ASTERISK, 0o755), (ASTERISK, 0o500), (0, 0o777), (0, 0o1777), (0, 0o757)],
)
def test_guarded_folder_that_asterisk_can_change_is_refused(
    folder: Path, owner: int, mode: int
) -> None:
    secret(folder / "acme.json")
    os.chown(folder, owner, owner)
    folder.chmod(mode)
    with pytest.raises(ChangeableError, match=str(folder)):
        contents(folder / "acme.json")


def test_guarded_folder_of_root_in_a_sticky_one_is_safe(folder: Path) -> None:
    """As below a /run that is a tmpfs; without the sticky bit, it could be replaced."""
    (folder / "mine").mkdir()
    (folder / "his").mkdir()
    give(folder / "his")
    for name in ("mine", "his"):
        secret(folder / name / "acme.json")
    (folder / "link").symlink_to("mine")
    folder.chmod(0o1777)
    assert contents(folder / "mine/acme.json") == b"secret"
    for name in ("his", "link"):
        with pytest.raises(ChangeableError):
            contents(folder / name / "acme.json")
    folder.chmod(0o777)
    with pytest.raises(ChangeableError):
        contents(folder / "mine/acme.json")


def test_guarded_folder_that_asterisks_group_can_write_is_refused(folder: Path) -> None:
    secret(folder / "acme.json")
    os.chown(folder, 0, ASTERISK)
    folder.chmod(0o775)
    with pytest.raises(ChangeableError):
        contents(folder / "acme.json")
    os.chown(folder, 0, 4711)
    assert contents(folder / "acme.json") == b"secret"


def test_guarded_link_by_way_of_a_place_of_asterisk_is_refused(folder: Path) -> None:
    secret(folder / "secret")
    (folder / "his").mkdir()
    (folder / "his/way").symlink_to("../secret")
    give(folder / "his")
    (folder / "acme.json").symlink_to("his/way")
    with pytest.raises(ChangeableError, match=f"{folder}/his"):
        contents(folder / "acme.json")


@pytest.mark.parametrize("mode", [0o600, 0o602])
def test_guarded_file_of_asterisk_is_refused(folder: Path, mode: int) -> None:
    path = secret(folder / "acme.json", mode)
    if mode == 0o600:
        give(path)
    with pytest.raises(ChangeableError, match=str(path)):
        contents(path)


def test_guarded_pipe_or_device_is_not_opened(folder: Path) -> None:
    os.mkfifo(folder / "pipe")
    for path in (folder / "pipe", Path("/dev/null")):
        with pytest.raises((NotAFileError, ChangeableError)):
            contents(path)
    with pytest.raises(IsADirectoryError):
        contents(folder)
    with pytest.raises(FileNotFoundError):
        contents(folder / "nothing")
    with pytest.raises(NotADirectoryError):
        contents(secret(folder / "file") / "more")
    (folder / "loop").symlink_to("loop")
    with pytest.raises(OSError, match="symbolic links"):
        contents(folder / "loop")


def descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def test_guarded_open_leaves_no_descriptor(folder: Path) -> None:
    before = descriptors()
    os.mkfifo(folder / "pipe")
    (folder / "loop").symlink_to("loop")
    (folder / "up").symlink_to(f"../{folder.name}/pipe")
    for name in ("pipe", "loop", "up", "nothing"):
        with pytest.raises((OSError, NotAFileError)):
            contents(folder / name)
    assert descriptors() == before


@given(parts=st.lists(st.sampled_from(["..", ".", "a", "b", "etc", "passwd", "self"]), max_size=9))
def test_guarded_path_leads_where_the_kernel_says(parts: list[str]) -> None:
    path = "/" + "/".join(parts)
    try:
        expected = Path(path).read_bytes()
    except OSError:
        expected = None
    try:
        found = contents(path)
    except (OSError, NotAFileError, ChangeableError):
        found = None
    assert found == expected


def test_guarded_mounted_file_alone_is_opened_whatever_leads_there(top: Path, folder: Path) -> None:
    """Links cannot lead to it, nor from it to another file."""
    place = secret(folder / "a key")
    (folder / "other").write_bytes(b"other")
    assert open_mounted(str(place)) is None
    os.setresuid(0, 0, 0)
    subprocess.run(["mount", "--bind", folder / "other", place], check=True)
    try:
        os.chown(folder, ASTERISK, ASTERISK)
        os.setresuid(ASTERISK, 0, 0)
        with pytest.raises(ChangeableError):
            open_guarded(str(place))
        file = open_mounted(str(place))
        assert file is not None
        with os.fdopen(file, "rb") as opened:
            assert opened.read() == b"other"
        (folder / "link").symlink_to(place)
        (top / "way").symlink_to(folder)
        assert open_mounted(str(folder / "link")) is None
        assert open_mounted(str(top / "way/a key")) is None
    finally:
        os.setresuid(0, 0, 0)
        subprocess.run(["umount", place], check=True)
