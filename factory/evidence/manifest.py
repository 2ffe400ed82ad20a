"""What is known of an image, as files beside the build: build/<image>/."""

from __future__ import annotations

import json
import re
import tarfile
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from factory.build.containers import file_tree
from factory.build.engine import Engine
from factory.errors import BudgetError
from factory.evidence import apk_database, shares
from factory.evidence.packages import Package, read_licences, read_status
from factory.plan.catalog import Catalog
from factory.plan.models import Budget
from factory.proof.gate import Check

MEGABYTE = 10**6
_BYTE_CODE = re.compile(r"(.*)/__pycache__/([^/.]+)\.[^/]*\.pyc")
"""Belongs to whom its source does, though no package lists it."""


@dataclass(frozen=True)
class Manifest:
    """One image, measured and proven. Sizes are in bytes."""

    image: str
    id: str
    architecture: str
    layers: tuple[str, ...]
    labels: Mapping[str, str]
    uncompressed: int
    compressed: int
    packages: Mapping[str, Package]
    """Every package of the distribution, by name."""
    size_by_package: Mapping[str, int]
    """The project's own files are `pbx/` and their component there."""
    size_by_component: Mapping[str, int]
    proof: tuple[Check, ...] = ()
    gate: str = ""
    """Fingerprint of the gate that it passed."""
    suites: str = ""
    """What the whole of the suites said about it, if they were run."""
    suites_fingerprint: str = ""
    """Of the suites that said so."""
    tags: tuple[str, ...] = field(default=())
    pushed: Mapping[str, str] = field(default_factory=dict)
    """Digest of the manifest by reference, for each tag that a registry has of it."""


def measure(
    engine: Engine, catalog: Catalog, distribution: str, image: str, image_id: str
) -> Manifest:
    """Reads an image's packages and sizes from the image itself.

    Args:
        engine: That has it.
        catalog: Says which component brings what.
        distribution: Whose packages it holds, by the catalog's name.
        image: What it is in the catalog's terms.
        image_id: By which the engine knows it.
    """
    info = engine.image(image_id)
    with file_tree(engine, image_id) as tree:
        packages, sizes = read_tree(tree, shares.own_files(catalog, image))
    return Manifest(
        image=image,
        id=info.id,
        architecture=info.architecture,
        layers=info.layers,
        labels=info.labels,
        uncompressed=info.size,
        compressed=engine.compressed_size(image_id),
        packages=packages,
        size_by_package=sizes,
        size_by_component=shares.bytes_by_component(catalog, distribution, image, sizes),
    )


def read_tree(
    tree: tarfile.TarFile, own: Mapping[str, str]
) -> tuple[dict[str, Package], dict[str, int]]:
    """Returns the packages of a file tree, and the bytes of each.

    Args:
        tree: An open archive of a tree with the database of dpkg or apk; read once.
        own: Whose the files of no package are, by path.
    """
    sizes: dict[str, int] = {}
    owners: dict[str, str] = {}
    packages: dict[str, Package] = {}
    licences: dict[str, tuple[str, ...]] = {}
    for entry in tree:
        path = "/" + entry.name.removeprefix("./").lstrip("/")
        if entry.isfile():
            sizes[path] = entry.size
        if path == "/var/lib/dpkg/status":
            packages = read_status(_text(tree, entry))
        elif document := re.fullmatch(r"/usr/share/doc/([^/]+)/copyright", path):
            licences[document[1]] = read_licences(_text(tree, entry))
        elif listing := re.fullmatch(r"/var/lib/dpkg/info/([^:/]+)(:\w+)?\.list", path):
            owners |= dict.fromkeys(_text(tree, entry).splitlines(), listing[1])
        if path in apk_database.PATHS:
            versions, owners = apk_database.read(_text(tree, entry))
            packages = {name: Package(version) for name, version in versions.items()}
    by_package: Counter[str] = Counter()
    for path, size in sizes.items():
        source = _BYTE_CODE.sub(r"\1/\2.py", path)
        owner = owners.get(source) or owners.get(source.removeprefix("/usr"))
        by_package[owner or own.get(source, shares.NO_PACKAGE)] += size
    known = {
        name: replace(package, licences=licences.get(name, ()))
        for name, package in packages.items()
    }
    return known, dict(by_package.most_common())


def check_budget(manifest: Manifest, budget: Budget) -> None:
    """Compares an image's size with its budget.

    Raises:
        BudgetError: it is larger; lists its ten biggest packages.
    """
    sizes = {
        "uncompressed": (manifest.uncompressed, budget.uncompressed),
        "compressed": (manifest.compressed, budget.compressed),
    }
    over = [
        f"{size / MEGABYTE:.1f} MB {kind}, {limit:g} allowed"
        for kind, (size, limit) in sizes.items()
        if size > limit * MEGABYTE
    ]
    if over:
        biggest = ", ".join(
            f"{name} {size / MEGABYTE:.1f}"
            for name, size in list(manifest.size_by_package.items())[:10]
        )
        raise BudgetError(
            f"{manifest.image} is over its budget: {'; '.join(over)}; biggest, in MB: {biggest}",
            "leave something out, or raise the budget in stages/images.yaml with a reason",
        )


class Folder:
    """The folder with an image's evidence."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def read(self) -> Manifest | None:
        """Returns the manifest of the last build, if there is one that can be read."""
        try:
            data: dict[str, Any] = json.loads((self.path / "manifest.json").read_text())
            data["proof"] = tuple(Check(**check) for check in data["proof"])
            data["packages"] = {
                name: Package(**fields | {"licences": tuple(fields["licences"])})
                for name, fields in data["packages"].items()
            }
            data["layers"], data["tags"] = tuple(data["layers"]), tuple(data["tags"])
            return Manifest(**data)
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return None

    def write(self, manifest: Manifest, dockerfile: str, papers: Mapping[str, str]) -> None:
        """Writes the manifest, the Dockerfile, a plain list of packages, and papers by name."""
        self.path.mkdir(parents=True, exist_ok=True)
        (self.path / "Dockerfile").write_text(dockerfile)
        lines = (f"{name} {p.version}\n" for name, p in sorted(manifest.packages.items()))
        (self.path / "packages.txt").write_text("".join(lines))
        for name, text in papers.items():
            (self.path / name).write_text(text)
        partial = self.path / "manifest.json.partial"
        partial.write_text(json.dumps(asdict(manifest), indent=1) + "\n")
        partial.rename(self.path / "manifest.json")


def _text(tree: tarfile.TarFile, entry: tarfile.TarInfo) -> str:
    file = tree.extractfile(entry)
    return file.read().decode("utf-8") if file else ""
