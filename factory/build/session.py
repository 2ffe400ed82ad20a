"""The state that all steps of one run share."""

from __future__ import annotations

from dataclasses import dataclass

from factory.build.engine import Engine
from factory.console import Console
from factory.plan.catalog import Catalog
from factory.plan.recipe import Recipe


@dataclass(frozen=True)
class Session:
    """Engine, catalog, recipe and console of one run.

    Attributes:
        engine: Makes and keeps the images.
        catalog: All images and components.
        recipe: Images, distribution, version, repository.
        console: Gets progress and results.
    """

    engine: Engine
    catalog: Catalog
    recipe: Recipe
    console: Console
