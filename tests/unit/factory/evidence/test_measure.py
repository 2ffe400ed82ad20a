"""What is known of an image: packages, bytes, budgets, and the files that keep it."""

import io
import json
import tarfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from factory.errors import BudgetError
from factory.evidence.budget import check_budget
from factory.evidence.folder import Folder
from factory.evidence.measure import Evidence, read_tree
from factory.evidence.packages import Package
from factory.plan.models import Budget
from factory.proof.gate import Passed

STATUS = """\
Package: bash
Status: install ok installed
Version: 5.3-1
Description: a shell
 Version: this is no field

Package: libc6
Status: hold ok installed
Architecture: amd64
Version: 2.42-5

Package: gone
Status: deinstall ok config-files
Version: 1.0

Package: halfway
Status: install ok half-installed
Version: 1.0
"""
FULL = Evidence(
    image="mini",
    id="sha256:0123",
    architecture="amd64",
    layers=("sha256:a", "sha256:b"),
    labels={"org.opencontainers.image.title": "Asterisk PBX (mini)"},
    uncompressed=57_000_000,
    compressed=23_000_000,
    packages={
        "libc6": Package("2.42-5", "amd64", "glibc", ("GPL-2+", "LGPL-2.1+")),
        "bash": Package("5.3-1", "amd64", "bash"),
    },
    size_by_package={"libc6": 3_000_000, "bash": 1_000_000},
    size_by_component={"(dependencies)": 4_000_000},
    proof=(Passed("gets healthy", "after 2 s", 2.25),),
    tags=("mlan/asterisk:mini",),
)


def tree(files: Mapping[str, bytes], prefix: str = "") -> tarfile.TarFile:
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as tar:
        for name, data in files.items():
            entry = tarfile.TarInfo(prefix + name)
            entry.size = len(data)
            tar.addfile(entry, io.BytesIO(data))
        link = tarfile.TarInfo(prefix + "usr/bin/rbash")
        link.type, link.linkname = tarfile.SYMTYPE, "bash"
        tar.addfile(link)
        twin = tarfile.TarInfo(prefix + "usr/bin/twin")
        twin.type, twin.linkname = tarfile.LNKTYPE, prefix + "usr/bin/bash"
        tar.addfile(twin)
    archive.seek(0)
    return tarfile.open(fileobj=archive, mode="r|")


FILES = {
    "usr/bin/bash": b"b" * 700,
    "usr/lib/x86_64-linux-gnu/libc.so.6": b"c" * 900,
    "etc/bash.bashrc": b"r" * 10,
    "etc/passwd": b"p" * 20,
    "var/lib/dpkg/status": STATUS.encode(),
    "var/lib/dpkg/info/bash.list": b"/.\n/bin\n/bin/bash\n/etc\n/etc/bash.bashrc\n/gone\n",
    "var/lib/dpkg/info/libc6:amd64.list": b"/.\n/usr/lib/x86_64-linux-gnu/libc.so.6\n",
    "var/lib/dpkg/info/bash.md5sums": b"0  bin/bash\n",
    "usr/share/doc/bash/copyright": b"Format: 1.0\nLicense: GPL-3+\n",
}
DATABASE = sum(len(d) for name, d in FILES.items() if name.startswith(("var/", "usr/share/doc/")))


@pytest.mark.parametrize("prefix", ["", "./"])
def test_packages_and_their_bytes_are_read_from_the_tree(prefix: str) -> None:
    packages, sizes = read_tree(tree(FILES, prefix), {})
    assert packages == {
        "bash": Package("5.3-1", "", "bash", ("GPL-3+",)),
        "libc6": Package("2.42-5", "amd64", "libc6"),
    }
    assert sizes == {"bash": 710, "libc6": 900, "(no package)": 20 + DATABASE}


def test_biggest_package_comes_first() -> None:
    sizes = list(read_tree(tree(FILES), {})[1].values())
    assert sizes == sorted(sizes, reverse=True)


def test_database_may_come_before_the_files() -> None:
    assert read_tree(tree(dict(reversed(FILES.items()))), {}) == read_tree(tree(FILES), {})


def test_tree_without_a_database_has_no_packages() -> None:
    assert read_tree(tree({"etc/passwd": b"12345"}), {}) == ({}, {"(no package)": 5})


