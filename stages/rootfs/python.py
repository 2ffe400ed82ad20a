"""Python: byte code for those files that a service loads, and no extensions for other versions."""

import importlib.util
import py_compile
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from rootfs.errors import RootfsError

EXTENSION = re.compile(r"\.(cpython-\d+)[^/]*\.so$")
PROBE = Path(__file__).with_name("probe_imports.py")


def loaded_sources(imports: Sequence[str]) -> list[str]:
    """Return the source files that a fresh Python loads to import these modules."""
    command = [sys.executable, "-I", "-B", str(PROBE), *imports]
    probe = subprocess.run(command, capture_output=True, text=True, check=False)
    if probe.returncode:
        reason = probe.stderr.strip().splitlines()[-1:]
        raise RootfsError(
            f"importing {' '.join(imports)} failed ({''.join(reason)})",
            "install what is missing in the build, or correct the imports",
        )
    return probe.stdout.splitlines()


def is_for_other_python(path: str) -> bool:
    """Whether this is an extension module that only another version of Python can load."""
    version = EXTENSION.search(path)
    return version is not None and version[1] != sys.implementation.cache_tag


def cache_path(source: str) -> str:
    """Where Python looks for the byte code of a source file."""
    return importlib.util.cache_from_source(source)


def compile_source(source: Path, seen_as: str, target: Path) -> None:
    """Write the byte code of a source file that Python will find under the path `seen_as`.

    Python is told not to compare it with the source: its content then depends on nothing but the
    source, and it stays valid whatever time stamps the image gets.
    """
    py_compile.compile(
        str(source),
        cfile=str(target),
        dfile=seen_as,
        doraise=True,
        invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH,
    )
