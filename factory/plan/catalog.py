"""Reads images.yaml and the component.yaml files into one typed, validated Catalog."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from factory.errors import CatalogError, FactoryError

Proof = Literal["quick", "full"]
Selection = Literal["whole", "with-depends"] | list[str]
_Model = TypeVar("_Model", bound=BaseModel)
AbsolutePath = Annotated[str, Field(pattern=r"^/\S*$")]
PinnedWheel = Annotated[str, Field(pattern=r"^[a-z0-9-]+==[0-9.]+( --hash=sha256:[0-9a-f]{64})+$")]


class _Entry(BaseModel):
    """A part of the catalog: unknown keys are errors, values do not change."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Budget(_Entry):
    """The largest size allowed, in MB (10**6 bytes); compressed means gzip -6."""

    uncompressed: float = Field(gt=0)
    compressed: float = Field(gt=0)


class Image(_Entry):
    """One image: what it stands on and what it adds."""

    title: str
    parent: str | None = None
    root: Literal["assembled", "distribution"]
    components: list[str] = Field(min_length=1)
    budget: Budget
    optional: bool = False
    """Whether it is made only where it is named; `all` leaves it out."""


class Assembly(_Entry):
    """Rules by which assembled roots are taken from an installed distribution."""

    exclude: list[str]
    include: list[str]
    omit_dependencies: list[str]
    parts_of_libraries: dict[str, list[str]]
    busybox_omit: list[str]
    module_requires: dict[str, list[str]]


class Distribution(_Entry):
    """Where a distribution's packages come from, and how far images of it are proven."""

    suite: str
    pull: str
    """Reference of the base image; {suite} is filled in."""
    snapshots: str = ""
    """Where its packages are as they were at a {moment}; empty if nobody keeps that."""
    bootstrap: bool = False
    """Whether a base can be made without a registry, with mmdebstrap."""
    budgeted: bool = False
    """Whether the images' budgets hold for it."""
    gate: Proof = "quick"
    """What CI asks of its images before a merge; all suites (full), or the gate alone."""
    assembly: Assembly | None = None
    """None where every image is a whole distribution."""

    @property
    def base(self) -> str:
        """The reference of its base image."""
        return self.pull.format(suite=self.suite)


class Architecture(_Entry):
    """A kind of machine: its name in a registry, and the CI runner that is one."""

    platform: str = Field(pattern=r"^linux/[a-z0-9]+(/v[0-9]+)?$")
    runner: str
    gate: Proof
    size: float = Field(default=1, ge=1)
    """How many times the images' budgets its images may take."""

    @property
    def architecture(self) -> str:
        """What an image's configuration says of it (OCI Image Specification: Go's name)."""
        return self.platform.split("/")[1]


class _ImagesFile(_Entry):
    repository: str = Field(pattern=r"^[a-z0-9][a-z0-9./_:-]*$")
    default: str
    images: dict[Annotated[str, Field(pattern=r"^[a-z][a-z0-9]*$")], Image]
    architectures: dict[str, Architecture] = Field(min_length=1)
    distributions: dict[str, Distribution] = Field(min_length=1)


class Directory(_Entry):
    """A directory that an image holds, with owner (also the group) and mode."""

    path: AbsolutePath
    owner: str = "root"
    mode: Annotated[str, Field(pattern=r"^[0-7]{4}$")] = "0755"


class Listener(_Entry):
    """A port that a component serves."""

    port: int = Field(gt=0, lt=65536)
    protocol: Literal["udp", "tcp", "tls"]
    sip: bool = False


class _ComponentFile(_Entry):
    """The contents of a component.yaml; docs/components.md explains each key."""

    summary: str
    packages: dict[str, dict[str, Selection]] = {}
    wheels: dict[str, list[PinnedWheel]] = {}
    modules: list[str] = []
    corrections: dict[str, dict[str, list[str]]] = {}
    proven_modules: list[str] = []
    imports: list[str] = []
    generated: list[AbsolutePath] = []
    environment: dict[str, str] = {}
    listeners: list[Listener] = []
    rtp_ports: tuple[int, int] | None = None
    persist: list[AbsolutePath] = []
    directories: list[Directory] = []
    links: dict[AbsolutePath, str] = {}


