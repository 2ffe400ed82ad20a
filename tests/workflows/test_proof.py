"""The workflow `proof`, executed job by job."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import docker
import pytest

from tests.workflows.act import Act


def has_buildx() -> bool:
    """Return whether docker has its plugin buildx."""
    command = ["docker", "buildx", "version"]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


needs_buildx = pytest.mark.skipif(
    not has_buildx(), reason="docker has no plugin buildx here (Debian's docker.io has none)"
)


def test_job_lint_passes(act: Act) -> None:
    said = act.run("push", "proof", "lint")
    assert re.search(r"\d+ passed", said)
    assert "Job succeeded" in said


def test_job_plan_prints_the_matrix(act: Act) -> None:
    said = act.run("push", "proof", "plan")
    (printed,) = re.findall(r"matrix=(\{.*\})", said)
    assert {"mini", "base"} <= {entry["image"] for entry in json.loads(printed)["include"]}


def test_job_images_builds_and_proves_an_image(
    act: Act, images: None, repository: str, client: docker.DockerClient
) -> None:
    one = {"image": "mini", "distro": "debian", "arch": "amd64"}
    act.run("push", "proof", "images", matrix=one)
    manifest = act.artifacts / "evidence-mini-debian-amd64/mini/manifest.json"
    known = json.loads(manifest.read_text())
    assert "1 passed" in known["suites"]
    assert client.images.get(f"{repository}:mini").id == known["id"]


@needs_buildx
def test_job_bake_bakes_and_proves_the_images(act: Act, images: None, repository: str) -> None:
    said = act.run("push", "proof", "bake")
    assert f"{repository}:mini-unproven" in said
