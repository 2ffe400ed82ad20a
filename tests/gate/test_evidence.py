"""What is written down of a real image, and what `build.py --diff` says of two."""

from __future__ import annotations

import json
import subprocess
import sys

import docker
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from factory.build.engine import Engine
from factory.build.session import Session
from factory.console import Console
from factory.evidence.measure import measure
from factory.evidence.sbom import bill_of_materials
from factory.plan.catalog import Catalog
from factory.plan.recipe import Recipe
from tests.conftest import ROOT


def test_sbom_lists_the_packages_of_the_database(
    engine: Engine, client: docker.DockerClient, catalog: Catalog
) -> None:
    reference = f"{catalog.repository}:mini"
    quiet = Console(None, verbosity=-1)
    session = Session(engine, catalog, Recipe(ROOT, "debian", []), quiet)
    known = measure(session, "mini", reference)
    text = bill_of_materials(known, "debian", "forky")
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
    told = {
        (component["name"], component["version"])
        for component in json.loads(text)["components"]
        if component["bom-ref"].startswith("deb:")
    }
    listed = client.containers.run(
        reference,
        ["-W", "-f", "${Package} ${Version}\\n"],
        entrypoint="dpkg-query",
        network_mode="none",
        remove=True,
    )
    assert told == {tuple(line.split()) for line in listed.decode().splitlines()}
    with_licences = [package for package in known.packages.values() if package.licences]
    assert len(with_licences) > len(known.packages) / 2
    assert sum(known.size_by_component.values()) == sum(known.size_by_package.values())
    assert known.size_by_component["privatedial"] > 0


def diff(*images: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "build.py", "--quiet", "--diff", *images]
    return subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=300
    )


def test_diff_says_what_base_adds_to_mini(catalog: Catalog) -> None:
    result = diff(f"{catalog.repository}:mini", f"{catalog.repository}:base")
    assert result.stderr == ""
    lines = result.stdout.splitlines()
    assert any(line.startswith("+ python3 ") for line in lines)
    assert not any(line.startswith("- ") for line in lines)
    (autoban,) = (line.split() for line in lines if line.startswith("autoban "))
    assert autoban[1] == "0.000"
    assert float(autoban[2]) > 0
    (core,) = (line.split() for line in lines if line.startswith("core "))
    assert float(core[1]) > 1  # with its packages, also where no distribution is named


def test_diff_of_a_missing_image_is_one_line(catalog: Catalog) -> None:
    result = diff(f"{catalog.repository}:mini", "no-such-image")
    assert result.stderr == "error: the engine has no image no-such-image\n"
    assert result.returncode == 3
