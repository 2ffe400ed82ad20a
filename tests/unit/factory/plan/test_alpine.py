"""The images on Alpine, which cannot be built everywhere: names of packages, and the Dockerfile."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from factory.plan.catalog import Catalog
from factory.plan.dockerfile import PYTHON_ROOT
from factory.plan.recipe import Recipe
from tests.unit.factory.plan.test_dockerfile import ParsedStage, parse


@pytest.fixture(scope="module")
def known(root: Path) -> dict[str, Any]:
    data: dict[str, Any] = yaml.safe_load((root / "stages/alpine-packages.yaml").read_text())
    return data


@pytest.fixture(scope="module")
def names(known: dict[str, Any]) -> set[str]:
    return {name for aport in known["aports"].values() for name in aport["packages"]}


@pytest.fixture(scope="module")
def text(root: Path, catalog: Catalog) -> str:
    return Recipe(root, "alpine", list(catalog.images)).dockerfile(catalog)


@pytest.fixture(scope="module")
def stages(text: str) -> dict[str, ParsedStage]:
    return {stage.name: stage for stage in parse(text)}


def test_alpine_package_names_have_a_source(known: dict[str, Any]) -> None:
    seen: list[str] = []
    for aport, entry in known["aports"].items():
        assert re.fullmatch(r"(main|community)/[a-z0-9-]+", aport)
        assert re.fullmatch(r"[0-9a-f]{40}", entry["commit"])
        seen += entry["packages"]
    assert len(seen) == len(set(seen))
    assert list(known["aports"]) == sorted(known["aports"])


def test_alpine_packages_of_components_exist(catalog: Catalog, names: set[str]) -> None:
    for component in catalog.components.values():
        wanted = component.settings.packages.get("alpine", {})
        assert wanted.keys() <= names, component.name
        assert set(wanted.values()) <= {"whole"}, component.name  # apk takes packages, not files


def test_alpine_packages_are_named_by_the_same_components(catalog: Catalog) -> None:
    for component in catalog.components.values():
        settings = component.settings
        if "debian" in settings.packages:
            assert settings.packages.get("alpine") or settings.wheels.get("alpine"), component.name


def test_alpine_images_have_their_packages_once(
    stages: dict[str, ParsedStage], catalog: Catalog
) -> None:
    for image in catalog.images:
        found: list[str] = []
        name = f"{image}-packages"
        while name in stages:
            found += re.findall(
                r"apk add --no-cache ([^;]+);", " ".join(stages[name].all_of("RUN"))
            )
            name = stages[name].base
        installed = " ".join(found).split()
        wanted = {
            package
            for component in catalog.components_of(image)
            for package in component.settings.packages.get("alpine", {})
        }
        assert sorted(installed) == sorted(wanted)


def test_alpine_stages_are_defined_before_use(text: str) -> None:
    known = {"${BASE}"}
    for stage in parse(text):
        assert stage.base in known
        sources = [copy.split()[0] for copy in stage.all_of("COPY") if copy.startswith("--from=")]
        assert {source.removeprefix("--from=") for source in sources} <= known
        known.add(stage.name)


def test_alpine_images_have_files_and_settings_as_on_debian(
    root: Path, catalog: Catalog, stages: dict[str, ParsedStage]
) -> None:
    debian = parse(Recipe(root, "debian", list(catalog.images)).dockerfile(catalog))
    for other in debian:
        if other.name in catalog.images:
            stage = stages[other.name]
            here, there = ([s for s in x.steps if s[0] != "ENV"] for x in (stage, other))
            assert here == there
            (here_env,), (there_env,) = stage.all_of("ENV"), other.all_of("ENV")
            assert here_env.replace(":/sbin:/bin ", " ") == there_env


def test_alpine_and_debian_have_the_same_user_ids(root: Path, catalog: Catalog, text: str) -> None:
    debian = Recipe(root, "debian", ["mini"]).dockerfile(catalog)
    assert "--uid 200 " in debian
    assert "--gid 200 " in debian
    assert "adduser -S -D -H -u 200 -G asterisk" in text
    assert "addgroup -S -g 200 asterisk" in text


def test_alpine_links_are_made_after_the_last_package(stages: dict[str, ParsedStage]) -> None:
    for name, stage in stages.items():
        runs = " ".join(stage.all_of("RUN"))
        if name.endswith("-root"):
            assert "/etc/asterisk=/srv/etc/asterisk" in runs
            assert "apk add" not in runs
        else:
            assert "/srv/" not in runs


def test_alpine_wheels_are_pinned_by_hash(stages: dict[str, ParsedStage], catalog: Catalog) -> None:
    assert stages["base-wheels"].all_of("RUN")
    (install,) = stages["base-wheels"].all_of("RUN")
    assert "--require-hashes" in install
    pinned = [w for c in catalog.components_of("base") for w in c.settings.wheels.get("alpine", ())]
    assert pinned
    for wheel in pinned:
        assert f"'{wheel}'" in install
    assert f"--from=base-wheels /wheels/ {PYTHON_ROOT}" in stages["base-packages"].all_of("COPY")
    assert "mini-wheels" not in stages


def test_alpine_wheels_have_the_versions_that_tests_use(root: Path, catalog: Catalog) -> None:
    lock = (root / "requirements-dev.lock").read_text()
    for component in catalog.components.values():
        for wheel in component.settings.wheels.get("alpine", ()):
            requirement, _, digest = wheel.partition(" --hash=")
            locked = re.search(
                rf"^{re.escape(requirement)} .*(\n    --hash.*)+", lock, re.MULTILINE
            )
            assert locked is not None, requirement
            assert digest in locked[0]


def test_alpine_mirror_is_written_before_it_is_used(root: Path, catalog: Catalog) -> None:
    mirror = "https://mirror.example/alpine"
    suite = catalog.distributions["alpine"].suite
    text = Recipe(root, "alpine", ["mini"], mirror=mirror).dockerfile(catalog)
    assert text.index(f"{mirror}/v{suite}/main") < text.index("apk add")
    assert f"{mirror}/v{suite}/community" in text
    assert text.index("/etc/apk/repositories") < text.index("apk add")
