"""Compares an image with the largest size allowed. Pure."""

from __future__ import annotations

from factory.errors import BudgetError
from factory.evidence.measure import Evidence
from factory.plan.models import MEGABYTE, Budget


def check_budget(known: Evidence, budget: Budget) -> None:
    """Compare an image's size with its budget.

    Raises:
        BudgetError: it is larger; lists its ten biggest packages.
    """
    sizes = {
        "uncompressed": (known.uncompressed, budget.uncompressed),
        "compressed": (known.compressed, budget.compressed),
    }
    over = [
        f"{size / MEGABYTE:.1f} MB {kind}, {limit:g} allowed"
        for kind, (size, limit) in sizes.items()
        if size > limit * MEGABYTE
    ]
    if over:
        biggest = ", ".join(
            f"{name} {size / MEGABYTE:.1f}"
            for name, size in list(known.size_by_package.items())[:10]
        )
        raise BudgetError(
            f"{known.image} is over its budget: {'; '.join(over)}; biggest, in MB: {biggest}",
            "leave something out, or raise the budget in stages/images.yaml with a reason",
        )
