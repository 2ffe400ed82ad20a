"""The catalog: the project's own loads, and what is wrong in a file is said with its place."""

import shutil
from pathlib import Path

import pytest
import yaml

from factory.errors import CatalogError
from factory.plan.catalog import Catalog, Component
from factory.plan.load import load_catalog

IMAGES = """\
repository: example/pbx
default: small
images:
  small:
    title: Small
    root: assembled
    components: [core]
    budget: {uncompressed: 10, compressed: 5}
  large:
    title: Large
    parent: small
    root: distribution
    components: [extra]
    budget: {uncompressed: 20, compressed: 10}
architectures:
  amd64: {platform: linux/amd64, runner: a-machine, gate: full}
distributions:
  debian:
    suite: forky
    pull: debian:{suite}-slim
    assembly:
      exclude: []
      include: []
      omit_dependencies: []
      parts_of_libraries: {}
      busybox_omit: []
      module_requires: {}
"""
CORE = """\
summary: The ground
packages:
  debian:
    busybox: whole
    libc6: ["*", "!*/libnsl.so*"]
environment:
  LEVEL: "4"
listeners:
  - {port: 5060, protocol: udp, sip: true}
  - port: 5061
    protocol: tls
persist:
  - /etc/pbx
directories:
  - {path: /run/pbx, mode: "1777"}
"""


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    (tmp_path / "stages").mkdir()
    (tmp_path / "stages/images.yaml").write_text(IMAGES)
    for name, text in (("core", CORE), ("extra", "summary: More\n")):
        (tmp_path / "runtime/pbx" / name).mkdir(parents=True)
        (tmp_path / "runtime/pbx" / name / "component.yaml").write_text(text)
    return tmp_path


def change(file: Path, old: str, new: str) -> str:
    before = file.read_text()
    assert before.count(old) == 1
    after = before.replace(old, new)
    file.write_text(after)
    return after


def complaint(checkout: Path) -> str:
    with pytest.raises(CatalogError) as caught:
        load_catalog(checkout)
    assert len(caught.value.cause.splitlines()) == 1
    return caught.value.cause


def names(components: tuple[Component, ...]) -> list[str]:
    return [component.name for component in components]


def test_the_projects_own_catalog_loads(catalog: Catalog) -> None:
    assert catalog.default in catalog.images
    assert list(catalog.images) == ["mini", "base", "full", "xtra", "debug"]
    assert catalog.usual_images == ("mini", "base", "full", "xtra")


def test_every_component_folder_is_in_an_image(catalog: Catalog, root: Path) -> None:
    folders = {file.parent.name for file in (root / "runtime/pbx").glob("*/component.yaml")}
    assert folders == set(catalog.components)


def test_every_named_distribution_is_in_the_catalog(catalog: Catalog) -> None:
    for component in catalog.components.values():
        assert set(component.settings.packages) <= set(catalog.distributions)


def test_lineage_begins_with_the_lowest(checkout: Path) -> None:
    catalog = load_catalog(checkout)
    assert catalog.lineage("small") == ("small",)
    assert catalog.lineage("large") == ("small", "large")


def test_components_of_the_parents_come_first(checkout: Path) -> None:
    catalog = load_catalog(checkout)
    assert names(catalog.components_of("small")) == ["core"]
    assert names(catalog.components_of("large")) == ["core", "extra"]


def test_each_image_has_all_components_of_what_it_stands_on(catalog: Catalog) -> None:
    for image, settings in catalog.images.items():
        assert catalog.lineage(image)[-1] == image
        if settings.parent:
            inherited = names(catalog.components_of(settings.parent))
            assert names(catalog.components_of(image)) == inherited + settings.components


def test_services_are_found_from_files(checkout: Path) -> None:
    folder = checkout / "runtime/pbx/core"
    for file in ("service/asterisk/run", "service/syslogd/run", "service/idle/down", "bin/run"):
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        (folder / file).touch()
    assert load_catalog(checkout).components["core"].services == ("asterisk", "syslogd")
    assert load_catalog(checkout).components["extra"].services == ()


def test_a_service_with_a_logger_is_named_once(checkout: Path) -> None:
    folder = checkout / "runtime/pbx/core/service/asterisk"
    (folder / "log").mkdir(parents=True)
    (folder / "run").touch()
    (folder / "log/run").touch()
    assert load_catalog(checkout).components["core"].services == ("asterisk",)


