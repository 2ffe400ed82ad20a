"""What a bench is, and what it is given."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bench.figure import BenchResult
from factory.build.engine import Engine
from factory.console import Console
from factory.plan.catalog import Catalog

ROOT = Path(__file__).parents[1]
LABELS = {"asterisk-image-factory": "bench"}


@dataclass(frozen=True)
class BenchSetting:
    """What a bench is given.

    Attributes:
        engine: Where images are, and containers run.
        catalog: Of images and distributions.
        image: The image that is measured.
        base: That of the distribution, on which peers are built.
        quick: Whether less of everything will do.
        console: For progress.
    """

    engine: Engine
    catalog: Catalog
    image: str
    base: str
    quick: bool
    console: Console


@dataclass(frozen=True)
class Bench:
    """Something that can be measured.

    Attributes:
        name: To choose it by.
        summary: What it measures, in some words.
        peer: What that is compared with.
        run: Measures.
    """

    name: str
    summary: str
    peer: str
    run: Callable[[BenchSetting], BenchResult]
