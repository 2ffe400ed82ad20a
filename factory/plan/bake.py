"""Makes a file for `docker buildx bake` from the catalog; bake builds all images at once. Pure.

Source: docs.docker.com, "Bake file reference" (JSON form).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from factory.plan.catalog import Catalog
from factory.plan.context import manifest_text
from factory.plan.dockerfile import MANIFEST_STAGE
from factory.plan.tags import UNPROVEN

COMMON = "_common"
"""The target that the others inherit from; not an image."""


def bake_file(
    catalog: Catalog,
    images: Sequence[str],
    *,
    dockerfile: str,
    manifest: Mapping[str, Any] | None,
    arguments: Mapping[str, str],
    labels: Mapping[str, str],
    repository: str,
) -> dict[str, Any]:
    """Return the file, ready for JSON.

    It contains the Dockerfile. Bake has to be started in the checkout, where it finds the other
    files. Bake proves nothing, so the images get the tag of unproven images.

    Args:
        catalog: The checked catalog.
        images: Names of the images wanted.
        dockerfile: Rendered for these images.
        manifest: The manifest of the root assembler; None where no root is assembled.
        arguments: Values of the Dockerfile's arguments.
        labels: Of all images, beyond those in the Dockerfile.
        repository: Of the tags.
    """
    common: dict[str, Any] = {
        "context": ".",
        "dockerfile-inline": _literal(dockerfile),
        "args": {name: _literal(value) for name, value in arguments.items()}
        | {"RENEWED": "${RENEWED}"},
        "labels": {name: _literal(value) for name, value in labels.items()},
        "platforms": [machine.platform for machine in catalog.architectures.values()],
        "attest": ["type=provenance,mode=max", "type=sbom"],
        "cache-from": '${CACHE == "" ? [] : ["type=registry,ref=${CACHE}"]}',
        "cache-to": '${CACHE == "" ? [] : ["type=registry,ref=${CACHE},mode=max"]}',
    }
    targets: dict[str, Any] = {COMMON: common}
    if manifest is not None:
        # The target takes the place of the Dockerfile's stage of that name.
        common["contexts"] = {MANIFEST_STAGE: f"target:{MANIFEST_STAGE}"}
        targets[MANIFEST_STAGE] = {"dockerfile-inline": _literal(_manifest_stage(manifest))}
    for image in images:
        targets[image] = {
            "inherits": [COMMON],
            "target": image,
            "tags": [f"{repository}:{UNPROVEN.format(image=image)}"],
        }
    return {
        "variable": {
            "CACHE": {
                "default": "",
                "description": "reference in a registry that keeps the steps of builds",
            },
            "RENEWED": {
                "default": "",
                "description": "any text, such as the week; another one renews the package lists",
            },
        },
        "group": {"default": {"targets": list(images)}},
        "target": targets,
    }


def _manifest_stage(manifest: Mapping[str, Any]) -> str:
    """Return a Dockerfile of an image with the manifest alone."""
    return f"FROM scratch\nCOPY <<'END' /rootfs.json\n{manifest_text(manifest)}\nEND\n"


def _literal(text: str) -> str:
    """Escape a text, so that bake replaces nothing in it."""
    return text.replace("${", "$${").replace("%{", "%%{")