@dataclass(frozen=True)
class Component:
    """A component: the contents of its component.yaml and the files in its folder."""

    name: str
    settings: _ComponentFile
    files: tuple[str, ...]
    """Paths below the component's folder, sorted."""

    @property
    def services(self) -> tuple[str, ...]:
        """Names of the supervised services that it brings."""
        parts = (Path(file).parts for file in self.files)
        return tuple(p[1] for p in parts if len(p) == 3 and (p[0], p[2]) == ("service", "run"))


@dataclass(frozen=True)
class Catalog:
    """All images and components, checked against each other."""

    repository: str
    default: str
    images: dict[str, Image]
    components: dict[str, Component]
    architectures: dict[str, Architecture]
    distributions: dict[str, Distribution]

    @property
    def default_distribution(self) -> str:
        """The distribution that is built where none is named: the first."""
        return next(iter(self.distributions))

    @property
    def usual_images(self) -> tuple[str, ...]:
        """The images that are meant where all are: not those that are optional."""
        return tuple(name for name, image in self.images.items() if not image.optional)

    def repository_of(self, distribution: str) -> str:
        """Returns the repository of a distribution's images.

        Only the default one has the repository itself: what nobody has asked for by name never
        takes the place of what everybody pulls.
        """
        if distribution == self.default_distribution:
            return self.repository
        return f"{self.repository}-{distribution}"

    def only_for(self, platform: str) -> Catalog:
        """Returns the same for one kind of machine alone.

        Args:
            platform: As Docker names it, e.g. `linux/arm64`.

        Raises:
            FactoryError: images are made for no such machine.
        """
        found = {name: x for name, x in self.architectures.items() if x.platform == platform}
        if not found:
            known = ", ".join(machine.platform for machine in self.architectures.values())
            raise FactoryError(f"unknown platform '{platform}'", f"known platforms: {known}")
        return replace(self, architectures=found)

    def budget_of(self, image: str, distribution: str, architecture: str) -> Budget | None:
        """Returns the largest size allowed, or None where there is none.

        Args:
            image: Its name.
            distribution: Whose packages it holds.
            architecture: What its configuration says, e.g. `arm64`.
        """
        if not self.distributions[distribution].budgeted:
            return None
        budget = self.images[image].budget
        factor = next(
            (x.size for x in self.architectures.values() if x.architecture == architecture), 1
        )
        return Budget(
            uncompressed=budget.uncompressed * factor, compressed=budget.compressed * factor
        )

    def lineage(self, image: str) -> tuple[str, ...]:
        """Returns the image and all it stands on, the lowest first."""
        names = [image]
        while (parent := self.images[names[0]].parent) is not None:
            names.insert(0, parent)
        return tuple(names)

    def components_of(self, image: str) -> tuple[Component, ...]:
        """Returns all components in an image, those of its parents first."""
        return tuple(
            self.components[name]
            for ancestor in self.lineage(image)
            for name in self.images[ancestor].components
        )


def load_catalog(root: Path) -> Catalog:
    """Reads the catalog below a checkout's root folder.

    Raises:
        CatalogError: a file is missing or wrong; says file, line, field and reason.
    """
    images_path = root / "stages" / "images.yaml"
    images_file = _read(images_path, _ImagesFile)
    components_root = root / "runtime" / "pbx"
    components = {}
    for image, name in dict.fromkeys(_component_names(images_file)):
        folder = components_root / name
        if not folder.is_dir():
            position = images_file.images[image].components.index(name)
            place = _place(images_path, "images", image, "components", position)
            raise CatalogError(
                f"{place}: component '{name}' has no folder {folder}",
                "make the folder with a component.yaml, or correct the name",
            )
        settings = _read(folder / "component.yaml", _ComponentFile)
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


def _component_names(images_file: _ImagesFile) -> Iterator[tuple[str, str]]:
    for name, image in images_file.images.items():
        yield from ((name, component) for component in image.components)


