"""The build context: equal sources give equal bytes."""

import io
import os
import tarfile
from pathlib import Path

import pytest

from factory.plan.context import build_context
from factory.plan.dockerfile import MANIFEST_PATH

EPOCH = 1_700_000_000


def make_checkout(root: Path) -> Path:
    for file, text in {
        "stages/Dockerfile.debian.j2": "FROM scratch\n",
        "stages/rootfs/tree.py": "x = 1\n",
        "runtime/pbx/core/bin/entrypoint": "#!/bin/sh\n",
        "runtime/pbx/core/component.yaml": "summary: The ground\n",
    }.items():
        (root / file).parent.mkdir(parents=True, exist_ok=True)
        (root / file).write_text(text)
    (root / "runtime/pbx/core/bin/entrypoint").chmod(0o755)
    (root / "runtime/pbx/core/bin/start").symlink_to("entrypoint")
    (root / "runtime/pbx/more").symlink_to("core")
    (root / "README.md").write_text("not packed\n")
    return root


def packed(root: Path, dockerfile: str = "FROM scratch\n") -> bytes:
    return build_context(root, dockerfile, {"images": []}, EPOCH).getvalue()


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    return make_checkout(tmp_path / "checkout")


def entries(data: bytes) -> dict[str, tarfile.TarInfo]:
    with tarfile.open(fileobj=io.BytesIO(data)) as tar:
        return {entry.name: entry for entry in tar}


def test_context_does_not_depend_on_times_modes_and_byte_code(
    checkout: Path, tmp_path: Path
) -> None:
    first = packed(checkout)
    umask = os.umask(0o077)
    try:
        other = make_checkout(tmp_path / "elsewhere")
    finally:
        os.umask(umask)
    for file in other.rglob("*"):
        os.utime(file, (12345, 12345), follow_symlinks=False)
    (other / "stages/rootfs/tree.py").chmod(0o600)
    (other / "runtime/pbx/core/bin/entrypoint").chmod(0o700)
    (other / "stages/rootfs/__pycache__").mkdir()
    (other / "stages/rootfs/__pycache__/tree.cpython-311.pyc").write_bytes(b"code")
    assert packed(other) == first


def test_context_does_not_depend_on_the_order_of_creation(tmp_path: Path) -> None:
    for folder, names in (("one", "abcd"), ("other", "dcba")):
        (tmp_path / folder / "stages").mkdir(parents=True)
        for name in names:
            (tmp_path / folder / "stages" / name).write_text(name)
    assert packed(tmp_path / "one") == packed(tmp_path / "other")


def test_context_depends_on_what_is_built(checkout: Path) -> None:
    first = packed(checkout)
    assert packed(checkout, "FROM other\n") != first
    (checkout / "stages/rootfs/tree.py").write_text("x = 2\n")
    second = packed(checkout)
    assert second != first
    (checkout / "stages/rootfs/tree.py").chmod(0o755)
    assert packed(checkout) != second


def test_context_keeps_executable_bits_and_links(checkout: Path) -> None:
    found = entries(packed(checkout))
    assert found["runtime/pbx/core/bin/entrypoint"].mode == 0o755
    assert found["runtime/pbx/core/component.yaml"].mode == 0o644
    assert found["runtime/pbx/core/bin/start"].issym()
    assert found["runtime/pbx/core/bin/start"].linkname == "entrypoint"
    assert found["runtime/pbx/more"].linkname == "core"
    assert not [name for name in found if name.startswith("runtime/pbx/more/")]


def test_context_holds_sources_dockerfile_and_manifest_alone(checkout: Path) -> None:
    found = entries(packed(checkout))
    rest = [name for name in found if not name.startswith(("stages/", "runtime/"))]
    assert rest == [MANIFEST_PATH, "Dockerfile"]
    assert {entry.mtime for entry in found.values()} == {EPOCH}
    assert {(entry.uid, entry.gid, entry.uname) for entry in found.values()} == {(0, 0, "")}
