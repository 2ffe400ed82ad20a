"""Asterisk's modules: where they are, which an image takes, and whether those can be loaded."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from rootfs.elf import Symbols, read_symbols
from rootfs.errors import RootfsError
from rootfs.patterns import Patterns, accepts
from rootfs.tree import Tree

MODULES_GLOB = "/usr/lib/*/asterisk/modules/*.so"
CORE_GLOBS = ("/usr/sbin/asterisk", "/usr/lib/*/libasterisk*.so.*")


@dataclass(frozen=True)
class Modules:
    """The installed modules by file name, and the symbols that Asterisk itself offers to them."""

    paths: Mapping[str, str]
    symbols: Mapping[str, Symbols]
    core: frozenset[str]


def read_modules(tree: Tree) -> Modules:
    """Find the installed modules and read their symbols."""
    paths = {path.rpartition("/")[2]: path for path in tree.find(MODULES_GLOB)}
    core = [path for pattern in CORE_GLOBS for path in tree.find(pattern) if tree.is_file(path)]
    return Modules(
        paths=paths,
        symbols={name: read_symbols(tree.on_disk(path)) for name, path in paths.items()},
        core=frozenset().union(*(read_symbols(tree.on_disk(path)).defined for path in core)),
    )


def choose_modules(patterns: Patterns, installed: Iterable[str]) -> set[str]:
    """Return the modules that the patterns of an image take."""
    return {name for name in installed if accepts(patterns, name)}


def check_modules(
    kept: Collection[str], modules: Modules, requires: Mapping[str, Collection[str]]
) -> None:
    """Raise an error if a kept module lacks a module whose symbols, or which itself, it requires.

    A symbol that neither Asterisk nor any module defines is one of a library, and no matter here.
    """
    offered = modules.core.union(*(modules.symbols[name].defined for name in kept))
    lacking = [
        f"{name} needs {other}"
        for name in sorted(kept)
        for other in _missing(name, modules, offered)
        + sorted(set(requires.get(name, ())).difference(kept))
    ]
    if lacking:
        raise RootfsError(
            f"modules were left out that others require ({'; '.join(lacking)})",
            "take both or neither",
        )


def _missing(name: str, modules: Modules, offered: Collection[str]) -> list[str]:
    wanted = modules.symbols[name].undefined.difference(offered)
    return [
        f"{other} ({sorted(symbols)[0]})"
        for other in sorted(modules.symbols)
        if (symbols := wanted & modules.symbols[other].defined)
    ]
