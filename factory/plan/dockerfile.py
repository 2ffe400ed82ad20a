"""Turns the catalog into the Dockerfile and the manifest of the root assembler; pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

import jinja2

from factory.plan.catalog import Catalog, Component
from factory.plan.models import Image
from factory.plan.snapshot import Snapshot, sources_line

FOLDERS = {
    "bin": "/usr/local/bin/",
    "lib": "/usr/local/lib/pbx/",
    "config": "/usr/share/asterisk/config/",
    "entrypoint.d": "/etc/entrypoint.d/",
    "exitpoint.d": "/etc/exitpoint.d/",
    "health.d": "/etc/health.d/",
    "service": "/etc/service/",
    "files": "/",
}
"""Where the folders of a component go in an image."""

PYTHON_ROOT = "/usr/lib/python3/dist-packages/"
"""Where every Python of the distribution finds the runtime package, whatever its version."""

CORRECTIONS_PACKAGE = "asterisk-image-corrections"
"""What stages/correct.sh makes."""

MANIFEST_PATH = "build/rootfs.json"
"""Where the build context holds the manifest of the root assembler."""

PACKAGES_STAGE = "packages"
"""Debian's stage that installs the packages of assembled images."""

RELEASE_FILE = "/stages/release"
"""Where that stage keeps the dates of the package lists."""

MANIFEST_STAGE = "manifest"
"""The stage that holds nothing but that, as /rootfs.json."""


@dataclass(frozen=True)
class Copy:
    """One COPY instruction: sources relative to the checkout, one destination."""

    sources: tuple[str, ...]
    destination: str


@dataclass(frozen=True)
class Correction:
    """A module of Asterisk that is compiled anew with a patch, or a library of ours beside them."""

    patch: str
    """Path in the build context of MODULE.patch or LIBRARY.c."""
    needs: tuple[str, ...]
    """Packages that compiling it needs, beyond a compiler and Asterisk's own headers."""


@dataclass(frozen=True)
class Stage:
    """What the template needs to know of one image."""

    name: str
    image: Image
    copies: tuple[Copy, ...]
    environment: dict[str, str]
    expose: tuple[str, ...]
    packages: tuple[str, ...]
    """All packages of the image's own components, sorted."""
    wheels: tuple[str, ...]
    """What the distribution does not package of Python, as pinned requirements; own components."""
    directories: tuple[Any, ...]
    links: dict[str, str]
    imports: tuple[str, ...]
    """Python modules whose byte code is shipped."""


def render(
    catalog: Catalog,
    distribution: str,
    images: Iterable[str],
    template: str,
    *,
    mirror: str = "",
    snapshot: Snapshot | None = None,
) -> str:
    """Return the Dockerfile that builds these images and what they stand on.

    Args:
        catalog: The checked catalog.
        distribution: Its package names are used, e.g. `debian`.
        images: Names of the images wanted.
        template: Text of the Jinja2 template of that distribution's family.
        mirror: Package mirror to write into the image's sources; empty keeps the base's own.
        snapshot: What to build from instead.
    """
    wanted = {ancestor for image in images for ancestor in catalog.lineage(image)}
    stages = [_stage(catalog, distribution, name) for name in catalog.images if name in wanted]
    rules = catalog.distributions[distribution].assembly
    assembled = [stage for stage in stages if stage.image.root == "assembled"]
    environment = jinja2.Environment(
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # noqa: S701 - a Dockerfile, not a page
    )
    suite = catalog.distributions[distribution].suite
    return environment.from_string(template).render(
        suite=suite,
        build_source=_build_source(suite, mirror, snapshot),
        mirror=mirror,
        stages=stages,
        assembled=assembled,
        common_packages=_all_assembled_packages(catalog, distribution),
        corrections=_corrections(catalog, distribution),
        busybox_omit=rules.busybox_omit if rules else [],
        manifest=MANIFEST_PATH,
        release_file=RELEASE_FILE,
        version_id=catalog.distributions[distribution].version_id,
        manifest_stage=MANIFEST_STAGE,
        python_root=PYTHON_ROOT,
    )


def _corrections(catalog: Catalog, distribution: str) -> list[Correction]:
    return [
        Correction(f"runtime/pbx/{name}/{component.correction(module)}", tuple(needs))
        for name, component in sorted(catalog.components.items())
        for module, needs in component.settings.corrections.get(distribution, {}).items()
    ]


def _build_source(suite: str, mirror: str, snapshot: Snapshot | None) -> str:
    if snapshot:
        return sources_line(snapshot.url, suite, fixed=True)
    return sources_line(mirror, suite, fixed=False) if mirror else ""