def test_byte_code_belongs_to_whom_its_source_does() -> None:
    files = {
        "usr/lib/python3/x/__pycache__/y.cpython-314.pyc": b"1234",
        "usr/lib/python3/pbx/__pycache__/z.cpython-314.pyc": b"12345",
        "usr/lib/python3/pbx/z.py": b"123456",
        "var/lib/dpkg/info/python3-x.list": b"/usr/lib/python3/x/y.py\n",
    }
    sizes = read_tree(tree(files), {"/usr/lib/python3/pbx/z.py": "pbx/core"})[1]
    assert (sizes["python3-x"], sizes["pbx/core"]) == (4, 11)


def test_a_hidden_file_at_the_root_belongs_to_its_package() -> None:
    files = {".first": b"123", "var/lib/dpkg/info/base-files.list": b"/.\n/.first\n"}
    assert read_tree(tree(files), {})[1]["base-files"] == 3


@settings(max_examples=40)
@given(st.dictionaries(st.from_regex(r"[a-z]{1,5}(/[a-z]{1,5}){0,2}", fullmatch=True), st.binary()))
def test_no_byte_is_lost_or_counted_twice(files: dict[str, bytes]) -> None:
    _, sizes = read_tree(tree(files), {})
    assert sum(sizes.values()) == sum(map(len, files.values()))


def test_budget_that_is_just_met_is_met() -> None:
    check_budget(FULL, Budget(uncompressed=57, compressed=23))


@pytest.mark.parametrize(
    ("budget", "said"),
    [
        (Budget(uncompressed=56.9, compressed=23), "over its budget: 57.0 MB uncompressed, 56.9"),
        (Budget(uncompressed=58, compressed=22), "over its budget: 23.0 MB compressed, 22 allowed"),
        (Budget(uncompressed=1, compressed=2), "1 allowed; 23.0 MB compressed, 2 allowed; biggest"),
    ],
)
def test_broken_budget_says_how_much_is_allowed(budget: Budget, said: str) -> None:
    with pytest.raises(BudgetError) as caught:
        check_budget(FULL, budget)
    assert caught.value.cause.startswith("mini is ")
    assert said in caught.value.cause
    assert "stages/images.yaml" in caught.value.hint


def test_broken_budget_lists_the_ten_biggest() -> None:
    sizes = {f"package{size}": size * 10**6 for size in range(12, 0, -1)}
    with pytest.raises(BudgetError) as caught:
        check_budget(replace(FULL, size_by_package=sizes), Budget(uncompressed=1, compressed=23))
    listed = caught.value.cause.partition("in MB: ")[2].split(", ")
    assert listed == [f"package{size} {size}.0" for size in range(12, 2, -1)]


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    folder = Folder(tmp_path / "build" / "mini")
    assert folder.read() is None
    folder.write(FULL, "FROM scratch\n", {"sizes.txt": "4\n"})
    assert folder.read() == FULL
    assert (folder.path / "Dockerfile").read_text() == "FROM scratch\n"
    assert (folder.path / "packages.txt").read_text() == "bash 5.3-1\nlibc6 2.42-5\n"


def test_writing_again_replaces_and_leaves_nothing_over(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    folder.write(FULL, "FROM scratch\n", {"sizes.txt": "4\n"})
    folder.write(replace(FULL, id="sha256:4567", proof=()), "FROM scratch\n", {"sizes.txt": "5\n"})
    assert folder.read() == replace(FULL, id="sha256:4567", proof=())
    names = {path.name for path in tmp_path.iterdir()}
    assert names == {"Dockerfile", "manifest.json", "packages.txt", "sizes.txt"}
    assert (tmp_path / "sizes.txt").read_text() == "5\n"


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "null", '"text"', "{}", '{"proof": [], "layers": [], "tags": []}', "\0"],
)
def test_broken_manifest_reads_as_none(tmp_path: Path, text: str) -> None:
    (tmp_path / "manifest.json").write_text(text)
    assert Folder(tmp_path).read() is None


@pytest.mark.parametrize(
    "change",
    [{"proof": None}, {"proof": [1]}, {"proof": [{"name": "x"}]}, {"layers": 1}, {"more": 1}],
)
def test_manifest_of_another_form_reads_as_none(tmp_path: Path, change: dict[str, object]) -> None:
    folder = Folder(tmp_path)
    folder.write(FULL, "", {})
    file = tmp_path / "manifest.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | change))
    assert folder.read() is None


def test_manifest_cut_short_reads_as_none(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    folder.write(FULL, "", {})
    file = tmp_path / "manifest.json"
    text = file.read_bytes()
    for end in range(0, len(text) - 2, 7):
        file.write_bytes(text[:end])
        assert folder.read() is None
    file.write_bytes(b"\xff" + text)
    assert folder.read() is None
