"""What the unit tests of the runtime share: a console without Asterisk."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.unit.runtime.fake_console import Console, fake_consoles


@pytest.fixture
def console() -> Iterator[Console]:
    """Make consoles that answer as told."""
    with fake_consoles() as make:
        yield make
