"""The manifest: what each image takes from the installed system, read from JSON."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from rootfs.errors import RootfsError
from rootfs.patterns import Patterns

WHOLE: Patterns = ("*",)


@dataclass(frozen=True)
class Directory:
    """A directory that an image has whether or not a package brings it."""

    owner: str = "root"
    group: str = "root"
    mode: int = 0o755


@dataclass(frozen=True)
class Image:
    """What one image adds to the image before it."""

    name: str
    packages: Mapping[str, Patterns]  # package name or glob -> the files of it that are taken
    with_depends: frozenset[str]  # the keys of `packages` whose dependencies come along
    modules: Patterns = ()
    imports: tuple[str, ...] = ()
    generated: tuple[str, ...] = ()
    busybox_links: bool = False
    busybox_omit: frozenset[str] = frozenset()
    directories: Mapping[str, Directory] = field(default_factory=dict)
    links: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Manifest:
    """All images in order, and what holds for every package."""

    images: tuple[Image, ...]
    exclude: tuple[str, ...] = ()
    include: tuple[str, ...] = ()
    omit_dependencies: tuple[str, ...] = ()
    parts_of_libraries: Mapping[str, Patterns] = field(default_factory=dict)
    module_requires: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def load_manifest(path: Path) -> Manifest:
    """Read the manifest file; anything that cannot be read is one RootfsError."""
    try:
        return parse_manifest(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError, AttributeError, KeyError) as error:
        raise RootfsError(
            f"manifest {path} is not usable ({type(error).__name__}: {error})",
            "correct it, or the program that wrote it",
        ) from error


def parse_manifest(data: Mapping[str, Any]) -> Manifest:
    """Turn the decoded JSON into values; a field of an unknown name is a ValueError."""
    _only_known(data, Manifest, "manifest")
    return Manifest(
        images=tuple(_parse_image(image) for image in data["images"]),
        exclude=tuple(data.get("exclude", ())),
        include=tuple(data.get("include", ())),
        omit_dependencies=tuple(data.get("omit_dependencies", ())),
        parts_of_libraries=_lists(data.get("parts_of_libraries", {})),
        module_requires=_lists(data.get("module_requires", {})),
    )


def _parse_image(data: Mapping[str, Any]) -> Image:
    _only_known(data, Image, "image")
    return Image(
        name=data["name"],
        packages={name: _patterns(name, how) for name, how in data.get("packages", {}).items()},
        with_depends=frozenset(
            name for name, how in data.get("packages", {}).items() if how == "with-depends"
        ),
        modules=tuple(data.get("modules", ())),
        imports=tuple(data.get("imports", ())),
        generated=tuple(data.get("generated", ())),
        busybox_links=bool(data.get("busybox_links", False)),
        busybox_omit=frozenset(data.get("busybox_omit", ())),
        directories={entry["path"]: _directory(entry) for entry in data.get("directories", ())},
        links=dict(data.get("links", {})),
    )


def _patterns(package: str, how: Any) -> Patterns:
    if how in ("whole", "with-depends"):
        return WHOLE
    if isinstance(how, list):
        return tuple(how)
    raise ValueError(f"package {package}: {how!r} is not whole, with-depends or a list of globs")


def _directory(entry: Mapping[str, str]) -> Directory:
    return Directory(
        owner=entry.get("owner", "root"),
        group=entry.get("group", "root"),
        mode=int(entry.get("mode", "0755"), 8),
    )


def _lists(data: Mapping[str, list[str]]) -> dict[str, tuple[str, ...]]:
    return {name: tuple(values) for name, values in data.items()}


def _only_known(data: Mapping[str, Any], known: type[Manifest] | type[Image], what: str) -> None:
    names = {each.name for each in fields(known)} - {"with_depends"}
    if unknown := sorted(set(data) - names):
        raise ValueError(f"{what} has an unknown field {', '.join(unknown)}")
