"""The workflows of GitHub: what zizmor and their schema do not ask for."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from factory.plan.catalog import Catalog
from factory.plan.matrix import ci_matrix

PIN = re.compile(r"uses: ([\w./-]+)@([0-9a-f]{40}) # (v\d+\.\d+\.\d+)$")


WORKFLOWS = ("proof", "release", "endurance")


@pytest.fixture(params=WORKFLOWS)
def file(request: pytest.FixtureRequest, root: Path) -> Path:
    return root / ".github/workflows" / f"{request.param}.yml"


@pytest.fixture
def jobs(file: Path) -> dict[str, Any]:
    jobs: dict[str, Any] = yaml.safe_load(file.read_text())["jobs"]
    return jobs


def test_workflow_gives_no_right_to_all_jobs(file: Path, jobs: dict[str, Any]) -> None:
    assert "\npermissions: {}\n" in file.read_text()
    for name, job in jobs.items():
        assert job["permissions"]["contents"] == "read", name


def test_workflow_that_writes_is_the_release(root: Path) -> None:
    for name in set(WORKFLOWS) - {"release"}:
        assert ": write" not in (root / ".github/workflows" / f"{name}.yml").read_text()


def test_workflow_jobs_all_have_a_timeout(jobs: dict[str, Any]) -> None:
    for name, job in jobs.items():
        assert 0 < job["timeout-minutes"] <= 180, name


def test_workflow_actions_have_one_version_everywhere(root: Path) -> None:
    pins: dict[str, set[tuple[str, str]]] = {}
    files = list((root / ".github/workflows").glob("*.yml"))
    assert {file.stem for file in files} == set(WORKFLOWS)
    for file in files:
        for line in file.read_text().splitlines():
            if "uses:" in line:
                found = PIN.search(line)
                assert found is not None, line
                pins.setdefault(found[1], set()).add((found[2], found[3]))
    assert pins
    assert all(len(versions) == 1 for versions in pins.values())


@pytest.mark.parametrize("file", ["proof", "release"], indirect=True)
def test_workflow_asks_the_matrix_for_what_it_has(file: Path, catalog: Catalog) -> None:
    (entry, *_) = ci_matrix(catalog, ["mini"], ["debian"])["include"]
    asked = set(re.findall(r"\bmatrix\.(\w+)", file.read_text()))
    assert asked
    assert asked <= entry.keys()


@pytest.mark.parametrize("file", ["proof", "release"], indirect=True)
def test_workflow_builds_what_the_catalog_has(file: Path, jobs: dict[str, Any]) -> None:
    assert jobs["images"]["strategy"]["matrix"] == "${{ fromJSON(needs.plan.outputs.matrix) }}"
    assert jobs["images"]["runs-on"] == "${{ matrix.runner }}"
    assert "build.py --tag all" in file.read_text()


def test_workflow_endurance_runs_targets_of_make(root: Path) -> None:
    workflow = yaml.safe_load((root / ".github/workflows/endurance.yml").read_text())
    targets = workflow["jobs"]["endurance"]["strategy"]["matrix"]["target"]
    made = re.findall(r"^(\w+):", (root / "Makefile").read_text(), re.MULTILINE)
    assert targets
    assert set(targets) <= set(made)
