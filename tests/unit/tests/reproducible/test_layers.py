"""Where two layers differ first."""

from __future__ import annotations

import io
import tarfile

import pytest

from tests.reproducible.layers import first_difference

Changes = dict[str, object]


def layer(*files: tuple[str, bytes, Changes]) -> io.BytesIO:
    """A layer of files: path, content, and what is unlike other files of it."""
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for path, content, changes in files:
            member = tarfile.TarInfo(path)
            member.size = len(content)
            for name, value in changes.items():
                setattr(member, name, value)
            tar.addfile(member, io.BytesIO(content))
    archive.seek(0)
    return archive


A = ("etc/a", b"one", Changes())
B = ("etc/b", b"two", Changes())


def test_layers_that_are_the_same_do_not_differ() -> None:
    assert first_difference(layer(A, B), layer(A, B)) == ""
    assert first_difference(layer(), layer()) == ""


@pytest.mark.parametrize(
    ("changed", "what"),
    [
        (("etc/a", b"0ne", {}), "etc/a: content"),
        (("etc/a", b"one!", {}), "etc/a: size 3 and 4"),
        (("etc/a", b"one", {"mtime": 7}), "etc/a: time 0 and 7"),
        (("etc/a", b"one", {"mode": 0o600}), "etc/a: mode 644 and 600"),
        (("etc/a", b"one", {"gid": 5}), "etc/a: owner 0:0 and 0:5"),
        (("etc/a", b"", {"type": tarfile.DIRTYPE}), "etc/a: kind 0 and 5"),
        (("etc/a", b"one", {"pax_headers": {"SCHILY.xattr.user.x": "y"}}), "etc/a: attributes"),
        (("etc/c", b"one", {}), "etc/a is in the first where etc/c is in the second"),
    ],
)
def test_layers_first_difference_is_named(changed: tuple[str, bytes, Changes], what: str) -> None:
    assert first_difference(layer(A, B), layer(changed, B)).startswith(what)
