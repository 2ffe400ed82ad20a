"""Attributes an image's bytes to the components of the catalog. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from fnmatch import fnmatchcase

from factory.plan.catalog import Catalog
from factory.plan.dockerfile import FOLDERS, PYTHON_ROOT

OWN = "pbx/"
"""Prefix of a component's name, for the sizes of its own files."""
DEPENDENCIES = "(dependencies)"
NO_PACKAGE = "(no package)"


def own_files(catalog: Catalog, image: str) -> dict[str, str]:
    """Return the project's own files in an image by path, each with `pbx/` and its component."""
    found = {f"{PYTHON_ROOT}pbx/__init__.py": f"{OWN}core"}
    for component in catalog.components_of(image):
        for file in component.files:
            folder, _, rest = file.partition("/")
            if rest and folder in FOLDERS:
                found[f"{FOLDERS[folder]}{rest}"] = f"{OWN}{component.name}"
            elif file.endswith(".py"):
                found[f"{PYTHON_ROOT}pbx/{component.name}/{file}"] = f"{OWN}{component.name}"
    return found


def bytes_by_component(
    catalog: Catalog, distribution: str, image: str, size_by_package: Mapping[str, int]
) -> dict[str, int]:
    """Return the bytes of each component: its own files, and the packages that it names.

    Their dependencies are counted as `(dependencies)`.
    """
    sums: Counter[str] = Counter()
    for name, size in size_by_package.items():
        sums[_component_of(catalog, distribution, image, name)] += size
    return dict(sums.most_common())


def _component_of(catalog: Catalog, distribution: str, image: str, name: str) -> str:
    if name.startswith(OWN):
        return name.removeprefix(OWN)
    if name == NO_PACKAGE:
        return NO_PACKAGE
    for component in catalog.components_of(image):
        patterns = component.settings.packages.get(distribution, {})
        if any(fnmatchcase(name, pattern) for pattern in patterns):
            return component.name
    return DEPENDENCIES
