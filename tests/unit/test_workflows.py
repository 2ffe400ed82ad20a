"""The workflows of GitHub: rules that zizmor and the schema lack. tests/workflows executes them."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from factory.plan.catalog import Catalog
from factory.plan.matrix import ci_matrix

PIN = re.compile(r"uses: ([\w./-]+)@([0-9a-f]{40}) # (v\d+\.\d+\.\d+)$")
TESTS = re.compile(r"requirements-dev\.lock|\bmake\b|\bpytest\b|\bbuild\.py\b")
"""What a job runs that builds, proves, or has packages of tests."""

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


def may_write(job: dict[str, Any]) -> bool:
    return "write" in job["permissions"].values()


def test_job_that_may_push_or_sign_runs_no_tests(root: Path) -> None:
    jobs = yaml.safe_load((root / ".github/workflows/release.yml").read_text())["jobs"]
    for name, job in jobs.items():
        if not may_write(job):
            assert job["permissions"] == {"contents": "read"}, name
            assert "environment" not in job, name
            assert "token" not in str(job), name
            continue
        assert job["environment"] == "release", name
        for step in job["steps"]:
            assert not TESTS.search(step.get("run", "")), (name, step)
            if step.get("uses", "").startswith("actions/checkout@"):
                folders = step["with"]["sparse-checkout"].split()
                assert folders, name
                assert not {"tests", "fixtures", "bench"} & set(folders), name
    assert {name for name, job in jobs.items() if may_write(job)} == {"push", "tags"}


def test_nothing_is_pushed_before_all_images_are_proven(root: Path) -> None:
    jobs = yaml.safe_load((root / ".github/workflows/release.yml").read_text())["jobs"]
    assert "images" in jobs["push"]["needs"]
    assert "push" in jobs["tags"]["needs"]
    (build,) = (step["run"] for step in jobs["images"]["steps"] if "build.py" in str(step))
    assert "--gate full" in build
    assert "--push" not in build


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
