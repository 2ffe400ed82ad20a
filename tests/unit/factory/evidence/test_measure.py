"""Packages and bytes, read from an image's file tree."""

import io
import tarfile
from collections.abc import Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from factory.evidence.measure import read_tree
from factory.evidence.packages import Package

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
def test_tree_gives_packages_and_their_bytes(prefix: str) -> None:
    packages, sizes = read_tree(tree(FILES, prefix), {})
    assert packages == {
        "bash": Package("5.3-1", "", "bash", ("GPL-3+",)),
        "libc6": Package("2.42-5", "amd64", "libc6"),
    }
    assert sizes == {"bash": 710, "libc6": 900, "(no package)": 20 + DATABASE}


def test_tree_gives_the_biggest_package_first() -> None:
    sizes = list(read_tree(tree(FILES), {})[1].values())
    assert sizes == sorted(sizes, reverse=True)


def test_tree_may_hold_the_database_before_the_files() -> None:
    assert read_tree(tree(dict(reversed(FILES.items()))), {}) == read_tree(tree(FILES), {})


def test_tree_counts_byte_code_with_its_source() -> None:
    files = {
        "usr/lib/python3/x/__pycache__/y.cpython-314.pyc": b"1234",
        "usr/lib/python3/pbx/__pycache__/z.cpython-314.pyc": b"12345",
        "usr/lib/python3/pbx/z.py": b"123456",
        "var/lib/dpkg/info/python3-x.list": b"/usr/lib/python3/x/y.py\n",
    }
    sizes = read_tree(tree(files), {"/usr/lib/python3/pbx/z.py": "pbx/core"})[1]
    assert (sizes["python3-x"], sizes["pbx/core"]) == (4, 11)


def test_tree_counts_a_hidden_file_with_its_package() -> None:
    files = {".first": b"123", "var/lib/dpkg/info/base-files.list": b"/.\n/.first\n"}
    assert read_tree(tree(files), {})[1]["base-files"] == 3


@settings(max_examples=40)
@given(st.dictionaries(st.from_regex(r"[a-z]{1,5}(/[a-z]{1,5}){0,2}", fullmatch=True), st.binary()))
def test_tree_counts_each_byte_once(files: dict[str, bytes]) -> None:
    _, sizes = read_tree(tree(files), {})
    assert sum(sizes.values()) == sum(map(len, files.values()))
