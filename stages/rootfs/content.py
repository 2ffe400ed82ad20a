"""What is in an image, and the directories that every image has."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from rootfs.manifest import Directory
from rootfs.patterns import Patterns
from rootfs.tree import Tree, ancestors

MERGED = ("/bin", "/lib", "/lib64", "/sbin")  # links to the directories of the same name in /usr

PLAIN = "dev etc home media mnt opt proc run srv sys usr/local/bin usr/local/lib usr/local/share"
STATE = "var/cache var/lib var/log var/spool"
SKELETON = {
    **{f"/{path}": Directory() for path in f"{PLAIN} {STATE}".split()},
    **{f"/{path}": Directory(mode=0o1777) for path in ("tmp", "var/tmp")},
    "/root": Directory(mode=0o700),
}


@dataclass(frozen=True)
class Content:
    """All that an image holds, that of the images it stands on included."""

    parts: Mapping[str, Patterns] = field(default_factory=dict)  # what is taken of named packages
    packages: frozenset[str] = frozenset()
    paths: frozenset[str] = frozenset()  # copied from the installed system
    modules: frozenset[str] = frozenset()  # file names of Asterisk modules, among the paths
    bytecode: frozenset[str] = frozenset()  # source files whose byte code comes along
    commands: frozenset[str] = frozenset()  # links to busybox
    links: Mapping[str, str] = field(default_factory=dict)
    directories: Mapping[str, Directory] = field(default_factory=dict)

    def present(self) -> frozenset[str]:
        """Return the canonical paths of all files, links and directories that packages may list.

        The links to busybox are not among them: they stand where another package's program would.
        """
        paths = self.paths.union(self.links, self.directories)
        return paths.union(*(ancestors(path) for path in paths))


def empty_content(tree: Tree) -> Content:
    """Return what the first image begins with."""
    links = {path: tree.link_target(path) for path in MERGED if tree.is_link(path)}
    return Content(links=links, directories=SKELETON)
