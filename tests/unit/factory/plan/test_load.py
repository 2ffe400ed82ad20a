"""Reading the catalog: what is wrong is said with file, line and field."""

import shutil
from pathlib import Path

import pytest
import yaml

from factory.errors import CatalogError
from factory.plan.catalog import Catalog
from factory.plan.load import load_catalog
from tests.unit.factory.plan.conftest import IMAGES


def change(file: Path, old: str, new: str) -> str:
    before = file.read_text()
    assert before.count(old) == 1
    after = before.replace(old, new)
    file.write_text(after)
    return after


def error_of(checkout: Path) -> str:
    with pytest.raises(CatalogError) as caught:
        load_catalog(checkout)
    assert len(caught.value.cause.splitlines()) == 1
    return caught.value.cause


def test_catalog_of_the_project_loads(catalog: Catalog) -> None:
    assert catalog.default in catalog.images
    assert list(catalog.images) == ["mini", "base", "full", "xtra", "debug"]
    assert catalog.usual_images == ("mini", "base", "full", "xtra")


def test_component_folders_are_all_in_an_image(catalog: Catalog, root: Path) -> None:
    folders = {file.parent.name for file in (root / "runtime/pbx").glob("*/component.yaml")}
    assert folders == set(catalog.components)


def test_files_of_a_component_are_sorted_and_without_byte_code(checkout: Path) -> None:
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
def test_images_file_error_names_line_and_field(
    checkout: Path, old: str, new: str, at: str, field: str
) -> None:
    file = checkout / "stages/images.yaml"
    line = change(file, old, new).partition(at)[0].count("\n") + 1
    assert error_of(checkout).startswith(f"{file}:{line}: {field}: ")


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
def test_component_file_error_names_line_and_field(
    checkout: Path, old: str, new: str, at: str, field: str
) -> None:
    file = checkout / "runtime/pbx/core/component.yaml"
    line = change(file, old, new).partition(at)[0].count("\n") + 1
    assert error_of(checkout).startswith(f"{file}:{line}: {field}")


@pytest.mark.parametrize("text", ["", "# nothing yet\n", "[]\n", "just words\n"])
def test_component_file_must_be_a_mapping(checkout: Path, text: str) -> None:
    file = checkout / "runtime/pbx/extra/component.yaml"
    file.write_text(text)
    assert error_of(checkout).startswith(f"{file}:1: the file: ")


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
def test_yaml_error_names_the_line(checkout: Path, text: str, line: int) -> None:
    file = checkout / "runtime/pbx/extra/component.yaml"
    file.write_text(text)
    assert error_of(checkout).startswith(f"{file}:{line}: not YAML: ")


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(b"summary: caf\xe9\n", id="not UTF-8"),
        pytest.param(b"summary: a\x01b\n", id="control character"),
        pytest.param(b"summary: 2024-13-45\n", id="impossible date"),
    ],
)
def test_yaml_that_cannot_be_read_is_a_catalog_error(checkout: Path, text: bytes) -> None:
    file = checkout / "runtime/pbx/extra/component.yaml"
    file.write_bytes(text)
    assert error_of(checkout).startswith(f"{file}:1: ")


def test_yaml_key_given_twice_is_an_error(checkout: Path) -> None:
    file = checkout / "stages/images.yaml"
    change(file, "  large:\n", "  small:\n")
    assert error_of(checkout).startswith(f"{file}:9: ")


def test_images_file_that_is_missing(tmp_path: Path) -> None:
    path = tmp_path / "stages/images.yaml"
    assert error_of(tmp_path) == f"{path}: No such file or directory"


def test_component_file_that_is_missing(checkout: Path) -> None:
    path = checkout / "runtime/pbx/extra/component.yaml"
    path.unlink()
    assert error_of(checkout) == f"{path}: No such file or directory"


def test_correction_without_its_patch(checkout: Path) -> None:
    path = checkout / "runtime/pbx/extra/component.yaml"
    path.write_text("summary: More\ncorrections:\n  debian:\n    chan_console: []\n")
    patch = path.parent / "patches/chan_console.patch"
    assert error_of(checkout) == f"{path}:4: there is no {patch}"
    patch.parent.mkdir()
    (patch.parent / "chan_console.c").touch()
    load_catalog(checkout)


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
def test_reference_error_names_file_and_image(
    checkout: Path, old: str, new: str, said: str
) -> None:
    file = refer_wrongly(checkout, old, new, said)
    cause = error_of(checkout)
    assert cause.startswith(f"{file}:")
    assert said in cause


@pytest.mark.parametrize(("old", "new", "said"), REFERENCES)
def test_reference_error_names_the_line(checkout: Path, old: str, new: str, said: str) -> None:
    file = refer_wrongly(checkout, old, new, said)
    place = error_of(checkout).removeprefix(f"{file}:")
    assert place[0].isdigit()


def test_component_folder_that_is_missing_comes_with_a_hint(checkout: Path) -> None:
    shutil.rmtree(checkout / "runtime/pbx/extra")
    with pytest.raises(CatalogError) as caught:
        load_catalog(checkout)
    assert str(checkout / "runtime/pbx/extra") in caught.value.cause
    assert "component.yaml" in caught.value.hint


def test_example_of_these_tests_is_right(checkout: Path) -> None:
    catalog = load_catalog(checkout)
    assert list(catalog.images) == list(yaml.safe_load(IMAGES)["images"])
    assert catalog.components["core"].settings.packages["debian"]["busybox"] == "whole"
