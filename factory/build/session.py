"""What the steps of one run have in common."""

from __future__ import annotations

from dataclasses import dataclass

from factory.build.engine import Engine
from factory.console import Console
from factory.plan.catalog import Catalog
from factory.plan.recipe import Recipe


@dataclass(frozen=True)
class Session:
    """What a run builds, with what, and where it reports.

    Attributes:
        engine: Where images are made and kept.
        catalog: All images and components.
        recipe: What is asked for: images, distribution, version, repository.
        console: Gets progress and results.
    """

    engine: Engine
    catalog: Catalog
    recipe: Recipe
    console: Console
