"""Which files of a package an image takes."""

from collections.abc import Collection, Mapping

from rootfs.errors import RootfsError
from rootfs.manifest import Manifest
from rootfs.packages import Package
from rootfs.patterns import Patterns, accepts, matches_any, without_match
from rootfs.python import is_for_other_python

STATE_DIRECTORIES = ("/etc/", "/var/", "/run/")  # an empty directory has a purpose only here


def expand_names(parts: Mapping[str, Patterns], installed: Collection[str]) -> dict[str, Patterns]:
    """Return the installed packages that the keys, names or globs, stand for.

    A name beats a glob, and of two globs that match the same package the later one does.
    """
    globs_first = sorted(parts, key=lambda key: key in installed)
    return {
        name: parts[key]
        for key in globs_first
        for name in sorted(installed)
        if matches_any((key,), name)
    }


def require_installed(keys: Collection[str], installed: Collection[str]) -> None:
    """Raise an error if one of the keys, names or globs, stands for no installed package."""
    if missing := without_match(sorted(keys), installed):
        raise RootfsError(
            f"package {missing[0]} is not installed", "install it in the build, or correct the name"
        )


def take_part(package: Package, patterns: Patterns, manifest: Manifest) -> set[str]:
    """Return the package's paths that the patterns match, less those excluded everywhere."""
    offered = [path for path in package.files if not _is_excluded(path, manifest)]
    offered += [
        path
        for path in package.directories
        if path.startswith(STATE_DIRECTORIES) and not _is_excluded(path, manifest)
    ]
    if idle := without_match(patterns, [*offered, *package.licence]):
        raise RootfsError(
            f"pattern {idle[0]} matches no file of package {package.name} {package.version}",
            "correct the pattern, or see whether it is excluded",
        )
    return {path for path in offered if accepts(patterns, path)}.union(package.licence)


def _is_excluded(path: str, manifest: Manifest) -> bool:
    if is_for_other_python(path):
        return True
    return matches_any(manifest.exclude, path) and not matches_any(manifest.include, path)
