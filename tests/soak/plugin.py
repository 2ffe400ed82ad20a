"""Options of the soak."""

from __future__ import annotations

import random

import pytest

LONGEST_MINUTES = 24 * 60


def pytest_addoption(parser: pytest.Parser) -> None:
    """Adds `--soak-minutes N` and `--soak-seed N`."""
    group = parser.getgroup("soak")
    group.addoption(
        "--soak-minutes",
        type=float,
        default=5,
        metavar="N",
        help="how long tests/soak keeps a PBX under load (default: 5; `make soak`: 60)",
    )
    group.addoption(
        "--soak-seed",
        type=int,
        default=random.SystemRandom().randrange(10**6),
        metavar="N",
        help="which random course it takes; each run prints its own",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Refuses a time that cannot be."""
    minutes = config.getoption("--soak-minutes")
    if not 1 <= minutes <= LONGEST_MINUTES:
        raise pytest.UsageError(
            f"--soak-minutes {minutes:g}: give from 1 to {LONGEST_MINUTES} minutes"
        )
