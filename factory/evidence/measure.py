"""Measures an image: packages and sizes. With the results of the gate, that is its evidence."""

from __future__ import annotations

import re
import tarfile
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from factory.build.containers import file_tree
from factory.build.session import Session
from factory.evidence import apk_database, shares
from factory.evidence.packages import Package, read_licences, read_status
from factory.proof.gate import Passed

_BYTE_CODE = re.compile(r"(.*)/__pycache__/([^/.]+)\.[^/]*\.pyc")
"""It belongs to the package of its source, although no package lists it."""


@dataclass(frozen=True)
class Evidence:
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
    """For the project's own files, the name is `pbx/` and the component."""
    size_by_component: Mapping[str, int]
    proof: tuple[Passed, ...] = ()
    gate: str = ""
    """Fingerprint of the gate that it passed."""
    suites: str = ""
    """The result of the suites, if they were run."""
    suites_fingerprint: str = ""
    """Fingerprint of these suites."""
    tags: tuple[str, ...] = field(default=())
    pushed: Mapping[str, str] = field(default_factory=dict)
    """Digest of the manifest by reference, for each pushed tag."""


def measure(session: Session, image: str, image_id: str) -> Evidence:
    """Read an image's packages and sizes from the image itself.

    Args:
        session: Whose engine has it; its recipe names the distribution of its packages.
        image: Its name in the catalog.
        image_id: Its name or ID in the engine.
    """
    engine, catalog = session.engine, session.catalog
    info = engine.image(image_id)
    with file_tree(engine, image_id) as tree:
        packages, sizes = read_tree(tree, shares.own_files(catalog, image))
    return Evidence(
        image=image,
        id=info.id,
        architecture=info.architecture,
        layers=info.layers,
        labels=info.labels,
        uncompressed=info.size,
        compressed=engine.compressed_size(image_id),
        packages=packages,
        size_by_package=sizes,
        size_by_component=shares.bytes_by_component(
            catalog, session.recipe.distribution, image, sizes
        ),
    )


def read_tree(
    tree: tarfile.TarFile, own: Mapping[str, str]
) -> tuple[dict[str, Package], dict[str, int]]:
    """Return the packages of a file tree, and the bytes of each.

    Args:
        tree: An open archive of a tree with the database of dpkg or apk; read once.
        own: Owner by path, of files that belong to no package.
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


def _text(tree: tarfile.TarFile, entry: tarfile.TarInfo) -> str:
    file = tree.extractfile(entry)
    return file.read().decode("utf-8") if file else ""
