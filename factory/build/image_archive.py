"""Makes an image archive for `docker load` from a file tree, marked with a platform.

Old engines set their own platform on what they import. What they load keeps its platform.

Source: Docker Image Specification v1.2 (github.com/moby/docker-image-spec): `manifest.json`, the
image's configuration, and its layers.
"""

from __future__ import annotations

import datetime
import hashlib
import io
import json
import tarfile
from dataclasses import dataclass
from typing import Any, BinaryIO

LAYER = "layer.tar"


@dataclass(frozen=True)
class Label:
    """Name, architecture and time of the image.

    Attributes:
        name: With repository and tag.
        architecture: As Go names it, e.g. `arm64`.
        created: With a time zone.
    """

    name: str
    architecture: str
    created: datetime.datetime


def write_archive(archive: BinaryIO, label: Label, tree: io.BufferedIOBase | None) -> None:
    """Write an image of one layer, or of none.

    Args:
        archive: The file to write; left at its end.
        label: Name, architecture and time of the image.
        tree: The layer, an uncompressed tar archive, read twice from its start. None for an
            image without files.
    """
    layers = [_digest(tree)] if tree else []
    config = json.dumps(_configuration(label, layers)).encode()
    config_name = f"{hashlib.sha256(config).hexdigest()}.json"
    manifest = [
        {"Config": config_name, "RepoTags": [label.name], "Layers": [LAYER] if tree else []}
    ]
    with tarfile.open(fileobj=archive, mode="w") as tar:
        _add(tar, config_name, io.BytesIO(config))
        if tree:
            _add(tar, LAYER, tree)
        _add(tar, "manifest.json", io.BytesIO(json.dumps(manifest).encode()))


def _configuration(label: Label, layers: list[str]) -> dict[str, Any]:
    created = label.created.astimezone(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return {
        "architecture": label.architecture,
        "os": "linux",
        "created": created,
        "config": {},
        "rootfs": {"type": "layers", "diff_ids": layers},
        "history": [{"created": created} for _ in layers],
    }


def _digest(tree: io.BufferedIOBase) -> str:
    tree.seek(0)
    return f"sha256:{hashlib.file_digest(tree, 'sha256').hexdigest()}"


def _add(tar: tarfile.TarFile, name: str, data: io.BufferedIOBase) -> None:
    entry = tarfile.TarInfo(name)
    entry.size = data.seek(0, io.SEEK_END)
    data.seek(0)
    tar.addfile(entry, data)
