"""Reads images.yaml and the component.yaml files into one checked Catalog."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from factory.errors import CatalogError
from factory.plan.catalog import Catalog, Component
from factory.plan.models import ComponentFile, ImagesFile
from factory.plan.yaml_file import line_in, read_yaml


def load_catalog(root: Path) -> Catalog:
    """Read the catalog below a checkout's root folder.

    Raises:
        CatalogError: a file is missing or wrong; names file, line, field and reason.
    """
    images_path = root / "stages" / "images.yaml"
    images_file = read_yaml(images_path, ImagesFile)
    components_root = root / "runtime" / "pbx"
    components = {}
    for image, name in dict.fromkeys(_component_names(images_file)):
        folder = components_root / name
        if not folder.is_dir():
            position = images_file.images[image].components.index(name)
            place = line_in(images_path, "images", image, "components", position)
            raise CatalogError(
                f"{place}: component '{name}' has no folder {folder}",
                "make the folder with a component.yaml, or correct the name",
            )
        settings = read_yaml(folder / "component.yaml", ComponentFile)
        components[name] = Component(name, settings, tuple(_files_below(folder)))
        _check_corrections(components[name], folder / "component.yaml")
    _check_references(images_file, images_path)
    return Catalog(
        repository=images_file.repository,
        default=images_file.default,
        images=images_file.images,
        components=components,
        architectures=images_file.architectures,
        distributions=images_file.distributions,
    )


def _component_names(images_file: ImagesFile) -> Iterator[tuple[str, str]]:
    for name, image in images_file.images.items():
        yield from ((name, component) for component in image.components)


def _files_below(folder: Path) -> list[str]:
    return sorted(
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if (path.is_symlink() or path.is_file()) and "__pycache__" not in path.parts
    )


def _check_references(file: ImagesFile, path: Path) -> None:
    seen: set[str] = set()
    for name, image in file.images.items():
        if image.parent is not None and image.parent not in seen:
            raise CatalogError(
                f"{line_in(path, 'images', name, 'parent')}: image '{name}' stands on "
                f"'{image.parent}', which is not listed before it",
                "list images from the lowest to the highest",
            )
        if (
            image.parent
            and image.root == "assembled"
            and file.images[image.parent].root != "assembled"
        ):
            raise CatalogError(
                f"{line_in(path, 'images', name, 'root')}: image '{name}' is assembled but stands "
                f"on '{image.parent}', which is not",
                "an assembled root stands on an assembled one",
            )
        if image.parent and file.images[image.parent].optional and not image.optional:
            raise CatalogError(
                f"{line_in(path, 'images', name, 'parent')}: image '{name}' stands on "
                f"'{image.parent}', which is optional",
                "make both optional, or neither",
            )
        seen.add(name)
    if file.default not in file.images:
        raise CatalogError(
            f"{line_in(path, 'default')}: default image '{file.default}' is not among the images",
            f"known: {', '.join(file.images)}",
        )


def _check_corrections(component: Component, path: Path) -> None:
    for distribution, modules in component.settings.corrections.items():
        for module in modules:
            if component.correction(module) is None:
                place = line_in(path, "corrections", distribution, module)
                raise CatalogError(
                    f"{place}: there is no {path.parent}/patches/{module}.patch",
                    "put what is to be changed in the module's source there, or a library of your "
                    f"own into {module}.c",
                )
