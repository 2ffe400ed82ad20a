"""What the unit tests share: a user, and a console without Asterisk."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

from tests.unit.runtime.fake_console import Console, fake_consoles

# How long an example takes says something of the machine only. `make test` tries more of them.
settings.register_profile(
    "any machine",
    max_examples=int(os.environ.get("EXAMPLES", "25")),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("any machine")


@pytest.fixture(autouse=True)
def asterisk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever runs the tests, commands are called by user asterisk."""
    monkeypatch.setattr("pbx.core.rights.is_root", lambda: False)


@pytest.fixture
def console() -> Iterator[Console]:
    """Makes consoles that answer as told."""
    with fake_consoles() as make:
        yield make
