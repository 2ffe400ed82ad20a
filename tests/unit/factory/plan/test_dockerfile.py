"""The Dockerfile and the manifest of the roots, as they come from the project's own catalog."""

import copy
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from rootfs.manifest import parse_manifest

from factory.plan.catalog import Catalog
from factory.plan.dockerfile import MANIFEST_PATH, PACKAGES_STAGE, RELEASE_FILE, rootfs_manifest
from factory.plan.load import load_catalog
from factory.plan.recipe import Recipe
from factory.plan.snapshot import Snapshot

INSTRUCTIONS = {
    *("ARG", "COPY", "ENTRYPOINT", "ENV", "EXPOSE", "HEALTHCHECK", "LABEL"),
    *("RUN", "SHELL", "VOLUME", "WORKDIR"),
}
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


def test_dockerfile_has_a_stage_for_each_image(
    stages: dict[str, ParsedStage], catalog: Catalog
) -> None:
    for image in catalog.images:
        stage = stages[image]
        assert stage.all_of("ENTRYPOINT") == ['["tini", "--", "entrypoint"]']
        assert len(stage.all_of("HEALTHCHECK")) == 1
        assert stage.steps[-1][0] == "LABEL"
        assert f'title="Asterisk PBX ({image})"' in stage.steps[-1][1]
        assert "RUN" not in dict(stage.steps)


def test_dockerfile_puts_the_projects_files_into_one_layer(stages: dict[str, ParsedStage]) -> None:
    for name in ("mini", "base", "xtra"):
        assert stages[name].all_of("COPY") == [f"--from={name}-files /files/ /"]


def test_dockerfile_stages_are_defined_before_use(root: Path) -> None:
    known = {"${NOTHING}", "${BASE}"}
    for stage in parse(rendered(root)):
        assert stage.name not in known
        assert stage.base in known
        sources = [copy.split()[0] for copy in stage.all_of("COPY") if copy.startswith("--from=")]
        assert {source.removeprefix("--from=") for source in sources} <= known
        known.add(stage.name)


def test_dockerfile_lines_begin_with_instructions(root: Path) -> None:
    for stage in parse(rendered(root, mirror=MIRROR)):
        assert {word for word, _ in stage.steps} <= INSTRUCTIONS


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


def test_dockerfile_copies_no_python_into_mini(stages: dict[str, ParsedStage]) -> None:
    assert not [line for line in stages["mini-files"].all_of("COPY") if ".py" in line]
    assert [line for line in stages["base-files"].all_of("COPY") if ".py" in line]


def test_dockerfile_copies_the_files_of_each_images_components(
    stages: dict[str, ParsedStage], catalog: Catalog
) -> None:
    for image in catalog.images:
        copied = files_of(stages, image)
        for component in catalog.components_of(image):
            for name in ("bin", "config", "service", "health.d", "entrypoint.d"):
                has = any(file.startswith(f"{name}/") for file in component.files)
                assert has == (f"runtime/pbx/{component.name}/{name}/" in copied)


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


