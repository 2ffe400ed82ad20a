"""What dpkg says is installed: packages, their files, who owns a file, and the alternatives."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from rootfs.tree import Tree

DATABASE = "/var/lib/dpkg"


@dataclass(frozen=True)
class Package:
    """An installed package; its paths are canonical, sorted, and there."""

    name: str
    version: str
    architecture: str
    stanza: str
    files: tuple[str, ...] = ()
    directories: tuple[str, ...] = ()
    depends: tuple[tuple[str, ...], ...] = ()  # all of these, any one of each
    provides: tuple[str, ...] = ()
    licence: tuple[str, ...] = ()  # the copyright file, and the links that lead to it


@dataclass(frozen=True)
class Alternative:
    """A command `link` that leads to one of several through `choice` in /etc/alternatives."""

    link: str
    choice: str


def read_packages(tree: Tree) -> dict[str, Package]:
    """All packages that are installed, by name."""
    status = tree.on_disk(f"{DATABASE}/status").read_text(encoding="utf-8")
    stanzas = [stanza.strip("\n") for stanza in status.split("\n\n") if stanza.strip()]
    packages = [
        _read_package(tree, stanza, fields)
        for stanza in stanzas
        if (fields := read_fields(stanza)).get("Status", "").endswith(" installed")
    ]
    return {package.name: package for package in sorted(packages, key=lambda each: each.name)}


def read_fields(stanza: str) -> dict[str, str]:
    """Return the fields of a control stanza; the lines of a long one are joined by newlines."""
    fields = re.findall(r"^(\S+):[ \t]*(.*(?:\n[ \t].*)*)", stanza, re.MULTILINE)
    return dict(fields)


def read_relations(field: str) -> tuple[tuple[str, ...], ...]:
    """Return the package names of a dependency field, without versions and architectures."""
    return tuple(
        tuple(re.split(r"[\s:(\[]", choice.strip(), maxsplit=1)[0] for choice in group.split("|"))
        for group in field.split(",")
        if group.strip()
    )


def find_owners(packages: Iterable[Package]) -> dict[str, str]:
    """Return the package of each file; directories belong to many and are left out."""
    return {path: package.name for package in packages for path in package.files}


def find_providers(packages: Mapping[str, Package]) -> dict[str, str]:
    """Return the package for each name: the one called so, else the first to provide it."""
    providers: dict[str, str] = {}
    for package in packages.values():
        for name in package.provides:
            providers.setdefault(name, package.name)
    return providers | {name: name for name in packages}


def info_file(tree: Tree, package: Package, kind: str) -> Path | None:
    """Return dpkg's file of that kind (`list`, `md5sums` ...) about the package, if any."""
    for name in (package.name, f"{package.name}:{package.architecture}"):
        path = tree.on_disk(f"{DATABASE}/info/{name}.{kind}")
        if path.exists():
            return path
    return None


def read_alternatives(tree: Tree) -> list[Alternative]:
    """Return the commands that update-alternatives manages, leading ones and followers."""
    directory = tree.on_disk(f"{DATABASE}/alternatives")
    if not directory.is_dir():
        return []
    return [
        Alternative(tree.canonical(link), f"/etc/alternatives/{name}")
        for description in sorted(directory.iterdir())
        for name, link in _alternative_links(description)
    ]


def _alternative_links(description: Path) -> Iterator[tuple[str, str]]:
    lines = description.read_text(encoding="utf-8").split("\n")
    yield description.name, lines[1]
    followers = lines[2 : lines.index("", 2)]
    yield from zip(followers[::2], followers[1::2], strict=True)


def _read_package(tree: Tree, stanza: str, fields: Mapping[str, str]) -> Package:
    name = fields["Package"]
    depends = ", ".join(filter(None, (fields.get("Pre-Depends"), fields.get("Depends"))))
    known = Package(name, fields["Version"], fields["Architecture"], stanza)
    paths = _listed_paths(tree, known)
    directories = {path for path in paths if tree.is_directory(path)}
    return replace(
        known,
        files=tuple(sorted(paths - directories)),
        directories=tuple(sorted(directories)),
        depends=read_relations(depends),
        provides=tuple(group[0] for group in read_relations(fields.get("Provides", ""))),
        licence=_licence(tree, name),
    )


def _listed_paths(tree: Tree, package: Package) -> set[str]:
    listing = info_file(tree, package, "list")
    lines = listing.read_text(encoding="utf-8").splitlines() if listing else []
    paths = {tree.canonical(line) for line in lines if line not in ("", "/.")}
    return {path for path in paths if tree.exists(path)}


def _licence(tree: Tree, name: str) -> tuple[str, ...]:
    documents = f"/usr/share/doc/{name}"
    paths = set(tree.follow(f"{documents}/copyright"))
    if tree.is_link(documents):
        paths.add(documents)
    return tuple(sorted(path for path in paths if tree.exists(path)))
