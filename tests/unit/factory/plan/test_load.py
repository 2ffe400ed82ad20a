"""Reading the catalog: what is wrong is said with file, line and field."""

import re
import shutil
from pathlib import Path

import pytest

from factory.errors import CatalogError
from factory.plan.catalog import Catalog
from factory.plan.load import load_catalog


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
        ("title: Small", "title: [Small]", "[Small]", "images.small.title"),
        ("    title: Small\n", "", "  small:", "images.small.title"),
        (
            "components: [core]",
            "components:\n      - core\n      - {extra: 1}",
            "- {extra: 1}",
            "images.small.components.1",
        ),
        ("uncompressed: 10,", "uncompressed: 0,", ": 0,", "images.small.budget.uncompressed"),
        ("  small:\n", "  Small:\n", "  Small:", "images.Small.[key]"),
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
        ("summary: The ground", "# nothing", "packages:", "summary"),
        ("busybox: whole", "busybox: half", "busybox", "packages.debian.busybox"),
        ('LEVEL: "4"', "LEVEL: 4", "LEVEL", "environment.LEVEL"),
        ("port: 5061", "port: 70000", "port: 70000", "listeners.1.port"),
        ("- /etc/pbx", "- /etc/p b x", "- /etc/p b x", "persist.0"),
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
        pytest.param("summary: More\npersist: *there\n", 2, id="alias of nothing"),
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


@pytest.mark.parametrize("name", ["stages/images.yaml", "runtime/pbx/extra/component.yaml"])
def test_file_that_is_missing_is_named(checkout: Path, name: str) -> None:
    path = checkout / name
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


@pytest.mark.parametrize(
    ("edits", "said"),
    [
        ({"[extra]": "[extra, ghost]"}, "component 'ghost' has no folder"),
        ({"parent: small": "parent: huge"}, "'large' stands on 'huge', which is not listed before"),
        ({"parent: small": "parent: large"}, "'large' stands on 'large', which is not listed"),
        (
            {
                "root: distribution": "root: assembled",
                "root: assembled\n    components: [core]": (
                    "root: distribution\n    components: [core]"
                ),
            },
            "image 'large' is assembled but stands on 'small', which is not",
        ),
        (
            {"title: Small": "title: Small\n    optional: true"},
            "image 'large' stands on 'small', which is optional",
        ),
        ({"default: small": "default: huge"}, "default image 'huge' is not among the images"),
    ],
)
def test_reference_error_names_file_line_and_image(
    checkout: Path, edits: dict[str, str], said: str
) -> None:
    file = checkout / "stages/images.yaml"
    for old, new in edits.items():
        change(file, old, new)
    assert re.match(rf"{re.escape(str(file))}:\d+: .*{re.escape(said)}", error_of(checkout))


def test_component_folder_that_is_missing_comes_with_a_hint(checkout: Path) -> None:
    shutil.rmtree(checkout / "runtime/pbx/extra")
    with pytest.raises(CatalogError) as caught:
        load_catalog(checkout)
    assert str(checkout / "runtime/pbx/extra") in caught.value.cause
    assert "component.yaml" in caught.value.hint
