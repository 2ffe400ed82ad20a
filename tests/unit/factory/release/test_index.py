"""Joining images of several machines: what belongs together, and what must not change."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from factory.errors import FactoryError
from factory.release.index import Index, exact, plan_index

REPOSITORY = "registry.example:5000/pbx"


def pushed(arch: str, digest: str, *tags: str, image: str = "full") -> dict[str, Any]:
    where = f"{REPOSITORY}-{arch}"
    return {
        "image": image,
        "architecture": arch,
        "pushed": {f"{where}:{tag}": f"sha256:{digest * 64}" for tag in tags},
    }


def test_index_has_the_tags_of_its_images() -> None:
    index = plan_index(
        REPOSITORY,
        [pushed("arm64", "b", "full", "full-1.2.3"), pushed("amd64", "a", "full-1.2.3", "full")],
    )
    assert index == Index(
        tags=(f"{REPOSITORY}:full", f"{REPOSITORY}:full-1.2.3"),
        parts=(
            f"{REPOSITORY}-amd64@sha256:{'a' * 64}",
            f"{REPOSITORY}-arm64@sha256:{'b' * 64}",
        ),
    )


@pytest.mark.parametrize(
    ("manifests", "cause"),
    [
        ([], "one index is of one image, not of none"),
        ([pushed("amd64", "a")], "full on amd64 was not pushed to one place as one image"),
        (
            [{**pushed("amd64", "a"), "pushed": {"a:1": "sha256:1", "a:2": "sha256:2"}}],
            "full on amd64 was not pushed",
        ),
        ([pushed("amd64", "a", "full")] * 2, "full on amd64 is given twice"),
        (
            [pushed("amd64", "a", "full", "latest"), pushed("arm64", "b", "full")],
            "not all of full on amd64, full on arm64 have the same tags",
        ),
        (
            [pushed("amd64", "a", "x"), pushed("arm64", "b", "x", image="mini")],
            "one index is of one image, not of full on amd64, mini on arm64",
        ),
    ],
)
def test_index_refuses_images_that_do_not_belong_together(
    manifests: list[dict[str, Any]], cause: str
) -> None:
    with pytest.raises(FactoryError) as caught:
        plan_index(REPOSITORY, manifests)
    assert caught.value.cause.startswith(cause)
    assert caught.value.hint


def test_index_knows_exact_versions() -> None:
    names = [
        "1",
        "1.2",
        "1.2.3",
        "1.2.3-rc.1",
        "full",
        "full-1",
        "full-1.2",
        "full-1.2.3",
        "latest",
    ]
    found = exact(f"{REPOSITORY}:{name}" for name in names)
    assert [tag.rpartition(":")[2] for tag in found] == ["1.2.3", "1.2.3-rc.1", "full-1.2.3"]


def run(root: Path, *arguments: str, path: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "factory.release.index", *arguments],
        cwd=root,
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_index_error_for_no_manifest_is_one_line(root: Path, tmp_path: Path) -> None:
    for content in (None, "{", "[]", '{"image": "full"}'):
        file = tmp_path / "some.json"
        if content is not None:
            file.write_text(content)
        result = run(root, REPOSITORY, str(file), path=os.environ["PATH"])
        assert (result.returncode, result.stdout) == (1, "")
        assert result.stderr.startswith(f"error: {file} is no manifest of what was pushed: ")
        assert result.stderr.splitlines()[1].startswith("hint: ")
    assert run(root, REPOSITORY, path=os.environ["PATH"]).returncode == 2


def test_index_error_without_docker_is_one_line(root: Path, tmp_path: Path) -> None:
    file = tmp_path / "manifest.json"
    file.write_text(json.dumps(pushed("amd64", "a", "full")))
    result = run(root, REPOSITORY, str(file), path=str(tmp_path))
    assert (result.returncode, result.stdout) == (1, "")
    assert result.stderr.startswith("error: there is no docker command\nhint: ")
