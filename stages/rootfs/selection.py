"""Decides what an image holds; reads the installed system and writes nothing."""

import posixpath
from collections.abc import Iterable
from dataclasses import replace

from rootfs.content import Content
from rootfs.dependencies import with_dependencies
from rootfs.errors import RootfsError
from rootfs.manifest import WHOLE, Image, Manifest
from rootfs.modules import check_modules, choose_modules
from rootfs.parts import expand_names, require_installed, take_part
from rootfs.patterns import without_match
from rootfs.python import loaded_sources
from rootfs.system import System, busybox_applets
from rootfs.tree import ancestors

BUSYBOX = "/usr/bin/busybox"
COMMAND_DIRECTORIES = ("/usr/bin", "/usr/sbin")


def select_content(system: System, manifest: Manifest, image: Image, before: Content) -> Content:
    """Return the content of the image before, and what the manifest adds for this one."""
    selector = Selector(system, manifest, image, before)
    selector.add_named_packages()
    selector.add_modules()
    selector.add_generated()
    selector.add_libraries()
    selector.add_alternatives()
    content = _with_links(selector.content(), image, before)
    content = replace(content, directories={**before.directories, **image.directories})
    if image.busybox_links:
        content = _with_commands(content, image)
    if image.imports:
        content = _with_bytecode(content, image, system)
    return content


class Selector:
    """Gathers the packages and paths of one image, each step on top of those before it."""

    def __init__(self, system: System, manifest: Manifest, image: Image, before: Content) -> None:
        self._system = system
        self._manifest = manifest
        self._image = image
        self._before = before
        self._named = expand_names(image.packages, system.packages)
        # What is taken of a package: by name, else as a library, else all but its modules.
        self._parts = {
            **dict.fromkeys(_owners(system, system.modules.paths.values()), ()),
            **expand_names(manifest.parts_of_libraries, system.packages),
            **before.parts,
            **self._named,
        }
        self._packages = set(before.packages)
        self._paths = set(before.paths)
        self._modules = set(before.modules)

    def content(self) -> Content:
        """All that was gathered."""
        return replace(
            self._before,
            parts={**self._before.parts, **self._named},
            packages=frozenset(self._packages),
            paths=frozenset(self._paths),
            modules=frozenset(self._modules),
        )

    def add_named_packages(self) -> None:
        """Add the packages that the manifest names, and those they depend on if it says so."""
        installed = self._system.packages
        require_installed(self._image.packages, installed)
        following = expand_names(dict.fromkeys(self._image.with_depends, WHOLE), installed)
        in_part = {name for name, patterns in self._parts.items() if patterns != WHOLE}
        reached = with_dependencies(following, installed, self._manifest.omit_dependencies, in_part)
        only_for_libraries = {name for name, patterns in self._parts.items() if not patterns}
        for name in sorted((reached - only_for_libraries).union(self._named)):
            self._add_package(name)

    def add_modules(self) -> None:
        """Add the modules that the manifest lists, once it is sure that they can be loaded."""
        modules = self._system.modules
        if idle := without_match(self._image.modules, modules.paths):
            raise RootfsError(f"no installed module matches {idle[0]}", "correct the list")
        self._modules |= choose_modules(self._image.modules, modules.paths)
        check_modules(self._modules, modules, self._manifest.module_requires)
        for name in sorted(self._modules):
            self._add_path(modules.paths[name])

    def add_generated(self) -> None:
        """Add the files that no package owns."""
        for pattern in self._image.generated:
            found = self._system.tree.find(pattern)
            unowned = [path for path in found if path not in self._system.owners]
            if not unowned:
                raise RootfsError(
                    f"no generated file matches {pattern}",
                    "correct the pattern, or take the package that owns the file",
                )
            self._paths.update(unowned)

    def add_libraries(self) -> None:
        """Add the libraries that any path needs, with their packages, until nothing is missing."""
        todo = self._paths - self._before.paths
        while todo:
            known = frozenset(self._paths)
            for path in sorted(todo):
                for library in self._system.libraries.libraries_of(path):
                    self._add_path(library)
            todo = self._paths - known

    def add_alternatives(self) -> None:
        """Add the commands that lead, by way of /etc/alternatives, to a path that is there."""
        tree = self._system.tree
        there = self._paths.union(*(ancestors(path) for path in self._paths))
        for alternative in self._system.alternatives:
            leads_on = tree.is_link(alternative.link) and tree.is_link(alternative.choice)
            if leads_on and tree.follow(alternative.choice)[-1] in there:
                self._paths |= {alternative.link, alternative.choice}

    def _add_package(self, name: str) -> None:
        package = self._system.packages[name]
        part = take_part(package, self._parts.get(name, WHOLE), self._manifest)
        self._packages.add(name)
        self._packages |= _owners(self._system, package.licence)
        self._paths |= part.difference(self._system.modules.paths.values())

    def _add_path(self, path: str) -> None:
        """Add a file, and the package it belongs to as far as that is taken."""
        owner = self._system.owners.get(path)
        if owner is None:
            raise RootfsError(f"{path} is needed and belongs to no package", "install it from one")
        if owner not in self._packages:
            self._add_package(owner)
        self._paths.add(path)


def _owners(system: System, paths: Iterable[str]) -> set[str]:
    return {system.owners[path] for path in paths if path in system.owners}


def _with_links(content: Content, image: Image, before: Content) -> Content:
    """Put the links of the image in the place of whatever packages have there."""
    if taken := sorted(before.present().intersection(image.links)):
        raise RootfsError(
            f"link {taken[0]} of image {image.name} is in the place of something that an image"
            " before it has",
            "make the link in the first image that has it",
        )
    links = {**before.links, **image.links}
    left = {path for path in content.paths if not {path, *ancestors(path)}.intersection(links)}
    return replace(content, links=links, paths=frozenset(left))


def _with_commands(content: Content, image: Image) -> Content:
    """Let busybox stand in for the commands that nothing else in the image brings."""
    present = content.present()
    if BUSYBOX not in present:
        raise RootfsError(
            f"image {image.name} has busybox_links and no {BUSYBOX}", "take the package busybox"
        )
    brought = {
        name
        for directory, name in map(posixpath.split, present)
        if directory in COMMAND_DIRECTORIES
    }
    standing_in = set(busybox_applets()) - brought - image.busybox_omit
    links = {posixpath.join(posixpath.dirname(BUSYBOX), name) for name in standing_in}
    return replace(content, commands=content.commands | links)


def _with_bytecode(content: Content, image: Image, system: System) -> Content:
    """Give byte code to the files in the image that its services load."""
    loaded = {system.tree.canonical(path) for path in loaded_sources(image.imports)}
    sources = {path for path in loaded & content.paths if system.tree.is_file(path)}
    return replace(content, bytecode=content.bytecode | sources)
