"""What all tests share: the catalog, and an orderly end when the run is told to stop."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from factory.catalog import Catalog, load_catalog

ROOT = Path(__file__).resolve().parent.parent


def pytest_configure() -> None:
    # As with Ctrl-C, so that fixtures remove what they made.
    signal.signal(signal.SIGTERM, signal.default_int_handler)


@pytest.fixture(scope="session")
def root() -> Path:
    """The checkout."""
    return ROOT


@pytest.fixture(scope="session")
def catalog() -> Catalog:
    """The project's own catalog."""
    return load_catalog(ROOT)
