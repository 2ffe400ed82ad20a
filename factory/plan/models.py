"""The schema of stages/images.yaml and component.yaml: pydantic models, frozen and strict."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Proof = Literal["quick", "full"]
Selection = Literal["whole", "with-depends"] | list[str]
AbsolutePath = Annotated[str, Field(pattern=r"^/\S*$")]
PinnedWheel = Annotated[str, Field(pattern=r"^[a-z0-9-]+==[0-9.]+( --hash=sha256:[0-9a-f]{64})+$")]


MEGABYTE = 10**6
"""Bytes; the unit of budgets and of all printed sizes."""


class StrictModel(BaseModel):
    """A part of the catalog: unknown keys are errors, values do not change."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


class Budget(StrictModel):
    """The largest size allowed, in MB (10**6 bytes); compressed means gzip -6."""

    uncompressed: float = Field(gt=0)
    compressed: float = Field(gt=0)


class Image(StrictModel):
    """One image: its parent, and what it adds."""

    title: str
    parent: str | None = None
    root: Literal["assembled", "distribution"]
    components: list[str] = Field(min_length=1)
    budget: Budget
    optional: bool = False
    """Whether it is built only if it is named; `all` leaves it out."""


class Assembly(StrictModel):
    """Rules by which assembled roots are taken from an installed distribution."""

    exclude: list[str]
    include: list[str]
    omit_dependencies: list[str]
    parts_of_libraries: dict[str, list[str]]
    busybox_omit: list[str]
    module_requires: dict[str, list[str]]


class Distribution(StrictModel):
    """Where a distribution's packages come from, and how far images of it are proven."""

    suite: str
    version_id: str = ""
    """The number of that release, for an os-release that lacks it, as that of a testing suite."""
    pull: str
    """Reference of the base image; {suite} is filled in."""
    snapshots: str = ""
    """Address of its packages at a past {moment}; empty if there are no snapshots."""
    bootstrap: bool = False
    """Whether a base can be bootstrapped with mmdebstrap, without a registry."""
    budgeted: bool = False
    """Whether the images' budgets apply to it."""
    gate: Proof = "quick"
    """What CI requires of its images before a merge: all suites (full), or the gate alone."""
    assembly: Assembly | None = None
    """None where every image is a whole distribution."""

    @property
    def base(self) -> str:
        """The reference of its base image."""
        return self.pull.format(suite=self.suite)


class Architecture(StrictModel):
    """A platform: its name in a registry, and its CI runner."""

    platform: str = Field(pattern=r"^linux/[a-z0-9]+(/v[0-9]+)?$")
    runner: str
    gate: Proof
    size: float = Field(default=1, ge=1)
    """Factor by which its images may exceed the budgets."""

    @property
    def architecture(self) -> str:
        """Its name in an image's configuration (OCI Image Specification: Go's GOARCH)."""
        return self.platform.split("/")[1]


class ImagesFile(StrictModel):
    """The contents of stages/images.yaml."""

    repository: str = Field(pattern=r"^[a-z0-9][a-z0-9./_:-]*$")
    """Of the images' tags."""
    default: str
    """The image that gets the bare tags."""
    images: dict[Annotated[str, Field(pattern=r"^[a-z][a-z0-9]*$")], Image]
    architectures: dict[str, Architecture] = Field(min_length=1)
    distributions: dict[str, Distribution] = Field(min_length=1)


class Directory(StrictModel):
    """A directory that an image holds, with owner (also the group) and mode."""

    path: AbsolutePath
    owner: str = "root"
    mode: Annotated[str, Field(pattern=r"^[0-7]{4}$")] = "0755"


class Listener(StrictModel):
    """A port that a component serves."""

    port: int = Field(gt=0, lt=65536)
    protocol: Literal["udp", "tcp", "tls"]
    sip: bool = False
    """Whether the gate registers phones there."""


class ComponentFile(StrictModel):
    """The contents of a component.yaml; docs/components.md explains each key."""

    summary: str
    """What it adds, in one line."""
    packages: dict[str, dict[str, Selection]] = {}
    """By distribution, each package and what is taken of it: whole, with-depends, or patterns of
    files, of which the last that matches decides; `!` leaves out."""
    wheels: dict[str, list[PinnedWheel]] = {}
    """By distribution, Python packages that it lacks, from PyPI."""
    modules: list[str] = []
    """Patterns of the Asterisk modules that it adds."""
    corrections: dict[str, dict[str, list[str]]] = {}
    """By distribution, modules of Asterisk that are compiled with `patches/MODULE.patch`, and the
    packages that this needs."""
    proven_modules: list[str] = []
    """Modules that the gate wants to see running."""
    imports: list[str] = []
    """Python modules whose byte code is shipped, so that services start fast."""
    generated: list[AbsolutePath] = []
    """Files of no package that are taken from the installed system."""
    environment: dict[str, str] = {}
    """Variables of the image."""
    listeners: list[Listener] = []
    """Ports that it serves."""
    rtp_ports: tuple[int, int] | None = None
    """First and last UDP port of sound; the gate allows no other."""
    persist: list[AbsolutePath] = []
    """Folders that are kept below /srv, with links to there."""
    directories: list[Directory] = []
    """Folders that the image has."""
    links: dict[AbsolutePath, str] = {}
    """Symbolic links: path and target."""
