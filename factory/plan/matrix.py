"""The jobs of CI: every image, on every kind of machine, of every distribution. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from factory.plan.catalog import Catalog
from factory.plan.models import Proof


def ci_matrix(
    catalog: Catalog, images: Iterable[str], distributions: Iterable[str]
) -> dict[str, list[dict[str, str]]]:
    """Return the strategy matrix of a GitHub Actions job, with one entry for each job.

    An entry has the `image`, `distro`, `arch`, `platform` (as BuildKit names it), `runner` (label
    of a machine of that kind) and `gate` (what `build.py --gate` takes).

    Source: docs.github.com, "Workflow syntax", jobs.<job_id>.strategy.matrix.include.
    """
    wanted = list(images)
    return {
        "include": [
            {
                "image": image,
                "distro": distribution,
                "arch": arch,
                "platform": machine.platform,
                "runner": machine.runner,
                "gate": _proof(catalog, distribution, arch),
            }
            for distribution in distributions
            for arch, machine in catalog.architectures.items()
            for image in wanted
        ]
    }


def _proof(catalog: Catalog, distribution: str, arch: str) -> Proof:
    """All suites run where the machine and the distribution both allow for it."""
    kinds = (catalog.distributions[distribution].gate, catalog.architectures[arch].gate)
    return "full" if kinds == ("full", "full") else "quick"
