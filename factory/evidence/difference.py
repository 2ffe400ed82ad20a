"""What changed from one image to another: packages and sizes. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from factory.evidence.measure import Evidence
from factory.plan.models import MEGABYTE


@dataclass(frozen=True)
class Difference:
    """What differs between two images.

    Attributes:
        added: Version by name of packages that only the new one has.
        removed: Version by name of packages that only the old one has.
        changed: Old and new version by name.
        sizes: Old and new bytes, by component, where they differ.
        totals: Old and new bytes by kind, uncompressed and compressed.
    """

    added: Mapping[str, str]
    removed: Mapping[str, str]
    changed: Mapping[str, tuple[str, str]]
    sizes: Mapping[str, tuple[int, int]]
    totals: Mapping[str, tuple[int, int]]


def compare(old: Evidence, new: Evidence) -> Difference:
    """Compare two images."""
    before = {name: package.version for name, package in old.packages.items()}
    after = {name: package.version for name, package in new.packages.items()}
    components = sorted({*old.size_by_component, *new.size_by_component})
    sizes = {
        name: (old.size_by_component.get(name, 0), new.size_by_component.get(name, 0))
        for name in components
    }
    return Difference(
        added={name: after[name] for name in sorted(after.keys() - before.keys())},
        removed={name: before[name] for name in sorted(before.keys() - after.keys())},
        changed={
            name: (before[name], after[name])
            for name in sorted(before.keys() & after.keys())
            if before[name] != after[name]
        },
        sizes={name: pair for name, pair in sizes.items() if pair[0] != pair[1]},
        totals={
            "uncompressed": (old.uncompressed, new.uncompressed),
            "compressed": (old.compressed, new.compressed),
        },
    )


def describe(difference: Difference) -> str:
    """Return a difference as text for people: packages first, then sizes."""
    return "\n".join(_lines(difference))


def _lines(difference: Difference) -> Iterator[str]:
    if not (difference.added or difference.removed or difference.changed):
        yield "packages: all the same"
    for name, version in difference.added.items():
        yield f"+ {name} {version}"
    for name, version in difference.removed.items():
        yield f"- {name} {version}"
    for name, (before, after) in difference.changed.items():
        yield f"~ {name} {before} -> {after}"
    yield ""
    rows = dict(difference.sizes)
    rows |= {f"all, {kind}": pair for kind, pair in difference.totals.items()}
    width = max(map(len, rows))
    yield f"{'MB':<{width}} {'old':>9} {'new':>9} {'change':>9}"
    for name, (old, new) in rows.items():
        yield (
            f"{name:<{width}} {old / MEGABYTE:>9.3f} {new / MEGABYTE:>9.3f} "
            f"{(new - old) / MEGABYTE:>+9.3f}"
        )
