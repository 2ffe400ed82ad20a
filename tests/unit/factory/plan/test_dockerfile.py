"""The Dockerfile and the manifest of the roots, as they come from the project's own catalog."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from rootfs.manifest import parse_manifest

from factory.plan.catalog import Catalog
from factory.plan.dockerfile import PACKAGES_STAGE, RELEASE_FILE, rootfs_manifest
from factory.plan.load import load_catalog
from factory.plan.recipe import Recipe
from factory.plan.snapshot import Snapshot

MIRROR = "http://mirror.example/debian"


load_once = cache(load_catalog)


@dataclass
class ParsedStage:
    """A stage as an engine reads it: instructions of one line each."""

    name: str
    base: str
    steps: list[tuple[str, str]] = field(default_factory=list)

    def all_of(self, instruction: str) -> list[str]:
        return [rest for word, rest in self.steps if word == instruction]


def parse(dockerfile: str) -> list[ParsedStage]:
    lines = (line for line in dockerfile.splitlines() if not line.lstrip().startswith("#"))
    stages: list[ParsedStage] = []
    for line in "\n".join(lines).replace("\\\n", " ").splitlines():
        words = line.split()
        if words[:1] == ["FROM"]:
            stages.append(ParsedStage(name=words[3], base=words[1]))
        elif words and stages:
            stages[-1].steps.append((words[0], " ".join(words[1:])))
    return stages


def manifest_of(catalog: Catalog, distribution: str) -> dict[str, Any]:
    manifest = rootfs_manifest(catalog, distribution)
    assert manifest is not None
    return manifest


def rendered(root: Path, *images: str, mirror: str = "") -> str:
    catalog = load_once(root)
    return Recipe(root, "debian", images or list(catalog.images), mirror=mirror).dockerfile(catalog)


@pytest.fixture(scope="module")
def stages(root: Path) -> dict[str, ParsedStage]:
    return {stage.name: stage for stage in parse(rendered(root))}


def files_of(stages: dict[str, ParsedStage], image: str) -> str:
    """What is copied from the checkout into an image."""
    return " ".join(stages[f"{image}-files"].all_of("COPY")) if f"{image}-files" in stages else ""


def test_dockerfile_puts_the_projects_files_into_one_layer(stages: dict[str, ParsedStage]) -> None:
    for name in ("mini", "base", "xtra"):
        assert stages[name].all_of("COPY") == [f"--from={name}-files /files/ /"]


def test_dockerfile_copies_the_projects_files_after_the_last_package(root: Path) -> None:
    stages = parse(rendered(root))
    shipped = [stage for stage in stages if stage.name != "corrections"]  # which ships a package
    steps = [step for stage in shipped for step in stage.steps]
    last_run = max(
        i for i, (word, text) in enumerate(steps) if word == "RUN" and "touch" not in text
    )
    first_own = min(
        i for i, step in enumerate(steps) if step[0] == "COPY" and "runtime/" in step[1]
    )
    assert last_run < first_own


def test_dockerfile_of_an_image_holds_its_parents_alone(root: Path) -> None:
    names = {stage.name for stage in parse(rendered(root, "mini"))}
    assert {"mini", "packages", "roots"} <= names
    assert not [name for name in names if name.startswith(("xtra", "full", "base-"))]
    assert {stage.name for stage in parse(rendered(root, "full"))} >= {"mini", "base", "full"}


def test_dockerfile_renews_the_package_lists_with_the_base(stages: dict[str, ParsedStage]) -> None:
    steps = stages[PACKAGES_STAGE].steps
    fetched = [i for i, (_, text) in enumerate(steps) if "apt-get update" in text]
    assert [steps[i - 1] for i in fetched] == [("ARG", "RENEWED")]
    assert f"> {RELEASE_FILE}" in steps[fetched[0]][1]


def test_dockerfile_installs_the_same_packages_for_every_image(root: Path) -> None:
    mini, xtra = parse(rendered(root, "mini")), parse(rendered(root, "xtra"))
    assert mini[:2] == xtra[:2]


def test_dockerfile_has_a_mirror_only_if_given(root: Path) -> None:
    assert "sources.list" not in rendered(root)
    with_mirror = rendered(root, mirror=MIRROR)
    suite = load_once(root).distributions["debian"].suite
    assert f"'deb {MIRROR} {suite} main'" in with_mirror
    steps = parse(with_mirror)[0].steps
    source, update = (
        next(i for i, step in enumerate(steps) if text in step[1])
        for text in (MIRROR, "apt-get update")
    )
    assert source < update


def test_dockerfile_builds_from_a_snapshot(root: Path) -> None:
    catalog = load_once(root)
    debian = catalog.distributions["debian"]
    snapshot = Snapshot.of(debian, "20261120T000000Z")
    recipe = Recipe(root, "debian", list(catalog.images), snapshot=snapshot)
    text = recipe.dockerfile(catalog)
    source = f"deb [check-valid-until=no] {snapshot.url} {debian.suite} main"
    assert text.index(source) < text.index("apt-get update")


def test_dockerfile_does_not_depend_on_the_order_asked_for(root: Path) -> None:
    assert rendered(root, "mini", "full") == rendered(root, "full", "mini")
    assert rendered(root, "full") == rendered(root, "full", "full")


@pytest.fixture
def made_up(root: Path, tmp_path: Path) -> Path:
    """A copy of the checkout with one more component folder, which no image has yet."""
    for folder in ("stages", "runtime"):
        ignore = shutil.ignore_patterns("__pycache__")
        shutil.copytree(root / folder, tmp_path / folder, symlinks=True, ignore=ignore)
    greeting = tmp_path / "runtime/pbx/greeting"
    (greeting / "bin").mkdir(parents=True)
    (greeting / "bin/greet").write_text("#!/bin/sh\necho hello\n")
    (greeting / "greeter.py").write_text('"""Greets."""\n')
    (greeting / "words").mkdir()
    (greeting / "words/hello.py").write_text('"""Says hello."""\n')
    settings = {
        "summary": "Greets callers",
        "packages": {"debian": {"figlet": "whole"}},
        "imports": ["greetings"],
        "environment": {"GREETING": "good day"},
        "listeners": [{"port": 7777, "protocol": "udp"}],
        "persist": ["/var/lib/greeting"],
    }
    (greeting / "component.yaml").write_text(yaml.safe_dump(settings))
    return tmp_path


def edit_images(checkout: Path, edit: Callable[[dict[str, Any]], None]) -> None:
    file = checkout / "stages/images.yaml"
    data = yaml.safe_load(file.read_text())
    edit(data["images"])
    file.write_text(yaml.safe_dump(data, sort_keys=False))


def more(parent: str, root: str, *components: str) -> dict[str, Any]:
    return {
        "title": "One more",
        "parent": parent,
        "root": root,
        "components": list(components),
        "budget": {"uncompressed": 200, "compressed": 90},
    }


def test_dockerfile_gets_a_new_component_by_a_folder_and_a_word(made_up: Path) -> None:
    edit_images(made_up, lambda images: images["full"]["components"].append("greeting"))
    stages = {stage.name: stage for stage in parse(rendered(made_up))}
    for image, has in {"mini": False, "base": False, "full": True, "xtra": True}.items():
        copied = files_of(stages, image)
        environment = " ".join(stages[image].all_of("ENV"))
        assert ("runtime/pbx/greeting/bin/" in copied) == has
        assert ("runtime/pbx/greeting/*.py" in copied) == has
        assert ("runtime/pbx/greeting/words/*.py" in copied) == has
        assert ('GREETING="good day"' in environment) == has
        assert ("7777/udp" in " ".join(stages[image].all_of("EXPOSE"))) == has
        assert ("/var/lib/greeting" in environment) == has
    assert any("figlet" in line for line in stages["packages"].all_of("RUN"))
    manifest = parse_manifest(manifest_of(load_once(made_up), "debian"))
    full = next(image for image in manifest.images if image.name == "full")
    assert full.packages["figlet"] == ("*",)
    assert full.imports == ("greetings",)
    assert full.links["/var/lib/greeting"] == "/srv/var/lib/greeting"


@pytest.mark.parametrize("kind", ["assembled", "distribution"])
def test_dockerfile_gets_a_new_image_by_a_line(made_up: Path, kind: str) -> None:
    edit_images(made_up, lambda images: images.update(hello=more("full", kind, "greeting")))
    stages = {stage.name: stage for stage in parse(rendered(made_up, "hello"))}
    assert stages["hello"].base == "hello-root"
    assert stages["hello-root"].base == ("full-root" if kind == "assembled" else "${NOTHING}")
    where = stages["packages" if kind == "assembled" else "hello-packages"]
    assert any("figlet" in line for line in where.all_of("RUN"))
    assert "xtra" not in stages


def test_distribution_image_needs_no_packages_of_its_own(made_up: Path) -> None:
    (made_up / "runtime/pbx/greeting/component.yaml").write_text("summary: Greets callers\n")
    edit_images(
        made_up, lambda images: images.update(hello=more("full", "distribution", "greeting"))
    )
    stages = {stage.name: stage for stage in parse(rendered(made_up, "hello"))}
    assert stages["hello-packages"].steps == []
    assert "SOURCE_DATE_EPOCH" in stages["hello-finished"].all_of("ARG")


def test_correction_is_compiled_in_a_stage_of_its_own(
    root: Path, stages: dict[str, ParsedStage], catalog: Catalog
) -> None:
    compiled, corrections = stages["corrections"], catalog.components["audio"].settings.corrections
    for module, packages in corrections["debian"].items():
        assert set(packages) <= set(compiled.all_of("RUN")[0].split())
        assert f"patches/{module}.patch" in " ".join(compiled.all_of("COPY"))
        assert not any(package in rendered(root).split("AS installed")[1] for package in packages)
    assert compiled.base == stages["installed"].base == "packages"
    assert {stages[name].base for name in ("roots", "xtra-packages")} == {"installed"}


def test_correction_stage_is_missing_without_corrections(made_up: Path) -> None:
    for file in (made_up / "runtime/pbx").glob("*/component.yaml"):
        data = yaml.safe_load(file.read_text())
        data.pop("corrections", None)
        file.write_text(yaml.safe_dump(data))
    stages = {stage.name: stage for stage in parse(rendered(made_up))}
    assert not {"corrections", "installed"} & stages.keys()
    assert stages["roots"].base == "packages"
