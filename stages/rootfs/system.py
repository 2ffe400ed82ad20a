"""The installed Debian system that the images are cut from."""

import subprocess
from collections.abc import Mapping
from dataclasses import dataclass

from rootfs.libraries import LibraryFinder
from rootfs.modules import Modules, read_modules
from rootfs.packages import Alternative, Package, find_owners, read_alternatives, read_packages
from rootfs.tree import Tree


@dataclass(frozen=True)
class System:
    """All that is known of the installed system, read once for all images."""

    tree: Tree
    packages: Mapping[str, Package]
    owners: Mapping[str, str]
    alternatives: tuple[Alternative, ...]
    modules: Modules
    libraries: LibraryFinder


def read_system(tree: Tree) -> System:
    """Read the system below the root of the tree."""
    packages = read_packages(tree)
    return System(
        tree=tree,
        packages=packages,
        owners=find_owners(packages.values()),
        alternatives=tuple(read_alternatives(tree)),
        modules=read_modules(tree),
        libraries=LibraryFinder(tree),
    )


def busybox_applets() -> list[str]:
    """Return the commands that the installed busybox can stand in for."""
    listing = subprocess.run(["busybox", "--list"], capture_output=True, text=True, check=True)
    return listing.stdout.split()
