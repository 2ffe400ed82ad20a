"""The file for `docker buildx bake`, by the rules of the Bake file reference.

Where docker-buildx is installed (Debian has it), it reads the file, too.
"""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from semver import Version

from factory.build.checkout import Checkout, build_arguments
from factory.plan.bake import bake_file
from factory.plan.catalog import Catalog
from factory.plan.dockerfile import rootfs_manifest
from factory.plan.recipe import Recipe

KEYS = {
    *("args", "attest", "cache-from", "cache-to", "context", "contexts", "dockerfile-inline"),
    *("inherits", "labels", "platforms", "tags", "target"),
}
ARGUMENTS = build_arguments("some:base", 0)
LABELS = Checkout("abc", "https://git.example/a.git", 0, ()).labels(Version(1, 2, 3))
PLUGINS = [
    f"/usr/{folder}/docker/cli-plugins"
    for folder in ("local/lib", "local/libexec", "lib", "libexec")
]
BUILDX = shutil.which("docker-buildx", path=os.pathsep.join([os.environ["PATH"], *PLUGINS]))


def made(root: Path, catalog: Catalog, distribution: str, images: Iterable[str]) -> dict[str, Any]:
    recipe = Recipe(root, distribution, list(images))
    return bake_file(
        catalog,
        recipe.images,
        dockerfile=recipe.dockerfile(catalog),
        manifest=rootfs_manifest(catalog, distribution),
        arguments=ARGUMENTS,
        labels=LABELS,
        repository="registry.example/pbx",
    )


@pytest.fixture(params=["debian", "alpine"])
def distribution(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def file(root: Path, catalog: Catalog, distribution: str) -> dict[str, Any]:
    return made(root, catalog, distribution, catalog.images)


def read(text: str) -> str:
    """What bake makes of a text: all that it would replace is there to be taken literally."""
    assert not re.search(r"(?<!\$)\$\{|(?<!%)%\{", text)
    return text.replace("$${", "${").replace("%%{", "%{")


def test_bake_has_a_target_for_each_image_and_platform(
    file: dict[str, Any], catalog: Catalog
) -> None:
    assert file["group"]["default"]["targets"] == list(catalog.images)
    for image in catalog.images:
        target = file["target"]["_common"] | file["target"][image]
        assert target["target"] == image
        assert target["platforms"] == [m.platform for m in catalog.architectures.values()]


def test_bake_targets_have_known_keys_and_inherit_existing_targets(file: dict[str, Any]) -> None:
    assert file.keys() == {"variable", "group", "target"}
    for target in file["target"].values():
        assert target.keys() <= KEYS
        for other in target.get("inherits", ()):
            assert other in file["target"]
        for context in target.get("contexts", {}).values():
            assert context.removeprefix("target:") in file["target"]


def test_bake_has_the_dockerfile_of_the_factory(
    root: Path, catalog: Catalog, file: dict[str, Any], distribution: str
) -> None:
    text = Recipe(root, distribution, list(catalog.images)).dockerfile(catalog)
    assert read(file["target"]["_common"]["dockerfile-inline"]) == text
    stages = re.findall(r"^FROM \S+ AS (\S+)$", text, re.MULTILINE)
    for image in catalog.images:
        assert file["target"][image]["target"] in stages
    wanted = set(re.findall(r"^ARG (\w+)$", text, re.MULTILINE))
    assert file["target"]["_common"]["args"].keys() == wanted


def test_bake_replaces_the_manifest_stage(root: Path, catalog: Catalog) -> None:
    file = made(root, catalog, "debian", catalog.images)
    assert file["target"]["_common"]["contexts"] == {"manifest": "target:manifest"}
    assert "FROM $${NOTHING} AS manifest\n" in file["target"]["_common"]["dockerfile-inline"]
    stage = read(file["target"]["manifest"]["dockerfile-inline"])
    found = re.fullmatch(r"FROM scratch\nCOPY <<'END' /rootfs.json\n(.*)\nEND\n", stage, re.DOTALL)
    assert found is not None
    assert json.loads(found[1]) == rootfs_manifest(catalog, "debian")


def test_bake_without_assembled_roots_has_no_manifest(root: Path, catalog: Catalog) -> None:
    assert "manifest" not in made(root, catalog, "alpine", catalog.images)["target"]


def test_bake_tags_are_those_of_unproven_images(file: dict[str, Any], catalog: Catalog) -> None:
    for image in catalog.images:
        assert file["target"][image]["tags"] == [f"registry.example/pbx:{image}-unproven"]


def test_bake_targets_are_the_images_asked_for(root: Path, catalog: Catalog) -> None:
    file = made(root, catalog, "alpine", ["mini"])
    assert set(file["target"]) == {"_common", "mini"}
    assert file["group"]["default"]["targets"] == ["mini"]


@pytest.mark.skipif(BUILDX is None, reason="docker-buildx is not installed")
@pytest.mark.parametrize("cache", ["", "registry.example/pbx:cache"])
def test_bake_file_is_read_by_buildx(
    file: dict[str, Any], tmp_path: Path, catalog: Catalog, cache: str
) -> None:
    path = tmp_path / "bake.json"
    path.write_text(json.dumps(file))
    result = subprocess.run(
        [str(BUILDX), "bake", "-f", path, "--print"],
        env={**os.environ, "CACHE": cache, "RENEWED": "2026-W49", "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert result.returncode == 0, result.stderr
    targets = json.loads(result.stdout)["target"]
    assert set(targets) == set(file["target"]) - {"_common"}
    for image in catalog.images:
        target = targets[image]
        assert target["target"] == image
        assert target["args"] == ARGUMENTS | {"RENEWED": "2026-W49"}
        assert target["labels"] == LABELS
        assert bool(target.get("cache-to")) == bool(cache)
        inline = file["target"]["_common"]["dockerfile-inline"]
        assert read(target["dockerfile-inline"]) == read(inline)  # printed as it is written
