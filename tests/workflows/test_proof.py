"""The workflow `proof`, executed job by job."""

from __future__ import annotations

import json
import re

import docker
import pytest

from tests.workflows.act import GATED, Act, has_buildx, lines_of, needs_jq

LINT = "Proof/Lint and unit tests"


def test_job_lint_runs_linters_and_unit_tests(act: Act) -> None:
    said = act.run("push", "proof", "lint")
    assert lines_of(said, LINT, "linked the packages of") == [
        "linked the packages of requirements-dev.lock"
    ]
    assert lines_of(said, LINT, "Success: no issues found in ")
    assert re.search(r"\b\d+ passed in ", said)


@GATED
@pytest.mark.usefixtures("built")
def test_job_images_builds_and_proves_an_image_of_the_matrix(
    act: Act, repository: str, client: docker.DockerClient
) -> None:
    one = {"image": "mini", "distro": "debian", "arch": "amd64"}
    said = act.run("push", "proof", "images", matrix=one)
    (printed,) = re.findall(r"set-output:: matrix=(\{.*\})", said)
    assert one.items() <= json.loads(printed)["include"][0].items()
    evidence = act.artifacts / "evidence-mini-debian-amd64"
    known = json.loads((evidence / "mini/manifest.json").read_text())
    assert "1 passed" in known["suites"]
    assert client.images.get(f"{repository}:mini").id == known["id"]


@needs_jq
@pytest.mark.skipif(not has_buildx(), reason="docker has no plugin buildx; Debian's has none")
@GATED
@pytest.mark.usefixtures("built")
def test_job_bake_bakes_and_proves_the_images(act: Act, repository: str) -> None:
    said = act.run("push", "proof", "bake")
    assert f"{repository}:mini-unproven" in said