def test_files_are_sorted_and_without_byte_code(checkout: Path) -> None:
    folder = checkout / "runtime/pbx/extra"
    (folder / "__pycache__").mkdir()
    (folder / "__pycache__/more.pyc").touch()
    (folder / "more.py").touch()
    (folder / "dangling").symlink_to("nowhere")
    files = load_catalog(checkout).components["extra"].files
    assert files == ("component.yaml", "dangling", "more.py")


@pytest.mark.parametrize(
    ("old", "new", "at", "field"),
    [
        ("default: small", "default: small\ncolour: red", "colour", "colour"),
        ("title: Large", "title: Large\n    colour: red", "colour", "images.large.colour"),
        ("title: Small", "title: [Small]", "[Small]", "images.small.title"),
        ("    title: Small\n", "", "  small:", "images.small.title"),
        ("root: assembled", "root: floating", "floating", "images.small.root"),
        ("components: [core]", "components: []", "components: []", "images.small.components"),
        ("components: [core]", "components: core", "components: c", "images.small.components"),
        (
            "components: [core]",
            "components:\n      - core\n      - {extra: 1}",
            "- {extra: 1}",
            "images.small.components.1",
        ),
        ("uncompressed: 10,", "uncompressed: 0,", ": 0,", "images.small.budget.uncompressed"),
        (", compressed: 5", "", "uncompressed: 10}", "images.small.budget.compressed"),
        ("  small:\n", "  Small:\n", "  Small:", "images.Small.[key]"),
        ("repository: example/pbx", "repository: Example", "Example", "repository"),
        ("suite: forky", "suite: 14", "suite: 14", "distributions.debian.suite"),
        ("include: []", "include: {}", "include", "distributions.debian.assembly.include"),
    ],
)
def test_wrong_images_file_is_said_with_line_and_field(
    checkout: Path, old: str, new: str, at: str, field: str
) -> None:
    file = checkout / "stages/images.yaml"
    line = change(file, old, new).partition(at)[0].count("\n") + 1
    assert complaint(checkout).startswith(f"{file}:{line}: {field}: ")


@pytest.mark.parametrize(
    ("old", "new", "at", "field"),
    [
        ("summary: The ground", "summary: The ground\npackage: {}", "package:", "package"),
        ("summary: The ground", "# nothing", "packages:", "summary"),
        ("busybox: whole", "busybox: half", "busybox", "packages.debian.busybox"),
        ("busybox: whole", "busybox: [1]", "busybox", "packages.debian.busybox"),
        ('LEVEL: "4"', "LEVEL: 4", "LEVEL", "environment.LEVEL"),
        ("port: 5061", "port: 70000", "port: 70000", "listeners.1.port"),
        ("port: 5061", "port: sip", "port: sip", "listeners.1.port"),
        ("protocol: tls", "protocol: sctp", "protocol: sctp", "listeners.1.protocol"),
        ("- /etc/pbx", "- etc/pbx", "- etc/pbx", "persist.0"),
        ("- /etc/pbx", "- /etc/p b x", "- /etc/p b x", "persist.0"),
        ('"1777"', '"999"', "- {path: /run", "directories.0.mode"),
        ('"1777"', "1777", "- {path: /run", "directories.0.mode"),
    ],
)
def test_wrong_component_file_is_said_with_line_and_field(
    checkout: Path, old: str, new: str, at: str, field: str
) -> None:
    file = checkout / "runtime/pbx/core/component.yaml"
    line = change(file, old, new).partition(at)[0].count("\n") + 1
    assert complaint(checkout).startswith(f"{file}:{line}: {field}")


@pytest.mark.parametrize("text", ["", "# nothing yet\n", "[]\n", "just words\n"])
def test_a_file_that_is_no_mapping_is_wrong_as_a_whole(checkout: Path, text: str) -> None:
    file = checkout / "runtime/pbx/extra/component.yaml"
    file.write_text(text)
    assert complaint(checkout).startswith(f"{file}:1: the file: ")


