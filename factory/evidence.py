"""What is known of an image, as files beside the build: build/<image>/."""

from __future__ import annotations

import json
import re
import tarfile
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from factory.catalog import Budget
from factory.engine import Engine
from factory.errors import BudgetError
from factory.gate import Check

MEGABYTE = 10**6


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
    packages: Mapping[str, str]
    """Version by name of every package of the distribution."""
    size_by_package: Mapping[str, int]
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


def measure(engine: Engine, image: str, image_id: str) -> Manifest:
    """Reads an image's packages and sizes from the image itself."""
    info = engine.image(image_id)
    with engine.file_tree(image_id) as tree:
        packages, sizes = read_tree(tree)
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
    )


def read_tree(tree: tarfile.TarFile) -> tuple[dict[str, str], dict[str, int]]:
    """Returns the packages of a file tree with their versions, and the bytes of each.

    Args:
        tree: An open archive of a tree with a dpkg database; read once.
    """
    sizes: dict[str, int] = {}
    owners: dict[str, str] = {}
    packages: dict[str, str] = {}
    for entry in tree:
        path = "/" + entry.name.removeprefix("./").lstrip("/")
        if entry.isfile():
            sizes[path] = entry.size
        if path == "/var/lib/dpkg/status":
            packages = _read_status(_text(tree, entry))
        elif listing := re.fullmatch(r"/var/lib/dpkg/info/([^:/]+)(:\w+)?\.list", path):
            owners |= dict.fromkeys(_text(tree, entry).splitlines(), listing[1])
    by_package: Counter[str] = Counter()
    for path, size in sizes.items():
        owner = owners.get(path) or owners.get(path.removeprefix("/usr"))
        by_package[owner or "(no package)"] += size
    return packages, dict(by_package.most_common())


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
            data["layers"], data["tags"] = tuple(data["layers"]), tuple(data["tags"])
            return Manifest(**data)
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def write(self, manifest: Manifest, dockerfile: str) -> None:
        """Writes the manifest, the Dockerfile and a plain list of packages."""
        self.path.mkdir(parents=True, exist_ok=True)
        (self.path / "Dockerfile").write_text(dockerfile)
        lines = (f"{name} {version}\n" for name, version in sorted(manifest.packages.items()))
        (self.path / "packages.txt").write_text("".join(lines))
        partial = self.path / "manifest.json.partial"
        partial.write_text(json.dumps(asdict(manifest), indent=1) + "\n")
        partial.rename(self.path / "manifest.json")


def _read_status(text: str) -> dict[str, str]:
    packages = {}
    for stanza in text.split("\n\n"):
        fields = dict(re.findall(r"^(Package|Version|Status): (.*)$", stanza, re.MULTILINE))
        if fields.get("Status", "").endswith(" installed"):
            packages[fields["Package"]] = fields["Version"]
    return packages


def _text(tree: tarfile.TarFile, entry: tarfile.TarInfo) -> str:
    file = tree.extractfile(entry)
    return file.read().decode("utf-8") if file else ""
