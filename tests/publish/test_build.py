"""`build.py --push`: nothing reaches the registry without the full gate, all of it with.

The checkout is a copy whose suites are one small test, so that the full gate takes seconds; all
else is the real thing, the quick gate with its calls among it.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import docker
import pytest

from factory.build.engine import Engine
from fixtures.registry import RegistryServer
from tests.conftest import ROOT

from .conftest import Login

pytestmark = pytest.mark.xdist_group("registry")  # one process, so that there is one registry

NAMES = {"mini", "mini-0.9.1", "mini-0.9", "mini-0"}
SUITE = """
from tests.pbx import Pbx

def test_boots(pbx: Pbx) -> None:
    assert "Asterisk 22" in pbx.asterisk("core show version")
"""
DEMANDING = """
    pbx.run("test -e /no/such/file")
"""


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of the checkout, with small suites."""
    copy = tmp_path / "checkout"
    copy.mkdir()
    for name in ("factory", "fixtures", "stages", "runtime", "tests"):
        # Of the tests all that conftest.py may load, and no suite.
        ignore = shutil.ignore_patterns("__pycache__", *(["test_*.py"] if name == "tests" else []))
        shutil.copytree(ROOT / name, copy / name, symlinks=True, ignore=ignore)
    for name in ("build.py", "pyproject.toml"):
        shutil.copy(ROOT / name, copy / name)
    return copy


@pytest.fixture
def repository(
    shared_registry: RegistryServer, path: str, client: docker.DockerClient, checkout: Path
) -> Iterator[str]:
    """A repository of the test's own; the image that was made for it is removed."""
    yield f"{shared_registry.address}/{path}"
    manifest = checkout / "build/mini/manifest.json"
    if manifest.exists():
        made = json.loads(manifest.read_text())["id"]
        client.images.remove(made, force=True, noprune=True)


def build(checkout: Path, repository: str, *more: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "build.py", "--tag", "mini", "--version", "0.9.1", "--push"]
    return subprocess.run(
        [*command, "--repo", repository, *more],
        cwd=checkout,
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )


def test_push_needs_the_full_gate(
    checkout: Path, registry: RegistryServer, repository: str, path: str, engine: Engine
) -> None:
    suite = checkout / "tests/image/test_small.py"
    suite.write_text(SUITE + DEMANDING)
    refused = build(checkout, repository)
    assert "error: mini: the full gate refuses: 1 failed" in refused.stderr
    assert refused.returncode == 5
    assert registry.tags(path) == {}
    assert f"PUT /v2/{path}" not in registry.log()
    assert engine.tags_of(repository) == {}

    suite.write_text(SUITE)
    pushed = build(checkout, repository)
    assert pushed.stderr == ""
    assert pushed.returncode == 0
    known = json.loads((checkout / "build/mini/manifest.json").read_text())
    assert "1 passed" in known["suites"]
    assert registry.tags(path) == dict.fromkeys(NAMES, known["id"])
    assert set(known["pushed"]) == {f"{repository}:{name}" for name in NAMES}
    assert len(set(known["pushed"].values())) == 1
    assert f"{repository}:mini-0.9.1 {known['pushed'][f'{repository}:mini']} is new" in (
        pushed.stdout
    )

    # A repeat runs no suite again, and sends nothing.
    repeated = build(checkout, repository)
    assert repeated.returncode == 0
    assert "has passed all suites: 1 passed" in repeated.stdout
    assert repeated.stdout.count(" was there") == len(NAMES)

    # What the registry has is the image, whole.
    for name in NAMES:
        engine.untag(repository, name)
    assert engine.pull(f"{repository}:mini-0.9.1") == known["id"]


def test_push_without_a_login_builds_nothing(
    checkout: Path, shared_registry: RegistryServer, repository: str, login: Login
) -> None:
    login("elsewhere.example", "me", "secret")
    result = build(checkout, repository)
    assert result.returncode == 6
    assert result.stderr == (
        f"error: {shared_registry.address} wants a login, and Docker has none for it\n"
        f"hint: log in first: docker login {shared_registry.address}\n"
    )
    assert not (checkout / "build/mini").exists()


@pytest.mark.usefixtures("registry")
def test_dry_run_shows_what_would_be_pushed_and_changes_nothing(
    checkout: Path, repository: str
) -> None:
    result = build(checkout, repository, "--dry-run")
    assert result.stderr == ""
    told = [line for line in result.stdout.splitlines() if line.startswith("push: ")]
    assert told == [
        f"push: {repository}:{name} would be new"
        for name in ("mini-0.9.1", "mini-0.9", "mini-0", "mini")
    ]
    assert not (checkout / "build").exists()