def test_dockerfile_is_the_same_in_every_process(root: Path) -> None:
    program = (
        "import json, pathlib; from factory.plan.recipe import Recipe;"
        "from factory.plan.load import load_catalog;"
        "from factory.plan.dockerfile import rootfs_manifest;"
        "root = pathlib.Path.cwd(); catalog = load_catalog(root);"
        "print(Recipe(root, 'debian', list(catalog.images)).dockerfile(catalog));"
        "print(json.dumps(rootfs_manifest(catalog, 'debian')))"
    )
    output = subprocess.run(
        [sys.executable, "-c", program],
        cwd=root,
        env={**os.environ, "PYTHONHASHSEED": "1"},
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    manifest = json.dumps(rootfs_manifest(load_once(root), "debian"))
    assert output == f"{rendered(root)}\n{manifest}\n"


def test_dockerfile_does_not_depend_on_the_order_asked_for(root: Path) -> None:
    assert rendered(root, "mini", "full") == rendered(root, "full", "mini")
    assert rendered(root, "full") == rendered(root, "full", "full")


def test_dockerfile_copies_what_is_in_the_checkout(root: Path) -> None:
    lines = [line for stage in parse(rendered(root)) for line in stage.all_of("COPY")]
    sources = {
        source for line in lines if not line.startswith("--") for source in line.split()[:-1]
    }
    assert MANIFEST_PATH in sources
    for source in sources - {MANIFEST_PATH}:
        assert list(root.glob(source)), source


def test_dockerfile_copies_several_sources_into_a_folder(root: Path) -> None:
    for stage in parse(rendered(root)):
        for line in stage.all_of("COPY"):
            if len(line.split()) > 2:
                assert line.endswith("/")


def test_manifest_holds_all_assembled_images_and_is_accepted(catalog: Catalog) -> None:
    manifest = parse_manifest(manifest_of(catalog, "debian"))
    assembled = [name for name, image in catalog.images.items() if image.root == "assembled"]
    assert [image.name for image in manifest.images] == assembled
    assert [image.busybox_links for image in manifest.images] == [True] + [False] * (
        len(assembled) - 1
    )


def test_manifest_links_what_is_kept_to_where_it_is_kept(catalog: Catalog) -> None:
    manifest = parse_manifest(manifest_of(catalog, "debian"))
    for image in manifest.images:
        for name in catalog.images[image.name].components:
            for path in catalog.components[name].settings.persist:
                elsewhere = catalog.components[name].settings.links  # which lead there in turn
                assert image.links[path] == elsewhere.get(path, f"/srv{path}")


def test_manifest_leaves_the_catalog_unchanged(catalog: Catalog) -> None:
    before = copy.deepcopy(catalog)
    first = rootfs_manifest(catalog, "debian")
    assert rootfs_manifest(catalog, "debian") == first
    assert catalog == before


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


def test_component_needs_no_listeners_and_packages(made_up: Path) -> None:
    (made_up / "runtime/pbx/greeting/component.yaml").write_text("summary: Greets callers\n")
    edit_images(made_up, lambda images: images.update(hello=more("full", "assembled", "greeting")))
    stages = {stage.name: stage for stage in parse(rendered(made_up))}
    assert stages["hello"].all_of("EXPOSE") == stages["full"].all_of("EXPOSE")


def test_distribution_image_needs_no_packages_of_its_own(made_up: Path) -> None:
    (made_up / "runtime/pbx/greeting/component.yaml").write_text("summary: Greets callers\n")
    edit_images(
        made_up, lambda images: images.update(hello=more("full", "distribution", "greeting"))
    )
    stages = {stage.name: stage for stage in parse(rendered(made_up, "hello"))}
    assert stages["hello-packages"].steps == []
    assert "SOURCE_DATE_EPOCH" in stages["hello-finished"].all_of("ARG")


def test_distribution_image_passes_its_packages_on(made_up: Path) -> None:
    edit_images(
        made_up, lambda images: images.update(hello=more("xtra", "distribution", "greeting"))
    )
    stages = {stage.name: stage for stage in parse(rendered(made_up, "hello"))}
    extra = sorted(load_once(made_up).components["extras"].settings.packages["debian"])
    below: list[str] = []
    name = "hello-packages"
    while name in stages:
        below += stages[name].all_of("RUN")
        name = stages[name].base
    installed = " ".join(below).split()
    assert set(extra) <= set(installed)


def correct_stasis(checkout: Path) -> None:
    """Lets the component `greeting`, which no image has yet, correct a module."""
    folder = checkout / "runtime/pbx/greeting"
    (folder / "patches").mkdir()
    (folder / "patches/app_stasis.patch").touch()
    (folder / "component.yaml").write_text(
        "summary: Greets callers\ncorrections: {debian: {app_stasis: [libedit-dev]}}\n"
    )
    edit_images(checkout, lambda images: images["full"]["components"].append("greeting"))


def test_correction_is_compiled_in_a_stage_of_its_own(made_up: Path) -> None:
    correct_stasis(made_up)
    stages = {stage.name: stage for stage in parse(rendered(made_up))}
    compiled = stages["corrections"]
    assert "libedit-dev" in compiled.all_of("RUN")[0].split()
    assert "runtime/pbx/greeting/patches/app_stasis.patch" in compiled.all_of("COPY")[0].split()
    assert compiled.base == "packages"
    assert stages["installed"].base == "packages"
    assert {stages[name].base for name in ("roots", "xtra-packages")} == {"installed"}
    assert "libedit-dev" not in rendered(made_up).split("AS installed")[1]


def test_correction_stage_is_missing_without_corrections(made_up: Path) -> None:
    for file in (made_up / "runtime/pbx").glob("*/component.yaml"):
        data = yaml.safe_load(file.read_text())
        data.pop("corrections", None)
        file.write_text(yaml.safe_dump(data))
    stages = {stage.name: stage for stage in parse(rendered(made_up))}
    assert not {"corrections", "installed"} & stages.keys()
    assert stages["roots"].base == "packages"


def test_image_without_listeners_exposes_nothing(made_up: Path) -> None:
    for file in (made_up / "runtime/pbx").glob("*/component.yaml"):
        data = yaml.safe_load(file.read_text())
        data.pop("listeners", None)
        file.write_text(yaml.safe_dump(data))
    assert all(all(stage.all_of("EXPOSE")) for stage in parse(rendered(made_up)))