@pytest.mark.parametrize(
    ("text", "line"),
    [
        pytest.param("summary: More\nimports: [a\n", 3, id="bracket left open"),
        pytest.param("summary: More\n\timports: []\n", 2, id="tab"),
        pytest.param("summary: More\npersist: *there\n", 2, id="alias of nothing"),
        pytest.param("summary: More\nlinks: !!python/none x\n", 2, id="unknown tag"),
        pytest.param("summary: More\n---\nsummary: Even more\n", 2, id="two documents"),
        pytest.param("summary: More\nlinks:\n  ? [a]\n  : b\n", 3, id="list as a key"),
    ],
)
def test_what_is_not_yaml_is_said_with_its_line(checkout: Path, text: str, line: int) -> None:
    file = checkout / "runtime/pbx/extra/component.yaml"
    file.write_text(text)
    assert complaint(checkout).startswith(f"{file}:{line}: not YAML: ")


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(b"summary: caf\xe9\n", id="not UTF-8"),
        pytest.param(b"summary: a\x01b\n", id="control character"),
        pytest.param(b"summary: 2024-13-45\n", id="impossible date"),
    ],
)
def test_what_no_reader_of_yaml_takes_is_a_catalog_error(checkout: Path, text: bytes) -> None:
    file = checkout / "runtime/pbx/extra/component.yaml"
    file.write_bytes(text)
    assert complaint(checkout).startswith(f"{file}:1: ")


def test_a_key_given_twice_is_wrong(checkout: Path) -> None:
    file = checkout / "stages/images.yaml"
    change(file, "  large:\n", "  small:\n")
    assert complaint(checkout).startswith(f"{file}:9: ")


def test_missing_images_file(tmp_path: Path) -> None:
    path = tmp_path / "stages/images.yaml"
    assert complaint(tmp_path) == f"{path}: No such file or directory"


def test_missing_component_file(checkout: Path) -> None:
    path = checkout / "runtime/pbx/extra/component.yaml"
    path.unlink()
    assert complaint(checkout) == f"{path}: No such file or directory"


def test_a_correction_without_its_patch(checkout: Path) -> None:
    path = checkout / "runtime/pbx/extra/component.yaml"
    path.write_text("summary: More\ncorrections:\n  debian:\n    chan_console: []\n")
    patch = path.parent / "patches/chan_console.patch"
    assert complaint(checkout) == f"{path}:4: there is no {patch}"


REFERENCES = [
    pytest.param(
        "components: [extra]",
        "components: [extra, ghost]",
        "component 'ghost' has no folder",
        id="component without a folder",
    ),
    pytest.param(
        "parent: small", "parent: huge", "image 'large' stands on 'huge'", id="unknown parent"
    ),
    pytest.param(
        "parent: small", "parent: large", "image 'large' stands on 'large'", id="its own parent"
    ),
    pytest.param(
        "title: Small",
        "title: Small\n    parent: large",
        "image 'small' stands on 'large', which is not listed before it",
        id="parent listed after",
    ),
    pytest.param(
        "root: assembled\n    components: [core]",
        "root: distribution\n    components: [core]",
        "image 'large' is assembled but stands on",
        id="assembled on a distribution",
    ),
    pytest.param(
        "title: Small",
        "title: Small\n    optional: true",
        "image 'large' stands on 'small', which is optional",
        id="on an optional one",
    ),
    pytest.param(
        "default: small", "default: huge", "default image 'huge' is not among", id="default"
    ),
]


def refer_wrongly(checkout: Path, old: str, new: str, said: str) -> Path:
    file = checkout / "stages/images.yaml"
    if "assembled but" in said:
        change(file, "parent: small\n    root: distribution", "parent: small\n    root: assembled")
        text = file.read_text().replace(old, new, 1)
        file.write_text(text)
    else:
        change(file, old, new)
    return file


@pytest.mark.parametrize(("old", "new", "said"), REFERENCES)
def test_wrong_reference_names_file_and_image(
    checkout: Path, old: str, new: str, said: str
) -> None:
    file = refer_wrongly(checkout, old, new, said)
    cause = complaint(checkout)
    assert cause.startswith(f"{file}:")
    assert said in cause


@pytest.mark.parametrize(("old", "new", "said"), REFERENCES)
def test_wrong_reference_is_said_with_its_line(
    checkout: Path, old: str, new: str, said: str
) -> None:
    file = refer_wrongly(checkout, old, new, said)
    place = complaint(checkout).removeprefix(f"{file}:")
    assert place[0].isdigit()


def test_missing_folder_comes_with_a_hint(checkout: Path) -> None:
    shutil.rmtree(checkout / "runtime/pbx/extra")
    with pytest.raises(CatalogError) as caught:
        load_catalog(checkout)
    assert str(checkout / "runtime/pbx/extra") in caught.value.cause
    assert "component.yaml" in caught.value.hint


def test_the_example_of_these_tests_is_right(checkout: Path) -> None:
    catalog = load_catalog(checkout)
    assert list(catalog.images) == list(yaml.safe_load(IMAGES)["images"])
    assert catalog.components["core"].settings.packages["debian"]["busybox"] == "whole"
