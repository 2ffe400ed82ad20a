"""Finds the libraries that a file needs, as the dynamic linker would."""

import posixpath

from rootfs.elf import Linkage, is_elf, read_linkage
from rootfs.errors import RootfsError
from rootfs.tree import Tree


class LibraryFinder:
    """Looks libraries up in the installed system, and remembers what it has read."""

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        multiarch = sorted(tree.root.glob("usr/lib/*-linux-gnu"))
        self._directories = [f"/usr/lib/{path.name}" for path in multiarch] + ["/usr/lib"]
        self._known: dict[str, tuple[str, ...]] = {}

    def libraries_of(self, path: str) -> tuple[str, ...]:
        """Return the canonical paths of the libraries a file needs, and of the links to them.

        Anything that is no regular ELF file needs none.
        """
        if path not in self._known:
            self._known[path] = self._read(path)
        return self._known[path]

    def _read(self, path: str) -> tuple[str, ...]:
        on_disk = self._tree.on_disk(path)
        if not self._tree.is_file(path) or not is_elf(on_disk):
            return ()
        linkage = read_linkage(on_disk)
        found = [self._locate(name, linkage, path) for name in linkage.needed]
        if linkage.interpreter:
            found.append(linkage.interpreter)
        return tuple(sorted({hop for library in found for hop in self._tree.follow(library)}))

    def _locate(self, name: str, linkage: Linkage, path: str) -> str:
        origin = posixpath.dirname(path)
        first = [
            entry.replace("${ORIGIN}", origin).replace("$ORIGIN", origin)
            for entry in linkage.search
        ]
        for directory in [*first, *self._directories]:
            candidate = posixpath.join(directory, name)
            if self._tree.exists(self._tree.canonical(candidate)):
                return candidate
        raise RootfsError(
            f"library {name}, which {path} needs, is not installed",
            "install its package in the build, or leave that file out",
        )
