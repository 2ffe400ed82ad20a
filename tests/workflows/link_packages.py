"""A stand-in for `pip install -r LOCK`: links packages from the environment that runs the tests.

Nothing is downloaded, and still an environment has the packages of its lock file and no others. A
package of another version than the lock file names is an error.
"""

from __future__ import annotations

import re
import sys
import sysconfig
from importlib.metadata import Distribution, distribution
from pathlib import Path

PIN = re.compile(r"^([\w.-]+)==([\w.]+)", re.MULTILINE)


def link_package(found: Distribution, environment: Path) -> None:
    """Link a package's top folders and modules, and its commands, into an environment."""
    here = Path(sysconfig.get_path("purelib"))
    there = environment / here.relative_to(sys.prefix)
    for file in found.files or ():
        if file.parts[0] not in ("..", "__pycache__"):
            link(there / file.parts[0], here / file.parts[0])
        elif file.parts[-2] == "bin":
            link(environment / "bin" / file.name, Path(sys.prefix) / "bin" / file.name)


def link(new: Path, target: Path) -> None:
    if not new.is_symlink():
        new.symlink_to(target)


def main(environment: Path, lock: Path) -> int:
    for name, version in PIN.findall(lock.read_text()):
        found = distribution(name)
        if found.version != version:
            print(f"{lock} wants {name} {version}; installed is {found.version}", file=sys.stderr)
            return 1
        link_package(found, environment)
    print(f"linked the packages of {lock}")
    return 0


if __name__ == "__main__":
    # By prepare.sh: .venv/bin/pip install … -r LOCK
    sys.exit(main(Path(sys.argv[1]).parents[1], Path(sys.argv[-1])))
