"""Whole runs on a small make-believe Debian system: what ends up in the trees."""

import os
from pathlib import Path
from typing import Any

import pytest
from rootfs.__main__ import assemble, main
from rootfs.errors import RootfsError
from rootfs.manifest import parse_manifest
from rootfs.tree import Tree

EPOCH = 1_000_000_000
OLD = EPOCH - 1000


class Debian:
    """A system with a merged /usr, to which packages are added file by file."""

    def __init__(self, root: Path) -> None:
        self.root = root
        for directory in (
            "etc/alternatives",
            "usr/bin",
            "usr/sbin",
            "usr/lib",
            "var/lib/dpkg/info",
        ):
            (root / directory).mkdir(parents=True)
        for name in ("bin", "lib", "sbin"):
            (root / name).symlink_to(f"usr/{name}")
        (root / "var/lib/dpkg/alternatives").mkdir()
        (root / "var/lib/dpkg/status").touch()

    def write(self, path: str, text: str = "") -> Path:
        file = self.root / path.lstrip("/")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        os.utime(file, (OLD, OLD))
        return file

    def install(self, name: str, *files: str, fields: str = "", directories: str = "") -> None:
        licence = f"/usr/share/doc/{name}/copyright"
        for path in (*files, licence):
            self.write(path, f"{name} {path}\n")
        for path in directories.split():
            (self.root / path.lstrip("/")).mkdir(parents=True)
        listed = [*files, licence, *directories.split()]
        info = self.root / "var/lib/dpkg/info"
        (info / f"{name}.list").write_text("/.\n/usr\n" + "".join(f"{each}\n" for each in listed))
        sums = "".join(f"{'0' * 32}  {each[1:]}\n" for each in (*files, licence))
        (info / f"{name}.md5sums").write_text(sums)
        with (self.root / "var/lib/dpkg/status").open("a") as status:
            status.write(
                f"Package: {name}\nStatus: install ok installed\nVersion: 1-{name}\n"
                f"Architecture: all\n{fields}\n\n".replace("\n\n\n", "\n\n")
            )


@pytest.fixture
def debian(tmp_path: Path) -> Debian:
    return Debian(tmp_path / "system")


