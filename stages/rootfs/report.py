"""Tells what an image holds: one line for people, and values for other programs."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from rootfs.content import Content
from rootfs.packages import DATABASE
from rootfs.python import cache_path
from rootfs.system import System

GENERATED = "(generated)"
DPKG_DATABASE = "(dpkg database)"


def describe(
    name: str, content: Content, sizes: Mapping[str, int], system: System
) -> dict[str, Any]:
    """Return an image's report, ready for JSON; `sizes` are the bytes of each path it adds."""
    packages = [system.packages[each] for each in sorted(content.packages)]
    owners = {cache_path(path): system.owners.get(path, GENERATED) for path in content.bytecode}
    by_package: Counter[str] = Counter()
    for path, size in sizes.items():
        owner = system.owners.get(path) or owners.get(path)
        by_package[owner or (DPKG_DATABASE if path.startswith(DATABASE) else GENERATED)] += size
    return {
        "image": name,
        "bytes_added": sum(sizes.values()),
        "bytes_by_package": dict(sorted(by_package.items(), key=lambda item: (-item[1], item[0]))),
        "packages": [
            {"name": each.name, "version": each.version, "architecture": each.architecture}
            for each in packages
        ],
        "modules_kept": sorted(content.modules),
        "modules_dropped": sorted(system.modules.paths.keys() - content.modules),
    }


def summarise(report: Mapping[str, Any]) -> str:
    """Return the report in one line."""
    megabytes = report["bytes_added"] / 1e6
    return (
        f"{report['image']}: {megabytes:.1f} MB added, {len(report['packages'])} packages,"
        f" {len(report['modules_kept'])} modules"
    )
