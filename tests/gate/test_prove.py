"""`build.py --prove REF`: what it says, and its exit status."""

from __future__ import annotations

import subprocess
import sys

import docker

from factory.plan.catalog import Catalog
from tests.conftest import ROOT

from .conftest import Build


def prove(reference: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "build.py", "--quiet", "--prove", reference]
    return subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=600
    )


def test_prove_accepts_a_working_image(catalog: Catalog) -> None:
    reference = f"{catalog.repository}:mini"
    result = prove(reference)
    assert result.stderr == ""
    assert result.stdout.startswith(f"{reference} ")
    assert result.stdout.endswith(" is proven\n")
    assert result.returncode == 0


def test_prove_refuses_a_broken_image_in_one_line(
    catalog: Catalog, build: Build, client: docker.DockerClient
) -> None:
    image = build(f"{catalog.repository}:full", "RUN rm /usr/lib/asterisk/modules/codec_alaw.so")
    result = prove(image)
    assert result.stdout == ""
    assert result.stderr == (
        "error: the gate refuses: runs its modules: modules not loaded: codec_alaw.so\n"
    )
    assert result.returncode == 5
    assert client.containers.list(all=True, filters={"ancestor": image}) == []


def test_prove_reports_a_missing_image(catalog: Catalog) -> None:
    result = prove(f"{catalog.repository}:no-such-image")
    assert f"error: there is no image {catalog.repository}:no-such-image\n" in result.stderr
    assert result.returncode == 3


def test_prove_refuses_an_image_of_something_else(build: Build, base: str) -> None:
    result = prove(build(base, 'CMD ["sleep", "infinity"]'))
    assert result.stderr == (
        "error: the gate refuses: becomes healthy: the image has no health check\n"
    )
    assert result.returncode == 5


def test_build_without_packages_has_status_4() -> None:
    """The mirror is a port of this machine where nothing listens."""
    command = ["--tag", "mini", "--no-gate", "--quiet", "--mirror", "http://127.0.0.1:9"]
    result = subprocess.run(
        [sys.executable, "build.py", "--repo", "tests-status", *command],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    assert "127.0.0.1:9" in result.stderr
    assert result.returncode == 4
