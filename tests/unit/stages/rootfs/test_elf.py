"""Reading programs and libraries: tried on the Python that runs the tests."""

import sys
import sysconfig
from pathlib import Path

import pytest
from rootfs.elf import is_elf, read_linkage, read_symbols

PYTHON = Path(sys.executable).resolve()
EXTENSIONS = sorted(Path(sysconfig.get_config_var("DESTSHARED") or "/absent").glob("*.so"))

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="ELF is the format of Linux")


def test_a_program_is_told_from_a_text() -> None:
    assert is_elf(PYTHON)
    assert not is_elf(Path(__file__))


def test_the_linkage_of_a_program() -> None:
    linkage = read_linkage(PYTHON)

    assert any(name.startswith("libc.") for name in linkage.needed)
    assert linkage.interpreter is not None
    assert "/ld-" in linkage.interpreter
    assert all(linkage.search)


@pytest.mark.skipif(not EXTENSIONS, reason="this Python has all its modules built in")
def test_the_symbols_of_a_library() -> None:
    extension = EXTENSIONS[0]
    symbols = read_symbols(extension)

    assert f"PyInit_{extension.name.partition('.')[0]}" in symbols.defined
    assert any(name.startswith("Py") for name in symbols.undefined)
    assert not symbols.defined & symbols.undefined
    assert "__cxa_finalize" not in symbols.undefined  # wanted weakly: may be missing
    assert read_linkage(extension).interpreter is None