def _files_below(folder: Path) -> list[str]:
    return sorted(
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if (path.is_symlink() or path.is_file()) and "__pycache__" not in path.parts
    )


def _check_references(file: _ImagesFile, path: Path) -> None:
    seen: set[str] = set()
    for name, image in file.images.items():
        if image.parent is not None and image.parent not in seen:
            raise CatalogError(
                f"{_place(path, 'images', name, 'parent')}: image '{name}' stands on "
                f"'{image.parent}', which is not listed before it",
                "list images from the lowest to the highest",
            )
        if (
            image.parent
            and image.root == "assembled"
            and file.images[image.parent].root != "assembled"
        ):
            raise CatalogError(
                f"{_place(path, 'images', name, 'root')}: image '{name}' is assembled but stands "
                f"on '{image.parent}', which is not",
                "an assembled root stands on an assembled one",
            )
        if image.parent and file.images[image.parent].optional and not image.optional:
            raise CatalogError(
                f"{_place(path, 'images', name, 'parent')}: image '{name}' stands on "
                f"'{image.parent}', which is optional",
                "make both optional, or neither",
            )
        seen.add(name)
    if file.default not in file.images:
        raise CatalogError(
            f"{_place(path, 'default')}: default image '{file.default}' is not among the images",
            f"known: {', '.join(file.images)}",
        )


def _check_corrections(component: Component, path: Path) -> None:
    for distribution, modules in component.settings.corrections.items():
        for module in modules:
            if f"patches/{module}.patch" not in component.files:
                place = _place(path, "corrections", distribution, module)
                raise CatalogError(
                    f"{place}: there is no {path.parent}/patches/{module}.patch",
                    "put what is to be changed in the module's source there",
                )


def _place(path: Path, *location: int | str) -> str:
    """Returns file and line of a location in a YAML file that is known to be sound."""
    node = yaml.compose(path.read_text(encoding="utf-8"), Loader=yaml.SafeLoader)
    return f"{path}:{_line_of(node, location)}"


def _read(path: Path, model: type[_Model]) -> _Model:
    """Reads one YAML file into a model, with file and line in every complaint."""
    try:
        node = yaml.compose(path.read_text(encoding="utf-8"), Loader=yaml.SafeLoader)
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise CatalogError(f"{path}: {error.strerror or error}") from error
    except (ValueError, yaml.reader.ReaderError) as error:
        reason = str(error).splitlines()[0]
        raise CatalogError(f"{path}:1: not YAML in UTF-8: {reason}") from error
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise CatalogError(f"{path}:{line}: not YAML: {error.problem}") from error
    for key in _repeated_keys(node):
        line = key.start_mark.line + 1
        raise CatalogError(f"{path}:{line}: {key.value}: given twice", "keep one of them")
    try:
        return model.model_validate(data)
    except ValidationError as error:
        # A key that is not known tells more than the one that is missing for it.
        first = min(error.errors(), key=lambda found: found["type"] != "extra_forbidden")
        field = ".".join(str(part) for part in first["loc"]) or "the file"
        line = _line_of(node, first["loc"])
        raise CatalogError(f"{path}:{line}: {field}: {first['msg']}") from error


def _repeated_keys(node: yaml.Node | None) -> Iterator[yaml.Node]:
    """Gives the keys below a node that their mapping has had before."""
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            if key.value in seen:
                yield key
            seen.add(key.value)
            yield from _repeated_keys(value)
    elif isinstance(node, yaml.SequenceNode):
        for item in node.value:
            yield from _repeated_keys(item)


def _line_of(node: Any, location: tuple[int | str, ...]) -> int:
    """Returns the line of the deepest part of a pydantic location that the file has."""
    line: int = node.start_mark.line + 1 if node is not None else 1
    for part in location:
        if isinstance(node, yaml.MappingNode):
            match = next((pair for pair in node.value if pair[0].value == str(part)), None)
            if match is None:
                break
            line, node = match[0].start_mark.line + 1, match[1]
        elif isinstance(node, yaml.SequenceNode) and isinstance(part, int):
            node = node.value[part]
            line = node.start_mark.line + 1
        else:
            break
    return line