def rootfs_manifest(catalog: Catalog, distribution: str) -> dict[str, Any] | None:
    """Return the manifest of stages/rootfs: how each assembled root is made; None if none is.

    It always holds all assembled images, so that their roots are assembled once, whichever
    of them a build is for.
    """
    assembly = catalog.distributions[distribution].assembly
    if assembly is None:
        return None
    rules = assembly.model_dump()
    busybox_omit = rules.pop("busybox_omit")
    names = [name for name, image in catalog.images.items() if image.root == "assembled"]
    images = [_manifest_image(catalog, distribution, name) for name in names]
    images[0] |= {"busybox_links": True, "busybox_omit": busybox_omit}
    return {**rules, "images": images}


def _manifest_image(catalog: Catalog, distribution: str, name: str) -> dict[str, Any]:
    own = [catalog.components[component] for component in catalog.images[name].components]
    packages: dict[str, Any] = {}
    for component in own:
        packages |= component.settings.packages.get(distribution, {})
    return {
        "name": name,
        "packages": packages,
        "modules": [module for c in own for module in c.settings.modules],
        "imports": sorted({module for c in own for module in c.settings.imports}),
        "generated": [path for c in own for path in c.settings.generated],
        "directories": [
            {"path": d.path, "owner": d.owner, "group": d.owner, "mode": d.mode}
            for c in own
            for d in _directories(c)
        ],
        "links": {k: v for c in own for k, v in _links(c).items()},
    }


def _stage(catalog: Catalog, distribution: str, name: str) -> Stage:
    components = catalog.components_of(name)
    own = [catalog.components[component] for component in catalog.images[name].components]
    environment: dict[str, str] = {}
    for component in components:
        environment |= component.settings.environment
    persisted = [path for c in components for path in c.settings.persist]
    environment["DOCKER_PERSIST_PATHS"] = " ".join(persisted)
    listeners = [listener for c in components for listener in c.settings.listeners]
    expose = sorted(
        {f"{item.port}/{'udp' if item.protocol == 'udp' else 'tcp'}" for item in listeners}
    )
    return Stage(
        name=name,
        image=catalog.images[name],
        copies=tuple(_copies(components)),
        environment=environment,
        expose=tuple(expose),
        packages=_package_names(own, distribution),
        wheels=tuple(sorted(w for c in own for w in c.settings.wheels.get(distribution, ()))),
        directories=tuple(d for c in components for d in _directories(c)),
        links={k: v for c in components for k, v in _links(c).items()},
        imports=tuple(sorted({name for c in components for name in c.settings.imports})),
    )


def _copies(components: Sequence[Component]) -> Iterable[Copy]:
    for folder, destination in FOLDERS.items():
        sources = tuple(
            f"runtime/pbx/{component.name}/{folder}/"
            for component in components
            if any(file.startswith(f"{folder}/") for file in component.files)
        )
        if sources:
            yield Copy(sources, destination)
    packages = {name for c in components for by in c.settings.packages.values() for name in by}
    folders = [folder for component in components for folder in _python_folders(component)]
    if "python3" not in packages:
        return  # programs in Python go where there is one
    if folders:
        yield Copy(("runtime/pbx/__init__.py",), f"{PYTHON_ROOT}pbx/")
    for folder in folders:
        yield Copy((f"runtime/pbx/{folder}/*.py",), f"{PYTHON_ROOT}pbx/{folder}/")


def _python_folders(component: Component) -> list[str]:
    """Return the folders of a component that hold Python modules, as paths below pbx/."""
    found = {
        PurePosixPath(component.name, file).parent
        for file in component.files
        if file.endswith(".py") and file.partition("/")[0] not in FOLDERS
    }
    return [str(folder) for folder in sorted(found)]


def _directories(component: Component) -> Iterable[Any]:
    return component.settings.directories


def _links(component: Component) -> dict[str, str]:
    persisted = {path: f"/srv{path}" for path in component.settings.persist}
    return persisted | component.settings.links


def _package_names(components: Iterable[Component], distribution: str) -> tuple[str, ...]:
    return tuple(
        sorted({name for c in components for name in c.settings.packages.get(distribution, {})})
    )


def _all_assembled_packages(catalog: Catalog, distribution: str) -> tuple[str, ...]:
    components = (
        catalog.components[name]
        for image in catalog.images.values()
        if image.root == "assembled"
        for name in image.components
    )
    names = _package_names(components, distribution)
    # Patterns come as dependencies, and what was compiled here from a stage of its own.
    return tuple(name for name in names if "*" not in name and name != CORRECTIONS_PACKAGE)
