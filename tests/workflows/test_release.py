"""The workflow `release`, executed against a registry of this machine.

act enforces no rights; tests/unit/test_workflows.py reads which job has which. This test shows that
the job that has them needs neither tests nor their packages.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import docker
import pytest

from factory.errors import PublishError
from fixtures.registry import RegistryServer, running_registry
from tests.pbx import LABELS
from tests.workflows.act import GATED, Act, has_buildx, lines_of, needs_jq
from tests.workflows.checkout import git

TAGS = {"mini", "mini-0.9.1", "mini-0.9", "mini-0"}


@pytest.fixture
def registry(client: docker.DockerClient, registry_image: str) -> Iterator[RegistryServer]:
    with running_registry(client, registry_image, LABELS) as server:
        yield server


@pytest.fixture
def docker_config(tmp_path: Path) -> Path:
    """Where `docker login` stores the login."""
    return tmp_path / "docker"


def push_archive(
    act: Act, docker_config: Path, repository: str, manifest: Path
) -> subprocess.CompletedProcess[str]:
    """Do once more what the job `push` does with its archive."""
    command = [sys.executable, ".github/release/push_archive.py"]
    command += ["--image", "mini", "--version", "v0.9.1", repository]
    command += [str(act.artifacts / "image-mini-amd64/image.tar"), str(manifest)]
    return subprocess.run(
        command,
        cwd=act.checkout,
        env={**os.environ, "PYTHONPATH": ".", "DOCKER_CONFIG": str(docker_config)},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


@GATED
@needs_jq
@pytest.mark.usefixtures("built")
def test_release_pushes_and_attests_what_was_proven(
    act: Act,
    repository: str,
    registry: RegistryServer,
    docker_config: Path,
    client: docker.DockerClient,
) -> None:
    git(act.checkout, "tag", "v0.9.1")
    said = act.run(
        "push",
        "release",
        "tags" if has_buildx() else "push",
        matrix={"image": "mini", "arch": "amd64"},
        payload={"ref": "refs/tags/v0.9.1"},
        environment={"REGISTRY": registry.address, "DOCKER_CONFIG": str(docker_config)},
        actor=registry.user,
        token=registry.password,
    )
    assert registry.password not in said
    path = f"{repository}-amd64"
    known = json.loads((act.artifacts / "evidence-mini-amd64/mini/manifest.json").read_text())
    assert "1 passed" in known["suites"]
    assert registry.tags(path) == dict.fromkeys(TAGS, known["id"])
    manifest = act.artifacts / "pushed-mini-amd64/manifest.json"
    pushed = json.loads(manifest.read_text())["pushed"]
    assert set(pushed) == {f"{registry.address}/{path}:{tag}" for tag in TAGS}
    (digest,) = set(pushed.values())
    subject = f"{registry.address}/{path}@{digest}"
    assert act.attestations[:2] == [f"provenance {subject}", f"sbom {subject}"]
    assert len(act.attestations) == 2 + has_buildx()

    # The job that pushed had nothing of the tests.
    (folders,) = lines_of(said, "Release/Push mini, amd64", "checked out:")
    assert "factory" in folders.split()
    assert not {"tests", "fixtures"} & set(folders.split())
    assert lines_of(said, "Release/Push mini, amd64", "linked the packages of") == [
        "linked the packages of requirements.lock"
    ]

    # On another machine, whose engine does not have the image, the archive gives the same image.
    for tag in client.images.get(known["id"]).tags:
        client.images.remove(tag, noprune=True)
    repeated = push_archive(act, docker_config, f"{registry.address}/{path}", manifest)
    assert (repeated.returncode, repeated.stdout) == (0, f"{digest}\n"), repeated.stderr
    assert repeated.stderr.count(" there\n") == len(TAGS)

    # An archive of any other image than the evidence names is refused.
    manifest.write_text(json.dumps({"image": "mini", "id": f"sha256:{'0' * 64}"}))
    elsewhere = f"{path}-elsewhere"
    refused = push_archive(act, docker_config, f"{registry.address}/{elsewhere}", manifest)
    assert (refused.returncode, refused.stdout) == (PublishError.status, "")
    assert f"image.tar has {known['id']}, not sha256:000" in refused.stderr
    assert registry.tags(elsewhere) == {}