@pytest.fixture(autouse=True)
def no_owners(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give nothing away, which only root may."""
    monkeypatch.setattr("os.chown", lambda *_, **__: None)


def assemble_images(debian: Debian, *images: dict[str, Any], **common: Any) -> Path:
    """Assemble the images called a, b ... and give the directory with their trees."""
    named = [{"name": name, **image} for name, image in zip("abc", images, strict=False)]
    out = debian.root.parent / "out"
    manifest = parse_manifest({"images": named, **common})
    assemble(manifest, out, EPOCH, debian.root)
    return out


def files_below(tree: Path, *parts: str) -> set[str]:
    found = tree.joinpath(*parts).rglob("*")
    return {f"/{path.relative_to(tree)}" for path in found if path.is_symlink() or path.is_file()}


def test_paths_have_one_canonical_name(debian: Debian) -> None:
    tree = Tree(debian.root)
    debian.write("/usr/lib/real.so.1.2")
    (debian.root / "usr/lib/real.so.1").symlink_to("/lib/real.so.1.2")

    assert tree.canonical("/lib/real.so.1") == "/usr/lib/real.so.1"
    assert tree.follow("/lib/real.so.1") == ["/usr/lib/real.so.1", "/usr/lib/real.so.1.2"]
    assert tree.canonical("/bin") == "/bin"


def test_the_first_image_has_the_skeleton_and_the_others_only_what_they_add(
    debian: Debian,
) -> None:
    debian.install("one", "/bin/one")
    debian.install("two", "/usr/bin/two")

    out = assemble_images(debian, {"packages": {"one": "whole"}}, {"packages": {"two": "whole"}})

    assert (out / "a/bin").readlink() == Path("usr/bin")
    assert (out / "a/tmp").stat().st_mode & 0o7777 == 0o1777
    assert (out / "a/root").stat().st_mode & 0o7777 == 0o700
    assert files_below(out / "a", "usr") == {"/usr/bin/one", "/usr/share/doc/one/copyright"}
    assert files_below(out / "b", "usr") == {"/usr/bin/two", "/usr/share/doc/two/copyright"}
    assert not (out / "b/tmp").exists()


def test_a_name_beats_a_glob_and_an_included_file_an_exclusion(debian: Debian) -> None:
    debian.install("lib-a", "/usr/lib/a/data")
    debian.install("lib-b", "/usr/lib/b/data", "/usr/lib/b/more")

    out = assemble_images(
        debian,
        {"packages": {"lib-b": "whole", "lib-*": ["!*"]}},
        exclude=["/usr/lib/b/*"],
        include=["*/more"],
    )

    assert files_below(out / "a", "usr/lib") == {"/usr/lib/b/more"}


@pytest.mark.parametrize(
    ("image", "cause"),
    [
        ({"packages": {"absent": "whole"}}, "package absent is not installed"),
        ({"packages": {"no-*": []}}, r"package no-\* is not installed"),
        ({"packages": {"one": ["/usr/bin/tow"]}}, "/usr/bin/tow matches no file of package one"),
        ({"modules": ["res_gone.so"]}, r"no installed module matches res_gone\.so"),
        ({"generated": ["/etc/passwd"]}, "no generated file matches /etc/passwd"),
        ({"generated": ["/usr/bin/one"]}, "no generated file matches /usr/bin/one"),
        ({"busybox_links": True}, "has busybox_links and no /usr/bin/busybox"),
        ({"directories": [{"path": "/srv", "owner": "nobody-here"}]}, "user nobody-here does not"),
    ],
)
def test_what_is_not_there_is_an_error(debian: Debian, image: dict[str, Any], cause: str) -> None:
    debian.install("one", "/usr/bin/one")

    with pytest.raises(RootfsError, match=cause):
        assemble_images(debian, image)


def test_empty_directories_stay_where_state_is_kept(debian: Debian) -> None:
    debian.install("one", directories="/etc/one.d /var/spool/one /usr/share/one /etc/cron.d")

    out = assemble_images(debian, {"packages": {"one": "whole"}}, exclude=["/etc/cron.*"])

    assert (out / "a/etc/one.d").is_dir()
    assert (out / "a/var/spool/one").is_dir()
    assert not (out / "a/usr/share/one").exists()
    assert not (out / "a/etc/cron.d").exists()


def test_hard_links_and_modes_are_kept(debian: Debian) -> None:
    debian.install("one", "/usr/bin/first")
    (debian.root / "usr/bin/first").chmod(0o4755)
    (debian.root / "usr/bin/second").hardlink_to(debian.root / "usr/bin/first")
    with (debian.root / "var/lib/dpkg/info/one.list").open("a") as listing:
        listing.write("/usr/bin/second\n")

    tree = assemble_images(debian, {"packages": {"one": "whole"}}) / "a"

    assert (tree / "usr/bin/first").samefile(tree / "usr/bin/second")
    assert (tree / "usr/bin/first").stat().st_mode & 0o7777 == 0o4755


def test_an_alternative_comes_with_the_command_it_leads_to(debian: Debian) -> None:
    debian.install("netcat", "/bin/nc.openbsd")
    for name in ("nc", "awk"):
        (debian.root / f"etc/alternatives/{name}").symlink_to(f"/bin/{name}.openbsd")
        (debian.root / f"usr/bin/{name}").symlink_to(f"/etc/alternatives/{name}")
        debian.write(
            f"/var/lib/dpkg/alternatives/{name}",
            f"auto\n/bin/{name}\n{name}.1.gz\n/usr/share/man/{name}.1.gz\n\n/bin/{name}.openbsd\n",
        )

    out = assemble_images(debian, {"packages": {"netcat": "whole"}})

    assert files_below(out / "a", "usr/bin") == {"/usr/bin/nc", "/usr/bin/nc.openbsd"}
    assert files_below(out / "a", "etc") == {"/etc/alternatives/nc"}


def test_busybox_stands_in_until_a_package_brings_the_command(
    debian: Debian, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rootfs.selection.busybox_applets", lambda: ["sh", "ls", "ip", "dpkg"])
    debian.install("busybox", "/usr/bin/busybox")
    debian.install("iproute2", "/sbin/ip")
    debian.install("coreutils", "/bin/ls")

    out = assemble_images(
        debian,
        {
            "packages": {"busybox": "whole", "iproute2": "whole"},
            "busybox_links": True,
            "busybox_omit": ["dpkg"],
        },
        {"packages": {"coreutils": "whole"}},
    )

    assert files_below(out / "a", "usr/bin") == {f"/usr/bin/{n}" for n in ("busybox", "ls", "sh")}
    assert (out / "a/usr/bin/sh").readlink() == Path("busybox")
    assert not (out / "b/usr/bin/ls").is_symlink()


def test_a_link_cannot_replace_what_an_earlier_image_has(debian: Debian) -> None:
    debian.install("one", "/etc/asterisk/one.conf")

    with pytest.raises(RootfsError, match="/etc/asterisk of image b is in the place"):
        assemble_images(
            debian, {"packages": {"one": "whole"}}, {"links": {"/etc/asterisk": "/srv"}}
        )


def test_byte_code_is_made_for_what_is_loaded_and_there(
    debian: Debian, monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded = ["/usr/lib/python3/a.py", "/usr/lib/python3/left-out.py"]
    monkeypatch.setattr("rootfs.selection.loaded_sources", lambda _: loaded)
    debian.install("python3", "/usr/lib/python3/x.cpython-20-x86_64-linux-gnu.so")
    debian.install("python3-a", "/usr/lib/python3/b.py")
    for name in ("a", "left-out"):
        debian.write(f"/usr/lib/python3/{name}.py", "x = 1\n")
    with (debian.root / "var/lib/dpkg/info/python3-a.list").open("a") as listing:
        listing.write("/usr/lib/python3/a.py\n")

    packages = {"python3": "whole", "python3-a": ["*/a.py"]}
    out = assemble_images(debian, {"packages": packages, "imports": ["a"]})

    (code, source) = sorted(files_below(out / "a", "usr/lib/python3"))
    assert code.startswith("/usr/lib/python3/__pycache__/a.")
    assert source == "/usr/lib/python3/a.py"
    flags = (out / "a" / code[1:]).read_bytes()[4:8]
    assert flags == b"\x01\x00\x00\x00"  # found by a hash, which is not checked


def test_the_command_line_tells_in_one_line_what_is_wrong(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    manifest = tmp_path / "manifest.json"
    manifest.write_text('{"images": []}')
    for arguments, status, message in (
        ([], 2, "usage"),
        ([os.devnull, "out"], 1, "rootfs: manifest"),
        ([str(manifest), "out"], 1, "rootfs: SOURCE_DATE_EPOCH in the environment is ''"),
    ):
        assert main(arguments, {}) == status
        error = capsys.readouterr().err
        assert error.startswith(message)
        assert error.count("\n") == 1
