"""The jobs of CI: every image, on every platform, of every distribution. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from factory.plan.catalog import Catalog
from factory.plan.models import Proof


def ci_matrix(
    catalog: Catalog, images: Iterable[str], distributions: Iterable[str]
) -> dict[str, list[dict[str, str]]]:
    """Return the strategy matrix of a GitHub Actions job, with one entry for each job.

    An entry has the `image`, `distro`, `arch`, `platform` (as BuildKit names it), `runner` (label
    of a runner of that platform) and `gate` (what `build.py --gate` takes).

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
    """Return full, all suites, if both the architecture and the distribution allow it."""
    kinds = (catalog.distributions[distribution].gate, catalog.architectures[arch].gate)
    return "full" if kinds == ("full", "full") else "quick"
